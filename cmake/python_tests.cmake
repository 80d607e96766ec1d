# Tests written in Python.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# strait_add_python_tests(<prefix> <file> LABEL <label> TIMEOUT <seconds> [RESOURCE_LOCK <name>] [ENVIRONMENT <NAME=value>...]):
# one CTest case per test method of the Python file, "<prefix>/<the method's name as a sentence>", where
# samples/testing can be imported and STRAIT_SANITIZE says what sanitizers there are.
function(strait_add_python_tests prefix file)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "LABEL;TIMEOUT;RESOURCE_LOCK" "ENVIRONMENT")
  set(lock)
  if(arg_RESOURCE_LOCK)
    set(lock RESOURCE_LOCK "${arg_RESOURCE_LOCK}")
  endif()

  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  set(class)
  file(STRINGS "${file}" lines REGEX "^class |^    def test_")
  foreach(line IN LISTS lines)
    if(line MATCHES "^class ([A-Za-z0-9_]+)")
      set(class ${CMAKE_MATCH_1})
      continue()
    endif()
    string(REGEX MATCH "test_[A-Za-z0-9_]+" method "${line}")
    string(REGEX REPLACE "^test_" "" sentence "${method}")
    string(REPLACE "_" " " sentence "${sentence}")
    string(REGEX REPLACE "^(fault [0-9]+) " "\\1: " sentence "${sentence}")
    set(name "${prefix}/${sentence}")
    add_test(NAME "${name}" COMMAND Python3::Interpreter "${CMAKE_CURRENT_SOURCE_DIR}/${file}" "${class}.${method}")
    set_tests_properties("${name}" PROPERTIES
      ENVIRONMENT "PYTHONPATH=${PROJECT_SOURCE_DIR}/samples/testing;PYTHONDONTWRITEBYTECODE=1;STRAIT_SANITIZE=${STRAIT_SANITIZE};${arg_ENVIRONMENT}"
      SKIP_REGULAR_EXPRESSION "OK [(]skipped="
      LABELS "${arg_LABEL}"
      TIMEOUT ${arg_TIMEOUT}
      ${lock})
  endforeach()
endfunction()
