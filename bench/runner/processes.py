"""The servers and the load generator as child processes, each on its own CPU and with a time limit."""
import contextlib
import json
import os
import resource
import select
import subprocess

START_LIMIT = 30  # seconds; a server under valgrind needs a few
TIME_LIMIT = 120


def allow_descriptors(number):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(number, hard), hard))


def first_line(process, what, limit):
    if select.select([process.stdout], [], [], limit)[0]:
        line = process.stdout.readline()
        if line:
            return line.strip()
    raise RuntimeError(f"{what} ended early or printed nothing within {limit} s")


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Process:
    """A program that prints its endpoint. It is terminated at the end of the `with` block."""

    def __init__(self, name, cpu, command, environment=()):
        self.name = name
        self.process = subprocess.Popen(["taskset", "-c", str(cpu), *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, **dict(environment)})
        self.pid = self.process.pid

    def __enter__(self):
        try:
            self.endpoint = first_line(self.process, self.name, START_LIMIT).split()[-1]  # "listening on <endpoint>"
        except BaseException:
            stop(self.process)
            raise
        return self

    def __exit__(self, *_):
        stop(self.process)


@contextlib.contextmanager
def running_server(build, contender, options, wrapper=(), environment=()):
    """Runs a contender, and the suite's upstream server if it has one."""
    with contextlib.ExitStack() as stack:
        arguments = ["127.0.0.1:0", *contender.arguments]
        if upstream := build.upstream():
            arguments.append(stack.enter_context(Process("the upstream", options.load_cpu, [upstream])).endpoint)
        command = [*wrapper, *build.command(contender), *arguments]
        yield stack.enter_context(Process(contender.name, options.server_cpu, command, environment))


class Load:
    """The load generator for a server. It is terminated at the end of the `with` block."""

    def __init__(self, build, server, cpu, configuration, **more):
        command = ["taskset", "-c", str(cpu), build.load(), "--endpoint", server.endpoint]
        shape = {"traffic": configuration.traffic, "connections": configuration.connections, "depth": configuration.depth,
                 "size": configuration.message_size, "time_limit": TIME_LIMIT}
        for name, value in (shape | more).items():
            command += ["--" + name.replace("_", "-"), str(value)]
        self.what = f"the load on {server.name}"
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)

    def measured(self):
        """The results of a load with `seconds`, which are printed after that time."""
        return json.loads(first_line(self.process, self.what, TIME_LIMIT))

    def wait_until_ready(self):
        first_line(self.process, self.what, TIME_LIMIT)

    def send_messages(self):
        """Makes a load with `messages` that is ready send them, and returns when all have been answered."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(first_line(self.process, self.what, TIME_LIMIT))["messages"]
