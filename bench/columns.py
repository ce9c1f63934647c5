#!/usr/bin/env python3
"""The memory of Parquet -> SQL -> Parquet and JSON, by the size of the input and of its row groups.

Usage: bench/columns.py [DIRECTORY]   (needs pyarrow and 2 GB of disk; prints the rows of the table in RESULTS.md)

The same rows, whose text no codec makes smaller than its half, in one small file, in one large file of many row groups, and in one large
file of a single row group. Each run is a process of its own, whose peak the system tells.
"""

import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq

TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", pathlib.Path.home() / ".cache/millstream/target"))
ROWS = 100_000
INPUTS = {"small": (5, False), "large": (60, False), "one-group": (60, True)}
SQL = "select id, upper(city) as city, amount * 2 as amount, text from t1 where amount < 0.9"


def rows(number):
    """A hundred thousand rows of about 180 bytes."""
    seeded = random.Random(number)
    raw = seeded.randbytes(ROWS * 72)
    return pa.table({
        "id": pa.array(range(number * ROWS, (number + 1) * ROWS), pa.int64()),
        "amount": pa.array([seeded.random() for _ in range(ROWS)]),
        "city": pa.array([f"city {one}" for one in seeded.choices(range(300), k=ROWS)]),
        "text": pa.array([raw[at * 72:(at + 1) * 72].hex() for at in range(ROWS)]),
    })


def make(path, pieces, together):
    path.parent.mkdir(parents=True, exist_ok=True)
    tables = (rows(number) for number in range(pieces))
    if together:
        tables = [pa.concat_tables(tables)]
    with pq.ParquetWriter(path, rows(0).schema, compression="snappy") as writer:
        for table in tables:
            writer.write_table(table, row_group_size=table.num_rows)


def measure(place, name, sink):
    """Runs the job in a process whose only child it is, so that what the system tells of children is its own."""
    work = place / "work"
    shutil.rmtree(work, ignore_errors=True)
    job = [f"{TARGET}/release/millstream", "run", "--target", "local", "-p", "2", "-D", f"millstream.data-dir={work}/data",
           "-D", "execution.checkpointing.interval=1 s", "ingest", "--job.name", "bench", "--source.type", "parquet",
           "--source.path", f"{place}/{name}", "--source.watch.type", "PROCESS_ONCE", "--stream.sql.enable", "true", "--stream.sql", SQL,
           "--sink.type", "file", "--sink.format", sink, "--sink.path", f"{work}/out"]
    began = time.monotonic()
    if (child := os.fork()) == 0:
        code = subprocess.run(job, stderr=subprocess.DEVNULL).returncode
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        file = pq.ParquetFile(place / name / "a.parquet").metadata
        group = file.row_group(0).total_byte_size / 1e6
        size = (place / name / "a.parquet").stat().st_size / 1e6
        wall, cpu = time.monotonic() - began, used.ru_utime + used.ru_stime
        print(f"| {size:.0f} MB, row groups of {group:.0f} MB | {sink} | {wall:.1f} | {cpu:.1f} | {used.ru_maxrss / 1024:.0f} |", flush=True)
        os._exit(code)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(f"{name} to {sink} failed")


def main():
    place = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/tmp/millstream-columns")
    for name, (pieces, together) in INPUTS.items():
        if not (place / name / "a.parquet").exists():
            make(place / name / "a.parquet", pieces, together)
    print("| input | output | wall s | CPU s | peak MB |\n|---|---|---|---|---|")
    for name in INPUTS:
        for sink in ("parquet", "json"):
            measure(place, name, sink)


if __name__ == "__main__":
    main()
