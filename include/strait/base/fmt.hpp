// fmt::print, fmt::formatter and format strings, by the lightest header of fmt that has them: core.h, as long as there
// is one. (Looking for base.h first would find that of another fmt 11 or 12 in /usr/include.)
#pragma once

#if __has_include(<fmt/core.h>)
#include <fmt/core.h>
#else
#include <fmt/base.h>
#endif
