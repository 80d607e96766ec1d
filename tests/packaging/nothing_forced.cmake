# What strait must not do to whoever uses it.

# A target that does not use strait keeps the language and the warnings that the consumer chose.
file(CONFIGURE OUTPUT not_strait.cpp CONTENT [[
#if __cplusplus > 201402L
#error "strait changed the language of a target that does not use it"
#endif
int main() { int unused; }
]])
add_executable(not_strait "${CMAKE_CURRENT_BINARY_DIR}/not_strait.cpp")
set_target_properties(not_strait PROPERTIES CXX_STANDARD 14)

function(must_be_empty what value)
  if(value)
    message(FATAL_ERROR "strait forces ${what} on its consumers: ${value}")
  endif()
endfunction()

foreach(property INTERFACE_COMPILE_OPTIONS INTERFACE_COMPILE_DEFINITIONS INTERFACE_LINK_OPTIONS)
  get_target_property(value strait::strait ${property})
  list(REMOVE_ITEM value STRAIT_STATIC)  # which only strait's headers look at
  must_be_empty(${property} "${value}")
endforeach()
get_directory_property(options COMPILE_OPTIONS)
must_be_empty("compile options" "${options}")
must_be_empty("CMAKE_CXX_FLAGS" "${CMAKE_CXX_FLAGS}")
must_be_empty("CMAKE_CXX_STANDARD" "${CMAKE_CXX_STANDARD}")
must_be_empty("a build type" "${CMAKE_BUILD_TYPE}")
if(TARGET strait_catch)
  message(FATAL_ERROR "strait builds its tests within its consumers' builds")
endif()
