// Durations and clocks, without the calendars and time zones that make <chrono> the slowest header of all.
#pragma once

// libstdc++ keeps this half in a header of its own, which its other headers include. It saves a quarter of a second
// with every compilation of a user's file. (GCC 12: bits/chrono.h; where there is none, <chrono> it is.)
#if __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif
