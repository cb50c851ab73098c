"""The servers that are measured: how they are built and started."""

import dataclasses
import os
import pathlib
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import time

START_TIMEOUT = 10


@dataclasses.dataclass(frozen=True)
class Server:
    """A program that serves ngrpc.bench.v1.Bench."""

    name: str
    command: tuple
    # Ours takes its port and files by options, the others one after another.
    is_ours: bool = False
    # Whether it allocates with malloc, which can be counted.
    uses_malloc: bool = True

    def arguments(self, port, certificate):
        if not self.is_ours:
            return [*self.command, str(port), *(certificate or ())]
        tls = ["--tls-certificate", certificate[0], "--tls-key", certificate[1]] if certificate else []
        return [*self.command, "--port", str(port), *tls]


class RunningServer:
    """A server's process, which ends with the `with` block."""

    def __init__(self, server, core, certificate, counter=None):
        self.server = server
        self.port = free_port()
        environment = dict(os.environ, GOMAXPROCS="1")
        if counter:
            environment.update(counter.environment)
        self.process = subprocess.Popen(
            server.arguments(self.port, certificate),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        self.wait_until_it_listens()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    @property
    def pid(self):
        return self.process.pid

    def wait_until_it_listens(self):
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    sys.exit(f"{self.server.name} ended with status {self.process.returncode}")
                if time.monotonic() > deadline:
                    self.process.kill()
                    sys.exit(f"{self.server.name} did not listen on its port within {START_TIMEOUT} s")
            time.sleep(0.02)


class AllocationCounter:
    """Counts the calls of malloc and the like in a process that is started with its environment."""

    def __init__(self, library, work):
        self.file = work / "allocations"
        self.file.write_bytes(bytes(16))
        self.environment = {"LD_PRELOAD": str(library), "ALLOCATION_COUNTS": str(self.file)}

    def read(self):
        """Blocks, and bytes asked for, since the start."""
        return struct.unpack("QQ", self.file.read_bytes())


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run(command, **options):
    """Runs a command that says nothing unless it fails."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if result.returncode != 0:
        sys.exit(f"{shlex.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


@dataclasses.dataclass
class Built:
    """What is there to be measured."""

    # The program that serves, and that makes the load.
    ours: pathlib.Path
    peers: list
    counting_library: pathlib.Path

    @property
    def ngrpc(self):
        return Server("ngrpc", (self.ours, "serve"), is_ours=True)

    @property
    def ngrpc_below_async(self):
        return Server("ngrpc callbacks", (self.ours, "serve", "--below-async"), is_ours=True)

    @property
    def ngrpc_suspending(self):
        return Server("ngrpc suspending", (self.ours, "serve", "--suspend"), is_ours=True)


def build(root, work, peers, commands):
    """Builds our server and those of the named peers whose libraries are there, and says which are left out."""
    makers = {"grpc-go": build_go, "grpc-cpp": build_cpp}
    built = []
    for name in peers:
        if name not in makers:
            sys.exit(f"there is no peer {name}; there are {', '.join(makers)}, and --peer NAME=COMMAND")
        if server := makers[name](root / "Tests/Benchmarks" / name, work / name):
            built.append(server)
    built += [Server(name, tuple(shlex.split(command))) for name, command in commands]
    return Built(build_ours(root), built, build_counter(root, work))


def build_ours(root):
    release = ["--configuration", "release"]
    subprocess.run([root / ".ci/build", *release, "--product", "ngrpc-bench"], check=True)
    return pathlib.Path(run(["swift", "build", *release, "--show-bin-path"], cwd=root).strip()) / "ngrpc-bench"


def build_counter(root, work):
    library = work / "count.so"
    run(["clang", "-O2", "-shared", "-fPIC", root / "Tests/Benchmarks/allocations/count.c", "-o", library])
    return library


def build_go(source, program):
    packages = pathlib.Path("/usr/share/gocode")
    if not shutil.which("go") or not (packages / "src/google.golang.org/grpc").exists():
        return left_out(source.name, "golang-go golang-google-grpc-dev")
    environment = dict(os.environ, GO111MODULE="off", GOPATH=str(packages), GOCACHE=f"{program}-cache")
    run(["go", "build", "-o", program, source / "main.go"], env=environment)
    return Server(source.name, (program,), uses_malloc=False)


def build_cpp(source, program):
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "grpc++"], capture_output=True, text=True)
    if flags.returncode != 0 or not shutil.which("g++"):
        return left_out(source.name, "g++ libgrpc++-dev")
    run(["g++", "-O2", "-std=c++17", source / "server.cc", "-o", program, *flags.stdout.split()])
    return Server(source.name, (program,))


def left_out(name, packages):
    print(f"{name} is left out: apt-get install {packages} to have it measured beside", file=sys.stderr)


def make_certificate(root, work):
    """The files of a certificate and of its key, of a kind that everybody speaks: P-256."""
    run([root / "Tests/Certificates/make", work / "certificates"])
    return str(work / "certificates/server.pem"), str(work / "certificates/server.key")
