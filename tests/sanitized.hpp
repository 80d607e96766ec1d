// Whether a sanitizer is at work: it slows the program down several times, and counts memory in its own way.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRAIT_TESTS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STRAIT_TESTS_SANITIZED 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define STRAIT_TESTS_THREAD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define STRAIT_TESTS_THREAD_SANITIZED 1
#endif
#endif

namespace strait::test {

#if defined(STRAIT_TESTS_SANITIZED)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

/// How often to do what a plain build does `count` times.
constexpr int scaled(int count) { return is_sanitized ? (count + 9) / 10 : count; }

}  // namespace strait::test
