# What strait asks of its own targets, and never of a consumer's: warnings and sanitizers.

add_library(strait_warnings INTERFACE)
if(MSVC)
  target_compile_options(strait_warnings INTERFACE /W4 $<$<BOOL:${STRAIT_WERROR}>:/WX>)
else()
  target_compile_options(strait_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${STRAIT_WERROR}>:-Werror>)
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
