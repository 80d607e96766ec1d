"""The results as Markdown tables."""
from statistics import median, quantiles

from .contenders import YARDSTICK


def table(heads, rows):
    yield "| " + " | ".join(heads) + " |"
    yield "|---" + "|---:" * (len(heads) - 1) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def ratios(of_configuration, name):
    """Of each round: the yardstick's CPU time per message over this contender's, so more is better."""
    return [base["cpu_ns_per_message"] / own["cpu_ns_per_message"]
            for base, own in zip(of_configuration[YARDSTICK], of_configuration[name])]


def ratio_cell(of_configuration, name):
    found = ratios(of_configuration, name)
    if len(found) < 2:
        return f"{found[0]:.2f}"
    low, _, high = quantiles(found, n=4, method="inclusive")
    return f"{median(found):.2f} ({low:.2f}–{high:.2f})"


def title(configuration):
    connections, depth = configuration
    return f"{connections} × {depth}"


def ratio_table(timed):
    """One row per contender, one column per configuration."""
    names = next(iter(timed.values()))
    yield "### CPU time per message, raw epoll's ÷ theirs (more is better; median and quartiles over the rounds)"
    yield ""
    yield from table(["connections × depth", *map(title, timed)],
                     [[name, *(ratio_cell(one, name) for one in timed.values())] for name in names])


def timed_cells(timed, name):
    middle = {key: median(one[key] for one in timed[name]) for key in timed[name][0]}
    return {"messages/s": f"{middle['messages_per_second']:,.0f}",
            "p50 µs": f"{middle['p50_us']:.0f}",
            "p99 µs": f"{middle['p99_us']:.0f}",
            "CPU ns/message": f"{middle['cpu_ns_per_message']:,.0f}",
            "ratio": ratio_cell(timed, name),
            "busy": f"{middle['busy']:.0%}"}


def counts_cells(counts, name):
    return {"system calls/message": f"{counts[name]['system_calls_per_message']:.3f}",
            "allocations/message": f"{counts[name]['allocations_per_message']:.3f}"}


def instructions_cells(instructions, name):
    return {"instructions/message": f"{instructions[name]:,.0f}"}


def details_table(configuration, results):
    """Everything about one configuration, one row per contender, with the columns of the passes that ran."""
    connections, depth = configuration
    yield f"### {connections} connection{'s' if connections > 1 else ''}, {depth} message{'s' if depth > 1 else ''} under way on each"
    yield ""
    rows = {}
    for of_pass, cells_of in (("timed", timed_cells), ("counts", counts_cells), ("instructions", instructions_cells)):
        of_configuration = results.get(of_pass, {}).get(configuration, {})
        for name in of_configuration:
            rows.setdefault(name, {}).update(cells_of(of_configuration, name))
    yield from table(["", *next(iter(rows.values()))], [[name, *cells.values()] for name, cells in rows.items()])


def compile_time_table(compile_time):
    base = compile_time.get("asio_awaitable")
    yield "### CPU time to compile the echo program, s (and asio_awaitable's ÷ it)"
    yield ""
    levels = list(next(iter(compile_time.values())))

    def cell(seconds, level):
        return f"{seconds[level]:.2f}" + (f" ({base[level] / seconds[level]:.1f}×)" if base else "")

    yield from table(["", *levels], [[source, *(cell(seconds, level) for level in levels)] for source, seconds in compile_time.items()])


def disturbance(timed):
    """A sentence if the servers often had to wait for their CPU."""
    waited = median(one["waited"] for of_configuration in timed.values() for rounds in of_configuration.values() for one in rounds)
    if waited > 0.03:
        yield (f"The machine was busy: the servers were kept off their CPU for {waited:.0%} of the time. "
               "Trust the counts and the ratios, not the rates.")
        yield ""


def markdown(facts, options, results):
    yield "## Echo servers"
    yield ""
    yield (f"{facts['cpu']}, {facts['cpus']} CPUs; Linux {facts['kernel']}; {facts['compiler']}, -O2; Asio {facts['asio']}. "
           f"Messages of {options.message_size} bytes, {options.rounds} interleaved rounds of {options.seconds:g} s, medians.")
    yield ""
    if timed := results.get("timed"):
        yield from disturbance(timed)
        yield from ratio_table(timed)
    for configuration in options.configurations:
        if any(one in results for one in ("timed", "counts", "instructions")):
            yield from details_table(configuration, results)
    if counts := results.get("counts"):
        yield f"System calls counted with {next(iter(next(iter(counts.values())).values()))['system_calls_counted_by']}."
        yield ""
    if compile_time := results.get("compile_time"):
        yield from compile_time_table(compile_time)
