// Whether a sanitizer is active. It makes the program several times slower and has its own memory accounting.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRAIT_TESTS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STRAIT_TESTS_SANITIZED 1
#endif
#endif

namespace strait::test {

#if defined(STRAIT_TESTS_SANITIZED)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

/// The number of repetitions for a test that does `count` of them in a plain build.
constexpr int scaled(int count) { return is_sanitized ? (count + 9) / 10 : count; }

}  // namespace strait::test
