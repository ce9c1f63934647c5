"""Writes the files of this directory. See README.md."""

import datetime as dt
import decimal

import duckdb
import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

D = decimal.Decimal
UTC = dt.timezone.utc


def of_years(*years, whole_before=0):
    """A time in each year; whole seconds in years before `whole_before`."""
    return [
        None if year is None else dt.datetime(year, 2, 3, 4, 5, 6, 0 if year < whole_before else 789123)
        for year in years
    ]


def types(parquet):
    """Four rows of every type; the third is null throughout."""
    days = [dt.date(2024, 2, 29), dt.date(1582, 10, 4), None, dt.date(9999, 12, 31)]
    # Parts of seconds before 1970 are written below zero to ORC by pyarrow, which nobody else reads.
    before = 0 if parquet else 1970
    short = of_years(2024, 1700, None, 2200, whole_before=before)
    columns = {
        "bool": pa.array([True, False, None, True]),
        "i8": pa.array([-128, 127, None, 0], pa.int8()),
        "i16": pa.array([-32768, 32767, None, 0], pa.int16()),
        "i32": pa.array([-(2**31), 2**31 - 1, None, 0], pa.int32()),
        "i64": pa.array([-(2**63), 2**63 - 1, None, 0], pa.int64()),
        "f32": pa.array([0.5, -1.25, None, float("nan")], pa.float32()),
        "f64": pa.array([0.1, -1e300, None, float("inf")], pa.float64()),
        "dec": pa.array([D("123456789012345678.91"), D("-0.01"), None, D("0.00")], pa.decimal128(20, 2)),
        "dec38": pa.array([D("1.0000000001"), D("-9999999999999999999999999999.9999999999"), None, D("0E-10")], pa.decimal128(38, 10)),
        "day": pa.array(days, pa.date32()),
        "us": pa.array(of_years(2024, 1, None, 9999, whole_before=before), pa.timestamp("us")),
        "text": pa.array(["ä\"\n", "", None, "x"]),
        "bytes": pa.array([b"\x00\xff", b"", None, b"abc"], pa.binary()),
        "list": pa.array([[1, None, 3], [], None, [4]], pa.list_(pa.int32())),
        "struct": pa.array([{"a": 1, "b": "x"}, {"a": None, "b": None}, None, {"a": 2, "b": "y"}], pa.struct([("a", pa.int64()), ("b", pa.string())])),
        "map": pa.array([[("k", 1), ("l", None)], [], None, [("m", 2)]], pa.map_(pa.string(), pa.int64())),
        "deep": pa.array([[{"m": [(1, ["u"])]}], [None], None, []], pa.list_(pa.struct([("m", pa.map_(pa.int32(), pa.list_(pa.string())))]))),
    }
    if parquet:
        columns |= {
            "u8": pa.array([0, 255, None, 1], pa.uint8()),
            "u32": pa.array([0, 2**32 - 1, None, 1], pa.uint32()),
            "u64": pa.array([0, 2**64 - 1, None, 1], pa.uint64()),
            "f16": pa.array([0.5, -1.0, None, 2.0], pa.float16()),
            "dec9": pa.array([D("1.5"), D("-9999999.9"), None, D("0.0")], pa.decimal128(9, 1)),
            "dec50": pa.array([D("1.5"), D("-2.5"), None, D("0.0")], pa.decimal256(50, 1)),
            "ms": pa.array([d and d.replace(microsecond=789000) for d in short], pa.timestamp("ms")),
            "ns": pa.array(short, pa.timestamp("ns")),
            "utc": pa.array([d and d.replace(tzinfo=UTC) for d in short], pa.timestamp("us", "Europe/Berlin")),
            "time": pa.array([dt.time(1, 2, 3, 456000), dt.time(0), None, dt.time(23, 59, 59)], pa.time64("us")),
            "dictionary": pa.array(["a", "b", None, "a"]).dictionary_encode(),
            "large": pa.array(["a", "b", None, "c"], pa.large_string()),
            "fixed": pa.array([b"1234", b"5678", None, b"9012"], pa.binary(4)),
            "nothing": pa.nulls(4),
        }
    else:
        columns |= {"utc": pa.array([d and d.replace(tzinfo=UTC) for d in short], pa.timestamp("ns", "UTC"))}
    return pa.table(columns)


def numbers(rows):
    """Rows of which the columns are in order, apart from one that is not."""
    return pa.table({
        "id": pa.array(range(rows), pa.int64()),
        "name": pa.array([f"name-{row:06}" for row in range(rows)]),
        "mixed": pa.array([row * 7919 % rows for row in range(rows)], pa.int32()),
        "day": pa.array([dt.date(2020, 1, 1) + dt.timedelta(row // 100) for row in range(rows)]),
    })


class Kms(pe.KmsClient):
    """Keeps no secret: these files are only to be refused."""

    def wrap_key(self, key, name):
        return key

    def unwrap_key(self, key, name):
        return key


def encrypted(path, plaintext):
    factory = pe.CryptoFactory(lambda _: Kms())
    made = pe.EncryptionConfiguration(footer_key="f", column_keys={"c": ["id"]}, plaintext_footer=plaintext)
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), made)
    table = numbers(10)
    with pq.ParquetWriter(path, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)


pq.write_table(types(True), "pyarrow-types.parquet", row_group_size=2)
pq.write_table(types(True), "pyarrow-types-v1.parquet", version="1.0", data_page_version="1.0", use_dictionary=False)
pq.write_table(pa.table({"old": pa.array(of_years(2024, 1, None, 9999), pa.timestamp("us"))}), "pyarrow-int96.parquet", use_deprecated_int96_timestamps=True)
for codec in ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]:
    pq.write_table(numbers(50), f"pyarrow-{codec}.parquet", compression=codec)
# Lists of lengths that vary, in many pages of which no index tells.
for codec in ["none", "zstd"]:
    for version in ["1.0", "2.0"]:
        lists = pa.table({"id": pa.array(range(3000)), "list": pa.array([[row + item for item in range(row % 5)] if row % 7 else None for row in range(3000)], pa.list_(pa.int32()))})
        pq.write_table(lists, f"pyarrow-lists-{codec}-{version}.parquet", compression=codec, data_page_version=version, data_page_size=1024, write_batch_size=100)
pq.write_table(numbers(4000), "pyarrow-pages.parquet", row_group_size=2000, data_page_size=512, write_batch_size=100, write_page_index=True, use_dictionary=False, compression="zstd")
pq.write_table(numbers(4000), "pyarrow-bloom.parquet", row_group_size=1000, write_page_index=True, compression="zstd", bloom_filter_options={"mixed": {"ndv": 1000}, "name": {"ndv": 1000}})
encrypted("pyarrow-encrypted.parquet", False)
encrypted("pyarrow-plaintext-footer.parquet", True)
orc.write_table(types(False), "pyarrow-types.orc", compression="zstd")
for codec in ["uncompressed", "zlib", "snappy", "lz4", "zstd"]:
    orc.write_table(numbers(50), f"pyarrow-{codec}.orc", compression=codec)
with orc.ORCWriter("pyarrow-stripes.orc", stripe_size=1024, compression="uncompressed") as writer:
    for batch in numbers(4000).to_batches(max_chunksize=500):
        writer.write(pa.Table.from_batches([batch]))
duckdb.execute("""
    copy (
        select range id, 'name-' || range name, (range::decimal(18, 3) + 0.25)::decimal(18, 3) as amount, [range, range + 1] list,
            {'a': range, 'b': 'x'} struct, map {'k': range} map, date '2024-01-01' + range::int as day,
            timestamp '2024-01-01 00:00:00' + interval (range) hour as at, uuid() as uuid, range % 3 = 0 as flag
        from range(2100)
    ) to 'duckdb.parquet' (format parquet, row_group_size 2048, compression zstd)
""")
