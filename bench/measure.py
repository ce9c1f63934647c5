"""Runs a command; prints its wall seconds, the peak memory of its largest process in MB, and its CPU seconds.

Usage: measure.py LOG COMMAND [ARGUMENT]...   (what the command prints goes to LOG)
"""

import resource
import subprocess
import sys
import time


def main() -> int:
    with open(sys.argv[1], "wb") as log:
        start = time.monotonic()
        code = subprocess.call(sys.argv[2:], stdout=log, stderr=log)
        seconds = time.monotonic() - start
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = usage.ru_maxrss / 1024
    if code != 0:
        # A run that fails is no measurement, however quick it was.
        print(f"exit code {code}: {' '.join(sys.argv[2:])}", file=sys.stderr)
        return 1
    print(f"{seconds:.2f} {peak:.0f} {usage.ru_utime + usage.ru_stime:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
