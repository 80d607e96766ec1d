// dump_tasks: what every live task waits for.
#pragma once

#include <cstddef>
#include <string>

#include "strait/base/export.hpp"
#include "strait/core/event_loop.hpp"

namespace strait {

/// The tree of the tasks on `loop`, a line each: the function, the file and line of the await at which it stands, and
/// for how long it has stood there. Only on the loop's thread: from another, `loop.post([&loop] { … })`.
///
///     void serve_forever() at server.cpp:17, for 4.0 s
///       void echo(strait::tcp::stream) at server.cpp:8, for 0.3 s
///
/// Of more than `max_tasks` tasks, the first and the last half of that number are shown, and between them how many are
/// left out. Lines below level 32 are not indented further, but say their level; names are cut after 200 characters.
[[nodiscard]] STRAIT_API std::string dump_tasks(event_loop const& loop, std::size_t max_tasks = 10'000);

}  // namespace strait
