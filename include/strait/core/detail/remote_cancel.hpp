// Cancels a scope of a loop from any thread.
#pragma once

#include "strait/base/export.hpp"

namespace strait {
class event_loop;
}

namespace strait::detail {

class scope;

/// Forwards a cancel request from any thread to a scope on its loop. Either side may end first.
class remote_cancel;
[[nodiscard]] STRAIT_API remote_cancel* connect_remote_cancel(event_loop& loop, scope& target);
STRAIT_API void request_remote_cancel(remote_cancel* link) noexcept;
STRAIT_API void disconnect_remote_cancel(remote_cancel* link) noexcept;

}  // namespace strait::detail
