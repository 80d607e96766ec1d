"""The counting pass: system calls and heap allocations for a known number of messages, in steady state."""
import mmap
import os
import re
import signal
import subprocess
import tempfile

from .processes import Load, first_line, running_server, stop

# perf counts all system calls, and these also by name.
NAMED = ("epoll_wait", "epoll_pwait", "epoll_ctl", "poll", "recvfrom", "recvmsg", "recvmmsg", "read", "readv",
         "sendto", "sendmsg", "sendmmsg", "write", "writev", "splice", "rt_sigprocmask", "timerfd_settime")
ALL = "raw_syscalls:sys_enter"
MOST_BYTES = 2 << 30


class PerfCounter:
    """Counts with tracepoints, which do not slow the server down. Needs the permission to use them."""

    how = "perf"

    def __init__(self, pid):
        control, self.control = os.pipe()
        self.acknowledged, acknowledge = os.pipe()
        events = ",".join([ALL] + [f"syscalls:sys_enter_{name}" for name in NAMED])
        self.process = subprocess.Popen(["perf", "stat", "-x", ";", "-e", events, "-p", str(pid), "--delay=-1",
                                         f"--control=fd:{control},{acknowledge}"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        pass_fds=(control, acknowledge), env={**os.environ, "LC_ALL": "C"})
        os.close(control)
        os.close(acknowledge)

    def start(self):
        self.tell("enable")

    def tell(self, command):
        os.write(self.control, f"{command}\n".encode())
        if not os.read(self.acknowledged, 64):
            raise RuntimeError("perf stat ended early")

    def calls(self):
        self.tell("disable")
        self.process.send_signal(signal.SIGINT)
        _, report = self.process.communicate(timeout=10)
        counted = {}
        for line in report.splitlines():
            fields = line.split(";")
            if len(fields) > 2 and fields[0].isdigit():
                counted[fields[2].rpartition("sys_enter_")[2]] = int(fields[0])
        return {"all": counted.pop(ALL), **{name: number for name, number in counted.items() if number}}

    def close(self):
        stop(self.process)
        os.close(self.control)
        os.close(self.acknowledged)

    @staticmethod
    def is_permitted():
        try:
            return subprocess.run(["perf", "stat", "-e", ALL, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  timeout=10).returncode == 0
        except OSError:
            return False


class StraceCounter:
    """Counts with ptrace, which slows the server down. If the server works in batches, they become larger than normal."""

    how = "strace"

    def __init__(self, pid):
        self.report = tempfile.NamedTemporaryFile("r", prefix="strait-bench-")
        self.process = subprocess.Popen(["strace", "-c", "-f", "-p", str(pid), "-o", self.report.name], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "LC_ALL": "C"})

    def start(self):
        first_line(self.process, "strace", 10)  # "Process 123 attached"

    def calls(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        counted = {}
        for line in self.report.read().splitlines():  # % time, seconds, usecs/call, calls, [errors], name
            if row := re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line):
                counted[row.group(2)] = int(row.group(1))
        counted.pop("total")
        return {"all": sum(counted.values()), **counted}

    def close(self):
        stop(self.process)
        self.report.close()


def number_of_messages(configuration):
    wanted = (20_000 if configuration.connections == 1 else 100_000) * (1 if configuration.depth == 1 else 4)
    return max(min(wanted, MOST_BYTES // configuration.message_size), 4 * configuration.connections)


def count(build, contender, configuration, options, system_call_counter):
    messages = number_of_messages(configuration)
    with tempfile.NamedTemporaryFile("r+b", prefix="strait-bench-") as file:
        file.truncate(8)
        preload = {"LD_PRELOAD": build.allocation_counter(), "STRAIT_ALLOCATION_COUNTER": file.name,
                   "PYTHONMALLOC": "malloc"}  # Python's own pools would hide its allocations
        with mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ) as shared, \
                running_server(build, contender, options, environment=preload) as server, \
                Load(build, server, options.load_cpu, configuration, messages=messages, warm_up=messages // 4) as load:
            load.wait_until_ready()
            system_calls = system_call_counter(server.pid)
            try:
                system_calls.start()
                allocations = -int.from_bytes(shared[:8], "little")
                load.send_messages()
                allocations += int.from_bytes(shared[:8], "little")
                calls = system_calls.calls()
            finally:
                system_calls.close()
    return {"system_calls_per_message": calls["all"] / messages,
            "system_calls_by_name": {name: number / messages for name, number in calls.items() if name != "all"},
            "system_calls_counted_by": system_call_counter.how,
            "allocations_per_message": allocations / messages}


def run(build, options, progress):
    """{configuration: {name: counts}}"""
    counter = PerfCounter if PerfCounter.is_permitted() else StraceCounter
    results = {}
    for configuration in options.configurations:
        progress(f"counting system calls and allocations, {configuration.title}")
        results[configuration] = {one.name: count(build, one, configuration, options, counter) for one in options.contenders}
    return results
