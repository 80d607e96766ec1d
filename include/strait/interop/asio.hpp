// The bridge to Asio: its objects on the loop of tasks, its operations awaited in tasks, and tasks begun from its code.
//
//     asio::serial_port port(co_await asio_executor(), "/dev/ttyUSB0");
//     auto n = co_await timeout(5s, port.async_read_some(asio::buffer(bytes), use_task));
//
// These headers, and no others of strait, include Asio. Link to the CMake target `strait::asio`, which brings the Asio
// that strait was built with; a program that is compiled with another one does not link. docs/interop.md has examples.
#pragma once

#include "strait/interop/asio_executor.hpp"
#include "strait/interop/asio_socket.hpp"
#include "strait/interop/asio_stream.hpp"
#include "strait/interop/async_run.hpp"
#include "strait/interop/use_task.hpp"
