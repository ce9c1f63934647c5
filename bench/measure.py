"""Runs a command; prints its wall seconds and the peak memory of its largest process in MB.

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
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    if code != 0:
        # A run that fails is no measurement, however quick it was.
        print(f"exit code {code}: {' '.join(sys.argv[2:])}", file=sys.stderr)
        return 1
    print(f"{seconds:.2f} {peak:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
