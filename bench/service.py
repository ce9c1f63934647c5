"""What benchmarks share that start services of their own: an example of tests/services that lives until its standard input ends."""

import os
import pathlib
import subprocess
import sys


class Service:
    """A running service. `told`: the lines that it has printed about where it is."""

    def __init__(self, command, lines, environment=None):
        environment = dict(os.environ, **(environment or {}))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.told = [self.process.stdout.readline().strip() for _ in range(lines)]
        if not all(self.told):
            sys.exit(f"{command[0]} does not start")

    def processor(self):
        """The seconds of CPU that its children, the servers, have used."""
        total = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if is_below(int(stat.parent.name), self.process.pid):
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def is_below(process, ancestor):
    while process > 1:
        if process == ancestor:
            return True
        try:
            process = int(pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            return False
    return False
