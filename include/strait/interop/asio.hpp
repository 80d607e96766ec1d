// The bridge to Asio: run Asio's objects on strait's event loop, await Asio's operations in tasks, and start tasks from
// code that is written for Asio.
//
//     asio::serial_port port(co_await asio_executor(), "/dev/ttyUSB0");
//     auto n = co_await timeout(5s, port.async_read_some(asio::buffer(bytes), use_task));
//
// Of strait's headers, only those in this folder include Asio. Link to the CMake target `strait::asio` instead of
// `strait::strait`. The program must be compiled with the version of Asio that `strait::asio` was built with, otherwise
// it does not link. docs/interop.md has examples.
#pragma once

#include "strait/interop/asio_executor.hpp"
#include "strait/interop/asio_socket.hpp"
#include "strait/interop/asio_stream.hpp"
#include "strait/interop/async_run.hpp"
#include "strait/interop/use_task.hpp"
