// Which Asio this is, as a type: the version, and the settings that change the layout of what is in its headers.
//
// It is a parameter of the functions through which a program reaches the bridge's library, which defines them for the
// Asio that it was compiled with. A program that is compiled with another one does not link; it would crash otherwise:
// "undefined reference to strait::detail::use_program_asio(strait::detail::asio_build_of<102201, 13u>)".
#pragma once

#include <asio/detail/config.hpp>
#include <asio/version.hpp>

#include "strait/base/export.hpp"

namespace strait::detail {

template <int Version, unsigned Settings>
struct asio_build_of {};

// clang-format off
inline constexpr unsigned asio_settings = 0
#if defined(ASIO_HAS_THREADS)
    | 1u << 0
#endif
#if defined(ASIO_HAS_EPOLL)
    | 1u << 1
#endif
#if defined(ASIO_HAS_EVENTFD)
    | 1u << 2
#endif
#if defined(ASIO_HAS_TIMERFD)
    | 1u << 3
#endif
#if defined(ASIO_HAS_IO_URING)
    | 1u << 4
#endif
#if defined(ASIO_HAS_IO_URING_AS_DEFAULT)
    | 1u << 5
#endif
#if defined(ASIO_ENABLE_HANDLER_TRACKING)
    | 1u << 6
#endif
#if defined(ASIO_NO_TS_EXECUTORS)
    | 1u << 7
#endif
#if defined(ASIO_USE_TS_EXECUTOR_AS_DEFAULT)
    | 1u << 8
#endif
// Asio's default, which one of its own headers sets, does not count.
#if defined(ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE) && ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE != 2
    | unsigned{ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE} << 16
#endif
    ;
// clang-format on

using asio_build = asio_build_of<ASIO_VERSION, asio_settings>;

/// Makes loops that are created from here on run on the program's Asio instead of the library's own copy.
STRAIT_API void use_program_asio(asio_build) noexcept;

/// Every file that includes the bridge calls it before its own variables are initialized.
inline bool const uses_program_asio = (use_program_asio(asio_build()), true);

}  // namespace strait::detail
