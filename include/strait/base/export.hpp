// STRAIT_API: marks what programs use of the library's own code, so that a shared library exports it and nothing else.
//
// Exceptions are marked even if all of their code is in headers: only then is `catch (canceled const&)` in a program
// that is compiled with -fvisibility=hidden for the same type that the shared library throws.
// The build defines STRAIT_STATIC for a static library and everything that links to it: a shared library of the
// program's that contains a static strait does not export it. Without the definition a static strait works as well.
#pragma once

#if defined(STRAIT_STATIC)
#define STRAIT_API
#elif defined(_WIN32) && defined(strait_EXPORTS)
#define STRAIT_API __declspec(dllexport)
#elif defined(_WIN32)
#define STRAIT_API __declspec(dllimport)
#else
#define STRAIT_API __attribute__((visibility("default")))
#endif
