# The warnings and sanitizers of strait's own targets. No consumer's target gets them.

add_library(strait_warnings INTERFACE)
if(NOT PROJECT_IS_TOP_LEVEL AND NOT STRAIT_WERROR)
  # Another project may have set -Wmost-anything and -Werror for all that is below it.
  target_compile_options(strait_warnings INTERFACE $<IF:$<BOOL:${MSVC}>,/w,-w>)
elseif(MSVC)
  target_compile_options(strait_warnings INTERFACE /W4 $<$<BOOL:${STRAIT_WERROR}>:/WX>)
else()
  target_compile_options(strait_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${STRAIT_WERROR}>:-Werror>)
  if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ takes an included source for a header, and warns of the lambdas in its coroutines.
    target_compile_options(strait_warnings INTERFACE -Wno-subobject-linkage)
  endif()
endif()

# Reaches everything that links strait in this build: a sanitizer must see both sides of a call.
add_library(strait_sanitizers INTERFACE)
if(STRAIT_SANITIZE)
  set(sanitize -fsanitize=${STRAIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(strait_sanitizers INTERFACE ${sanitize})
  target_link_options(strait_sanitizers INTERFACE ${sanitize})
  unset(sanitize)
endif()

# The fuzzers see which branches their inputs take in what is compiled so.
if(STRAIT_FUZZ)
  target_compile_options(strait_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()
