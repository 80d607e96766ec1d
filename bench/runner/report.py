"""Prints the results as Markdown tables."""
from statistics import mean, median, quantiles

from .suites import size_text

TOO_MANY_LOST = 0.01


def table(heads, rows):
    yield "| " + " | ".join(heads) + " |"
    yield "|---" + "|---:" * (len(heads) - 1) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def ratios(suite, of_configuration, name):
    """For each round, the baseline's CPU time per message divided by this contender's, so higher is better."""
    return [base["cpu_ns_per_message"] / own["cpu_ns_per_message"]
            for base, own in zip(of_configuration[suite.baseline], of_configuration[name])]


def ratio_cell(suite, of_configuration, name):
    found = ratios(suite, of_configuration, name)
    if len(found) < 2:
        return f"{found[0]:.2f}"
    low, _, high = quantiles(found, n=4, method="inclusive")
    return f"{median(found):.2f} ({low:.2f}–{high:.2f})"


def ratio_table(suite, timed):
    """One row per contender, one column per configuration."""
    names = next(iter(timed.values()))
    yield f"### CPU time per {suite.message}: {suite.baseline} ÷ contender (higher is better; median and quartiles over the rounds)"
    yield ""
    yield from table([f"{suite.connection}s × depth", *(one.title for one in timed)],
                     [[name, *(ratio_cell(suite, one, name) for one in timed.values())] for name in names])


def lost_share(timed, name):
    """The mean, so that a single bad round shows."""
    return mean(one["lost"] for one in timed[name])


def timed_cells(suite, timed, name):
    middle = {key: median(one[key] for one in timed[name]) for key in timed[name][0]}
    cells = {f"{suite.message}s/s": f"{middle['messages_per_second']:,.0f}",
             "p50 µs": f"{middle['p50_us']:.0f}",
             "p99 µs": f"{middle['p99_us']:.0f}",
             f"CPU ns/{suite.message}": f"{middle['cpu_ns_per_message']:,.0f}",
             "ratio": ratio_cell(suite, timed, name),
             "busy": f"{middle['busy']:.0%}"}
    if suite.may_lose:
        share = lost_share(timed, name)
        cells["lost"] = f"{share:.3%}" if share else "0"
    return cells


def counts_cells(suite, counts, name):
    return {f"system calls/{suite.message}": f"{counts[name]['system_calls_per_message']:.3f}",
            f"allocations/{suite.message}": f"{counts[name]['allocations_per_message']:.3f}"}


def instructions_cells(suite, instructions, name):
    return {f"instructions/{suite.message}": f"{instructions[name]:,.0f}"}


def plural(number, word):
    return f"{number} {word}{'s' if number > 1 else ''}"


def heading(suite, configuration):
    connections = plural(configuration.connections, suite.connection)
    messages = plural(configuration.depth, suite.message)
    if configuration.is_burst:
        return f"{connections}, bursts of {messages} of {configuration.message_size} bytes"
    if configuration.shows_size:
        messages += f" of {size_text(configuration.message_size)}"
    return f"{connections}, {messages} in flight on each"


def details_table(suite, configuration, results):
    """All results for one configuration: one row per contender, with the columns of the passes that ran."""
    yield f"### {heading(suite, configuration)}"
    yield ""
    rows = {}
    for of_pass, cells_of in (("timed", timed_cells), ("counts", counts_cells), ("instructions", instructions_cells)):
        of_configuration = results.get(of_pass, {}).get(configuration, {})
        for name in of_configuration:
            rows.setdefault(name, {}).update(cells_of(suite, of_configuration, name))
    yield from table(["", *next(iter(rows.values()))], [[name, *cells.values()] for name, cells in rows.items()])


def compile_time_table(compile_time):
    against = next((source for source in reversed(compile_time) if source.startswith("asio")), None)
    base = compile_time.get(against)
    yield "### CPU time to compile each program, s" + (f" (in brackets: {against.rpartition('.')[0]} ÷ program)" if base else "")
    yield ""
    levels = list(next(iter(compile_time.values())))

    def cell(seconds, level):
        return f"{seconds[level]:.2f}" + (f" ({base[level] / seconds[level]:.1f}×)" if base else "")

    yield from table(["", *levels], [[source.rpartition(".")[0], *(cell(seconds, level) for level in levels)] for source, seconds in compile_time.items()])


def disturbance(timed):
    """A warning if the servers often had to wait for their CPU."""
    waited = median(one["waited"] for of_configuration in timed.values() for rounds in of_configuration.values() for one in rounds)
    if waited > 0.03:
        yield (f"The machine was busy: the servers waited for their CPU for {waited:.0%} of the time. "
               "The counts and the ratios are reliable, the rates are not.")
        yield ""


def losses(suite, timed):
    """A warning if the losses were high enough to affect the rates."""
    found = [f"{name} at {configuration.title} ({lost_share(rounds_of, name):.1%})" for configuration, rounds_of in timed.items()
             for name in rounds_of if lost_share(rounds_of, name) > TOO_MANY_LOST]
    if found:
        yield f"More than {TOO_MANY_LOST:.0%} of the {suite.message}s were lost and sent again: {', '.join(found)}."
        yield ""


def markdown(facts, options, results):
    suite = options.suite
    sizes = ", ".join(size_text(size) for size in options.message_sizes) + (" unless another size is given" if options.mixes else "")
    yield f"## {suite.title}"
    yield ""
    yield (f"{facts['cpu']}, {facts['cpus']} CPUs; Linux {facts['kernel']}; {facts['compiler']}, -O2; Asio {facts['asio']}. "
           f"{suite.message.capitalize()}s of {sizes}, {options.rounds} interleaved rounds of {options.seconds:g} s, medians.")
    yield ""
    if timed := results.get("timed"):
        yield from disturbance(timed)
        yield from losses(suite, timed)
        yield from ratio_table(suite, timed)
    for configuration in options.configurations:
        if any(one in results for one in ("timed", "counts", "instructions")):
            yield from details_table(suite, configuration, results)
    if counts := results.get("counts"):
        yield f"System calls counted with {next(iter(next(iter(counts.values())).values()))['system_calls_counted_by']}."
        yield ""
    if compile_time := results.get("compile_time"):
        yield from compile_time_table(compile_time)
