"""The timed pass: many short rounds. Each round runs all contenders, in alternating order."""
from .processes import Load, running_server

ATTEMPTS = 3  # on a busy machine, the load generator may be descheduled for longer than a measurement takes


def seen_by_load(build, contender, configuration, options):
    with running_server(build, contender, options) as server:
        with Load(build, server, options.load_cpu, configuration, seconds=options.seconds, warm_up=options.warm_up,
                  server_pid=server.pid) as load:
            return load.measured()


def measure(build, contender, configuration, options):
    for _ in range(ATTEMPTS):
        seen = seen_by_load(build, contender, configuration, options)
        if seen["messages"]:
            break
    else:
        raise RuntimeError(f"{contender.name}, {configuration.title}: no reply arrived within {options.seconds} s; try a larger value for --seconds")
    return {"messages_per_second": seen["messages"] / seen["seconds"],
            "p50_us": seen["p50_ns"] / 1000,
            "p99_us": seen["p99_ns"] / 1000,
            "cpu_ns_per_message": seen["cpu_ns"] / seen["messages"],
            "busy": seen["cpu_ns"] / 1e9 / seen["seconds"],
            "waited": seen["waited_ns"] / 1e9 / seen["seconds"],
            "lost": seen["lost"] / (seen["messages"] + seen["lost"])}


def run(build, options, progress):
    """{configuration: {name: [a measurement per round]}}"""
    results = {configuration: {one.name: [] for one in options.contenders} for configuration in options.configurations}
    for number in range(options.rounds):
        in_turn = options.contenders if number % 2 == 0 else options.contenders[::-1]
        for configuration in options.configurations:
            progress(f"round {number + 1} of {options.rounds}, {configuration.title}")
            for contender in in_turn:
                results[configuration][contender.name].append(measure(build, contender, configuration, options))
    return results
