"""What the benchmarks share: the commands that are measured, their data, runs in turn, and where results are written.

A row is repeated until each side has run for SECONDS. Sides take turns, so that what the machine does besides meets all of them alike,
and each side's runs are compared with its own next ones (A/A): a difference that is not larger than that says nothing.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

CACHE = pathlib.Path(os.environ.get("MILLSTREAM_BENCH_CACHE", pathlib.Path.home() / ".cache/millstream/bench"))
HERE = pathlib.Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
SECONDS = float(os.environ.get("MILLSTREAM_BENCH_SECONDS", 60))
SCHEMA = "struct<id:BigInt,city:String,name:String,x:String,y:String,tags:String,amount:String>"
WRITTEN = re.compile(rb"Committed since the job began: .* = (\d+) written")
COMPLETED = re.compile(rb"Completed checkpoint .*checkpointDuration=(\d+) ms, longest pause ([\d.]+) ms")


SPEEDS = """
import hashlib, time
block, place = bytearray(1 << 28), memoryview(bytearray(b"1" * (1 << 28)))
began = time.monotonic()
for _ in range(8):
    place[:] = block
copied, began = 8 * len(block) / (time.monotonic() - began) / 1e9, time.monotonic()
hashlib.blake2b(block).digest()
print(copied, len(block) / (time.monotonic() - began) / 1e9)
"""


@dataclasses.dataclass
class Run:
    """One run of a whole process: seconds, seconds of CPU, megabytes at most, lines or records written, and (duration, pause) of its
    checkpoints in ms."""

    wall: float
    cpu: float
    peak: float
    lines: int
    checkpoints: list


def options(work):
    return ["-D", f"millstream.data-dir={work}/data", "-D", "execution.checkpointing.interval=1 s"]


def words(build, work, parallelism=2):
    return [f"{build}/wordcount", "-p", str(parallelism), *options(work), "--input", f"{CACHE}/words.txt", "--output", "discard"]


def keys(build, work):
    return [f"{build}/bench-jobs", "-c", "DistinctKeys", "-p", "2", *options(work)]


def slow_sink(build, work):
    return [f"{build}/bench-jobs", "-c", "SlowSink", *options(work)]


def query(build):
    return subprocess.check_output([f"{build}/datagen", "query"], text=True).strip()


def csv(build, work, data="csv"):
    job = [f"{build}/millstream", "run", "--target", "local", "-p", "2", *options(work), "ingest", "--job.name", "bench"]
    source = ["--source.type", "csv", "--source.path", f"{CACHE}/{data}", "--source.firstLine.schema", "true"]
    source += ["--source.watch.type", "PROCESS_ONCE"]
    sql = ["--stream.sql.enable", "true", "--stream.sql", query(build), "--stream.sql.schema", SCHEMA]
    return [*job, *source, *sql, "--sink.type", "file", "--sink.format", "json", "--sink.path", f"{work}/out"]


def quoted(build, work):
    return csv(build, work, "csv-quoted")


def python_with(*packages):
    """Python of a virtual environment outside the checkout that has these packages."""
    python = CACHE / "venv/bin/python"
    if not python.exists():
        subprocess.check_call([sys.executable, "-m", "venv", str(CACHE / "venv")])
    there = subprocess.run([python, "-c", f"import {', '.join(packages)}"], stderr=subprocess.DEVNULL)
    if there.returncode != 0:
        subprocess.check_call([str(python), "-m", "pip", "install", "-q", *packages], stdout=sys.stderr)
    return str(python)


def datafusion(work, data="csv"):
    return [f"{CACHE}/venv/bin/python", str(HERE / "datafusion_peer.py"), f"{CACHE}/{data}", f"{work}/out", "2"]


def make_data(build):
    """Makes what is not there yet, from a seed: words, CSV, and CSV with every field in quotes."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if not (CACHE / "words.txt").exists():
        subprocess.check_call([f"{build}/datagen", "words", "--bytes", "500000000", "--seed", "42", f"{CACHE}/words.txt"])
    if not (CACHE / "csv").exists():
        subprocess.check_call(
            [f"{build}/datagen", "csv", "--bytes", "2000000000", "--seed", "42", "--files", "4", f"{CACHE}/csv"]
        )
    if not (CACHE / "csv-quoted").exists():
        (CACHE / "csv-quoted").mkdir()
        for path in sorted((CACHE / "csv").iterdir())[:2]:
            with open(path, "rb") as plain, open(CACHE / "csv-quoted" / path.name, "wb") as out:
                out.write(plain.readline())
                out.writelines(b'"' + line[:-1].replace(b",", b'","') + b'"\n' for line in plain)


def lines(directory):
    """How many lines a run has written. Counted elsewhere: a child begins with the memory of its parent."""
    if not os.path.isdir(directory):
        return 0
    count = f"find '{directory}' -type f -print0 | xargs -0 -r cat | wc -l"
    return int(subprocess.check_output(["sh", "-c", count]))


def written(work, log):
    """How many lines a run has written; where nothing lies on disk, what the job's ledger says."""
    told = WRITTEN.findall(log)
    return lines(f"{work}/out") or (int(told[-1]) if told else 0)


def run(command, work, count=written):
    """One run; a run that fails is no measurement, however quick it was. `count`: what it has written, by its directory and its log."""
    with open(f"{work}/log", "wb") as log:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
    log = pathlib.Path(work, "log").read_bytes()
    if status != 0:
        sys.exit(f"status {status}: {' '.join(command)}\n{log[-2000:].decode(errors='replace')}")
    counted = count(work, log)
    for name in ("data", "out"):
        shutil.rmtree(f"{work}/{name}", ignore_errors=True)
    checkpoints = [(int(took), float(pause)) for took, pause in COMPLETED.findall(log)]
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, counted, checkpoints)


def in_turn(sides, count=written):
    """Runs the sides (name to a function of a directory to its command) in turn, once unmeasured and then for SECONDS each; an even number of
    times, for A/A. All have to write as many lines."""
    runs = {name: [] for name in sides}
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as work:
        for command in sides.values():
            run(command(work), work, count)
        while any(sum(r.wall for r in rs) < SECONDS or len(rs) % 2 for rs in runs.values()):
            for name, command in sides.items():
                runs[name].append(run(command(work), work, count))
    # An older build may not say how much it handed on.
    counts = {r.lines for rs in runs.values() for r in rs if r.lines}
    if len(counts) > 1:
        sys.exit(f"not all runs wrote as many lines: {counts}")
    return runs


def again(values):
    """What a side's runs differ by from its own next ones."""
    return [second / first for first, second in zip(values[::2], values[1::2])]


def spread(values, digits=2):
    """The one in the middle, the smallest and the largest."""
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def machine():
    """The machine, its memory's and its disk's speed, and what else it does."""
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) / 1024**2
    # In a process of its own: the peak of a child begins with the memory of its parent.
    copied, hashed = map(float, subprocess.check_output([sys.executable, "-c", SPEEDS]).split())
    with tempfile.TemporaryDirectory(dir=CACHE) as work:
        flags = ["bs=1M", "count=1000"]
        written = dd("if=/dev/zero", f"of={work}/zeros", "oflag=direct", "conv=fsync", *flags)
        read = dd(f"if={work}/zeros", "of=/dev/null", "iflag=direct", *flags)
    return (f"{os.cpu_count()} cores ({model[1].strip() if model else os.uname().machine}; one hashes {hashed:.2f} GB/s by BLAKE2b), {memory:.0f} GB of "
            f"memory that is copied at {copied:.1f} GB/s, a disk that reads {read} and writes {written} (`dd`, direct); "
            f"load {os.getloadavg()[0]:.1f} when this began")


def dd(*arguments):
    said = subprocess.run(["dd", *arguments], capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}).stderr
    return said.strip().rsplit(", ", 1)[-1]


def write_section(title, body, results=RESULTS):
    """Puts a section in the place of the one of its number (`## 5. …`), or at the end."""
    text = results.read_text() if results.exists() else "# Results\n"
    number = title.split(".", 1)[0]
    section = re.compile(rf"^{re.escape(number)}\..*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    new = f"{title}\n\n{body.strip()}\n\n"
    text = section.sub(lambda _: new, text, count=1) if section.search(text) else f"{text.rstrip()}\n\n{new}"
    results.write_text(text.rstrip() + "\n")
