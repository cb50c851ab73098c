"""What the operating system says of a process."""

import dataclasses
import os
import pathlib
import sys


@dataclasses.dataclass(frozen=True)
class Cores:
    """One for the server, one for the load."""

    server: int
    load: int

    @staticmethod
    def choose():
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            sys.exit("the server and the load need a core each; there is one")
        return Cores(cores[0], cores[1])


def cpu_seconds(pid):
    """The CPU time that all threads of a process have used, in user and kernel mode.

    The scheduler counts nanoseconds (proc(5), /proc/PID/schedstat); utime and stime of /proc/PID/stat are the same in ticks of
    10 ms. Threads that have ended are left out, which is fair while none does.
    """
    nanoseconds = 0
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            nanoseconds += int((thread / "schedstat").read_text().split()[0])
        except ProcessLookupError:
            continue
        except FileNotFoundError:
            if thread.exists():
                sys.exit("the kernel keeps no schedstat; it must be built with CONFIG_SCHED_INFO")
    return nanoseconds / 1e9


def resident_bytes(pid):
    """The memory of a process that is in RAM: Rss of /proc/PID/smaps_rollup."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"there is no Rss of process {pid}")
