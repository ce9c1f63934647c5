"""What `bench/columns` has done by Python's packages: its data, its peers, and its counts.

Usage: columns_peer.py make DIRECTORY MEGABYTES
       columns_peer.py versions
       columns_peer.py datafusion|duckdb parquet|json DIRECTORY OUTPUT QUERY
       columns_peer.py count parquet|json OUTPUT
"""

import os
import pathlib
import random
import sys

THREADS = 2
FILES = 4
ROWS = 100_000
# Of a row in Parquet, about.
ROW_BYTES = 98


def table(number):
    """A hundred thousand rows, of which no codec makes much less: numbers, a text of few values and one of many, decimals and times."""
    import pyarrow as pa

    seeded = random.Random(number)
    raw = seeded.randbytes(ROWS * 32)
    first = number * ROWS
    cents = pa.array([seeded.randrange(10**9) for _ in range(ROWS)], pa.int64())
    return pa.table({
        "id": pa.array(range(first, first + ROWS), pa.int64()),
        "amount": pa.array([seeded.random() for _ in range(ROWS)]),
        "city": pa.array([f"city {one}" for one in seeded.choices(range(300), k=ROWS)]),
        "price": cents.cast(pa.decimal128(21, 2)).cast(pa.decimal128(12, 2)),
        "seen": pa.array(range(1_700_000_000_000_000 + first * 1_000, 1_700_000_000_000_000 + (first + ROWS) * 1_000, 1_000), pa.timestamp("us")),
        "text": pa.array([raw[at:at + 32].hex() for at in range(0, len(raw), 32)]),
    })


def make(directory, megabytes):
    import pyarrow.orc as orc
    import pyarrow.parquet as pq

    hidden = directory.with_name(f".{directory.name}")
    tables = max(FILES, int(megabytes * 1e6 / ROW_BYTES / ROWS))
    for kind in ("parquet", "orc"):
        (hidden / kind).mkdir(parents=True, exist_ok=True)
    schema = table(0).schema
    for file in range(FILES):
        with (pq.ParquetWriter(hidden / f"parquet/{file}.parquet", schema, compression="snappy") as parquet,
              orc.ORCWriter(hidden / f"orc/{file}.orc", compression="zstd") as to_orc):
            for number in range(file, tables, FILES):
                part = table(number)
                parquet.write_table(part, row_group_size=ROWS)
                to_orc.write(part)
    hidden.rename(directory)


def opened(kind, directory):
    """The files as pyarrow hands them to others; those of Parquet they read themselves."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    pa.set_cpu_count(THREADS)
    pa.set_io_thread_count(THREADS)
    return ds.dataset(directory / kind, format=kind)


def by_datafusion(case, directory, output, query):
    from datafusion import SessionConfig, SessionContext

    context = SessionContext(SessionConfig().with_target_partitions(THREADS))
    if case == "parquet":
        context.register_parquet("t1", str(directory / "parquet"))
        context.sql(query).write_parquet(str(output), compression="snappy")
    else:
        context.register_dataset("t1", opened("orc", directory))
        context.sql(query).write_json(str(output))


def by_duckdb(case, directory, output, query):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"set threads = {THREADS}; set preserve_insertion_order = false")
    output.mkdir(parents=True, exist_ok=True)
    if case == "parquet":
        connection.execute(f"create view t1 as select * from read_parquet('{directory}/parquet/*.parquet')")
        how = "format parquet, compression snappy"
    else:
        connection.register("t1", opened("orc", directory))
        how = "format json"
    connection.execute(f"copy ({query}) to '{output}/part' ({how}, per_thread_output true)")


def count(case, output):
    files = [path for path in output.rglob("*") if path.is_file() and not path.name.startswith(".")]
    if case == "parquet":
        import pyarrow.parquet as pq

        return sum(pq.read_metadata(path).num_rows for path in files)
    return sum(block.count(b"\n") for path in files for block in blocks(path))


def blocks(path):
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            yield block


def main():
    verb, *rest = sys.argv[1:]
    if verb == "make":
        make(pathlib.Path(rest[0]), int(rest[1]))
    elif verb == "versions":
        import datafusion
        import duckdb

        print(datafusion.__version__, duckdb.__version__)
    elif verb == "count":
        print(count(rest[0], pathlib.Path(rest[1])))
    else:
        case, directory, output, query = rest
        run = {"datafusion": by_datafusion, "duckdb": by_duckdb}[verb]
        run(case, pathlib.Path(directory), pathlib.Path(output), query)
        # What is open need not be taken apart.
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
