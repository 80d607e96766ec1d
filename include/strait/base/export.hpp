// STRAIT_API: marks the functions and classes that a shared library exports.
//
// Exception types are marked even if all of their code is in headers, so that `catch (canceled const&)` in a program
// that is compiled with -fvisibility=hidden refers to the same type that the shared library throws.
//
// The build defines STRAIT_STATIC for a static library and everything that links to it, so that a shared library of the
// user's that contains a static strait does not export it. A static strait also works without the definition.
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
