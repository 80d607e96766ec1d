// Which Asio the engine runs on. To be included before anything of Asio.
//
// The sources in this folder are compiled twice:
//  - Into the library `strait`, on a private copy of Asio, whose symbols are all renamed. Asio is header-only, so its
//    symbols are weak: if two versions of it are linked into one program, the linker keeps one definition of each
//    function, which then runs on the other version's objects.
//  - Into the library `strait_asio`, the bridge, on the program's Asio. The loops of a program that includes
//    strait/interop/asio.hpp run on this one.
#pragma once

#if defined(STRAIT_ON_PROGRAM_ASIO)
#define STRAIT_ASIO_ENGINE on_program_asio
#else
#define STRAIT_ASIO_ENGINE on_private_asio

#define asio strait_private_asio
// What Asio declares outside its namespace: two functions with C linkage, and namespaces.
#define asio_detail_posix_thread_function strait_private_asio_detail_posix_thread_function
#define asio_signal_handler strait_private_asio_signal_handler
#define asio_execution_bulk_execute_fn strait_private_asio_execution_bulk_execute_fn
#define asio_execution_connect_fn strait_private_asio_execution_connect_fn
#define asio_execution_execute_fn strait_private_asio_execution_execute_fn
#define asio_execution_schedule_fn strait_private_asio_execution_schedule_fn
#define asio_execution_set_done_fn strait_private_asio_execution_set_done_fn
#define asio_execution_set_error_fn strait_private_asio_execution_set_error_fn
#define asio_execution_set_value_fn strait_private_asio_execution_set_value_fn
#define asio_execution_start_fn strait_private_asio_execution_start_fn
#define asio_execution_submit_fn strait_private_asio_execution_submit_fn
#define asio_handler_alloc_helpers strait_private_asio_handler_alloc_helpers
#define asio_handler_cont_helpers strait_private_asio_handler_cont_helpers
#define asio_handler_invoke_helpers strait_private_asio_handler_invoke_helpers
#define asio_prefer_fn strait_private_asio_prefer_fn
#define asio_query_fn strait_private_asio_query_fn
#define asio_require_concept_fn strait_private_asio_require_concept_fn
#define asio_require_fn strait_private_asio_require_fn

// Otherwise Asio's headers export their symbols from a shared library.
#define ASIO_DISABLE_VISIBILITY 1
#endif
