"""What is measured."""

import contextlib
import dataclasses
import statistics
import sys
import time

import machine
from load import Load
from servers import AllocationCounter, RunningServer
from tables import figure, table, times


@dataclasses.dataclass(frozen=True)
class Case:
    """A kind of load: so many connections, so many streams on each, so many bytes in each message."""

    kind: str
    connections: int
    streams: int
    # Of the message; gRPC's prefix comes on top.
    bytes: int = 32
    # How many messages are under way on a stream: of echoes.
    window: int = 1

    @property
    def name(self):
        shape = f"{self.connections} x {self.streams}"
        size = f"{self.bytes // 1024} KiB" if self.bytes >= 1024 else f"{self.bytes} B"
        return f"{shape}, {size}" + (f", window {self.window}" if self.kind == "echo" else "")

    @property
    def phase(self):
        """The phase of the load that is measured, but for its duration."""
        phase = {"bytes": payload(self.bytes), "streams": self.streams}
        if self.kind == "echo":
            phase["window"] = self.window
        if self.kind in ("download", "upload"):
            # Streams end now and then, so that a measurement does: each after some 1 MiB, or 1000 messages.
            phase["batch"] = max(1, min(1000, 2**20 // max(1, self.bytes)))
        return phase


def payload(size):
    """How many bytes of payload make a message of a size: Protocol Buffers puts a tag and a length in front."""
    if size == 0:
        return 0
    length_bytes = 1 if size < 2 + 128 else 2 if size < 3 + 2**14 else 3
    return size - 1 - length_bytes


@dataclasses.dataclass
class Bench:
    """What all sections need."""

    options: object
    cores: machine.Cores
    built: object
    certificate: tuple
    work: object
    results: dict
    baseline: dict

    @property
    def security(self):
        return "TLS" if self.certificate else "plaintext"

    def start(self, stack, server, counter=None):
        return stack.enter_context(RunningServer(server, self.cores.server, self.certificate, counter))

    def load(self, stack, server, connections):
        return stack.enter_context(
            Load(self.built.ours, server.port, connections, self.cores.load, bool(self.certificate))
        )

    def keep(self, section, case, medians):
        """Keeps a case's medians, by server."""
        self.results.setdefault(f"{section}, {self.security}", {})[case] = medians

    def row(self, section, case, medians):
        """A row: ours first, then peers with how many times ours that is."""
        self.keep(section, case, medians)
        names = list(medians)
        ours = medians[names[0]]
        cells = [figure(ours) if name == names[0] else figure(medians[name]) + times(medians[name], ours) for name in names]
        if self.baseline is not None:
            before = self.baseline.get(f"{section}, {self.security}", {}).get(case, {}).get(names[0])
            cells.append(f"{figure(before)} ({round(100 * (ours / before - 1)):+d} %)" if before else "-")
        return [case, *cells]

    def table(self, title, servers, rows):
        earlier = ["ngrpc before"] if self.baseline is not None else []
        table(title, [server.name for server in servers] + earlier, rows)

    def chosen(self, cases):
        return [case for case in cases if self.options.cases in case.name]


# MARK: CPU time


def unary(bench):
    shapes = [(10, 100), (200, 1), (1, 1), (1, 100), (1, 1000)]
    cases = [Case("unary", *shape) for shape in shapes]
    cases += [Case("unary", 10, 10, size) for size in (0, 1024, 16 * 1024, 64 * 1024)]
    measure(bench, "unary", "call", cases, [bench.built.ngrpc, bench.built.ngrpc_suspending, *bench.built.peers])


def echo(bench):
    shapes = [(1, 100), (10, 10), (100, 1)]
    cases = [Case("echo", *shape, window=window) for window in (1, 8) for shape in shapes]
    cases += [Case("echo", 1, 1), Case("echo", 1, 1000), Case("echo", 1000, 1)]
    cases += [Case("echo", 10, 10, size) for size in (0, 1024, 16 * 1024, 64 * 1024)]
    measure(bench, "echo", "message", cases, [bench.built.ngrpc, bench.built.ngrpc_below_async, *bench.built.peers])


def download(bench):
    measure(bench, "download", "message", streaming("download"), [bench.built.ngrpc, *bench.built.peers])


def upload(bench):
    measure(bench, "upload", "message", streaming("upload"), [bench.built.ngrpc, *bench.built.peers])


def streaming(kind):
    shapes = [(1, 1), (10, 10), (1, 1000)]
    return [Case(kind, *shape) for shape in shapes] + [
        Case(kind, 10, 10, size) for size in (0, 1024, 16 * 1024, 64 * 1024)
    ]


def measure(bench, section, unit, cases, servers):
    """Has the servers take turns in each case, and prints the medians of their CPU time."""
    cases = bench.chosen(cases)
    if not cases:
        return
    costs, details = [], []
    with contextlib.ExitStack() as stack:
        running = [bench.start(stack, server) for server in servers]
        for case in cases:
            progress(f"{section} {case.name}")
            rounds = measure_case(bench, case, running)
            medians = {name: statistics.median(cost for cost, _ in measured) for name, measured in rounds.items()}
            costs.append(bench.row(section, case.name, medians))
            details.append([case.name, *(describe([d for _, d in measured]) for measured in rounds.values())])
    progress("")
    rounds = bench.options.rounds
    title = f"{section}, {bench.security}: microseconds of the server's CPU time for each {unit}, medians of {rounds}"
    bench.table(title, servers, costs)
    table(
        f"{section}, {bench.security}: thousands of {unit}s each second; median and 99th percentile of the time to an answer, ms; "
        "how busy the server was and the load, %",
        [server.name for server in servers],
        details,
    )


def measure_case(bench, case, running):
    """Returns, by server, for each round microseconds of CPU time, and what the load said."""
    with contextlib.ExitStack() as stack:
        loads = []
        for server in running:
            load = bench.load(stack, server, case.connections)
            load.run("connect")
            if case.kind == "echo":
                load.run("open", streams=case.streams)
            load.run(case.kind, **case.phase, seconds=min(0.2, bench.options.seconds))
            loads.append(load)
        rounds = {server.server.name: [] for server in running}
        for _ in range(bench.options.rounds):
            for server, load in zip(running, loads):
                before = machine.cpu_seconds(server.pid)
                outcome = load.run(case.kind, **case.phase, seconds=bench.options.seconds)
                used = machine.cpu_seconds(server.pid) - before
                outcome["serverCPU"] = used
                rounds[server.server.name].append((used * 1e6 / outcome["units"], outcome))
        return rounds


def describe(outcomes):
    def median(value):
        values = [value(outcome) for outcome in outcomes]
        return None if None in values else statistics.median(values)

    rate = figure(median(lambda o: o["units"] / o["seconds"] / 1000))
    server = median(lambda o: 100 * o["serverCPU"] / o["seconds"])
    load = median(lambda o: 100 * o["loadCPU"] / o["seconds"])
    latency = median(lambda o: o.get("median"))
    if latency is not None:
        p99 = median(lambda o: o.get("p99"))
        rate += f"; {figure(latency / 1000)}, {figure(p99 / 1000)}"
    return f"{rate}; {server:.0f}, {load:.0f}"


# MARK: Memory


def memory(bench):
    """Resident memory for each connection, after each of three steps."""
    count = bench.options.connections
    servers = [bench.built.ngrpc, bench.built.ngrpc_below_async, *bench.built.peers]
    steps = [
        ("one open stream, idle", "open", {}),
        ("then 1,000 unary calls on each", "unary", {"each": 1000, "bytes": payload(32)}),
        ("then an echo of 16 KiB on each", "echo", {"bytes": payload(16 * 1024)}),
    ]
    medians = {name: {} for name, _, _ in steps}
    for server in servers:
        with contextlib.ExitStack() as stack:
            running = bench.start(stack, server)
            # What the first connections cost is the server's, not theirs.
            with Load(bench.built.ours, running.port, 10, bench.cores.load, bool(bench.certificate)) as warm_up:
                for _, kind, phase in steps:
                    warm_up.run(kind, **phase)
            before = settled(running.pid)
            load = bench.load(stack, running, count)
            for name, kind, phase in steps:
                progress(f"memory {server.name}, {name}")
                load.run(kind, **phase)
                medians[name][server.name] = (settled(running.pid) - before) / count / 1024
    progress("")
    rows = [bench.row("memory", name, values) for name, values in medians.items()]
    bench.table(f"memory, {bench.security}: KiB resident for each of {count:,} connections", servers, rows)


def settled(pid):
    """Resident bytes when they have stopped to change."""
    last = machine.resident_bytes(pid)
    for _ in range(20):
        time.sleep(0.2)
        now = machine.resident_bytes(pid)
        if abs(now - last) < 2**16:
            return now
        last = now
    return last


# MARK: Allocations


def allocations(bench):
    """Calls of malloc, calloc, realloc and the aligned ones, once everything is warm."""
    steps = [
        ("unary, 32 B", "unary", {"streams": 100}),
        ("unary, 1 KiB", "unary", {"streams": 100, "bytes": payload(1024)}),
        ("echo, 32 B", "echo", {}),
        ("echo, 32 B, window 8", "echo", {"window": 8}),
        ("download, 32 B", "download", {}),
        ("upload, 32 B", "upload", {}),
    ]
    blocks, sizes = ({name: {} for name, _, _ in steps} for _ in range(2))
    servers = [s for s in (bench.built.ngrpc, bench.built.ngrpc_below_async, *bench.built.peers) if s.uses_malloc]
    for server in servers:
        with contextlib.ExitStack() as stack:
            counter = AllocationCounter(bench.built.counting_library, bench.work)
            load = bench.load(stack, bench.start(stack, server, counter), 1)
            load.run("open", streams=100)
            for name, kind, phase in steps:
                load.run(kind, **phase, each=20)
                before = counter.read()
                units = load.run(kind, **phase, each=200)["units"]
                after = counter.read()
                blocks[name][server.name] = (after[0] - before[0]) / units
                sizes[name][server.name] = (after[1] - before[1]) / units
    title = f"allocations, {bench.security}: blocks for each call or message"
    bench.table(title, servers, [bench.row("allocated blocks", name, values) for name, values in blocks.items()])
    title = f"allocations, {bench.security}: bytes for each call or message"
    bench.table(title, servers, [bench.row("allocated bytes", name, values) for name, values in sizes.items()])


def progress(text):
    """Says what is going on: this takes a while."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)
