# Sets strait_compiler_problem to one sentence if the compiler cannot compile strait, and to nothing otherwise.
set(strait_compiler_problem "")
set(strait_oldest_GNU 12)
set(strait_oldest_Clang 15)
if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS "${strait_oldest_${CMAKE_CXX_COMPILER_ID}}")
  string(CONCAT strait_compiler_problem
    "strait needs g++ ${strait_oldest_GNU} or newer, or clang ${strait_oldest_Clang} or newer. ${CMAKE_CXX_COMPILER} is "
    "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}: set CMAKE_CXX_COMPILER to another one, in a new build folder.")
endif()
