// Durations and clocks, without the calendars and time zones that make <chrono> the slowest header of all.
//
// What durations mean in this library, whatever they are counted in: a time that is to pass is over at once if it is
// zero or negative, and never if it is infinite or too long for the clock. A NaN, which only durations of a
// floating-point type can be, is refused with `std::invalid_argument`. (Options are in whole nanoseconds, milliseconds
// or seconds; each says what zero means.)
#pragma once

// libstdc++ keeps this half in a header of its own, which its other headers include. It saves a quarter of a second
// with every compilation of a user's file. (GCC 12: bits/chrono.h; where there is none, <chrono> it is.)
#if __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif
