"""The load: ngrpc-bench load, which does one phase after another on connections that stay."""

import json
import os
import subprocess
import sys


class Load:
    """A process of the load generator, which ends with the `with` block."""

    def __init__(self, program, port, connections, core, tls):
        self.process = subprocess.Popen(
            [program, "load", "--port", str(port), "--connections", str(connections), *(["--tls"] if tls else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def run(self, kind, **phase):
        """Does a phase, and returns what came of it: fields of Outcome in Sources/ngrpc-bench."""
        try:
            self.process.stdin.write(json.dumps({"kind": kind, **phase}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            sys.exit(f"the load failed at {kind} {phase}")
        return json.loads(line)
