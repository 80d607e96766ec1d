// Catch2 v2 leaves main() to us; v3 brings its own.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
