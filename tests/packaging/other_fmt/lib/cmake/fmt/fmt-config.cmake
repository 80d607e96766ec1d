add_library(fmt::fmt INTERFACE IMPORTED)
target_include_directories(fmt::fmt INTERFACE "${CMAKE_CURRENT_LIST_DIR}/../../../include")
