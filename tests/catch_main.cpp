// main() for Catch2 v2; v3 has a library with main().
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
