"""Prints the rows of a file of ORC, as `orc-tools data` does.

Usage: read_orc.py FILE
"""

import datetime as dt
import json
import sys

import pyarrow as pa
import pyarrow.orc as orc

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def time(value, unit):
    seconds, behind = divmod(value, PER_SECOND[unit])
    clock = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)
    digits = str(behind).zfill(len(str(PER_SECOND[unit])) - 1).rstrip("0")
    return f"{clock:%Y-%m-%d %H:%M:%S}.{digits or '0'}"


def decimal(value):
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(scalar):
    """A value as what JSON has."""
    kind = scalar.type
    if not scalar.is_valid:
        return None
    if pa.types.is_struct(kind):
        return {field.name: plain(scalar[place]) for place, field in enumerate(kind)}
    if pa.types.is_map(kind):
        return [{"_key": plain(one["key"]), "_value": plain(one["value"])} for one in scalar.values]
    if pa.types.is_list(kind):
        return [plain(one) for one in scalar.values]
    if pa.types.is_timestamp(kind):
        return time(scalar.value, kind.unit)
    if pa.types.is_decimal(kind):
        return decimal(scalar.as_py())
    if pa.types.is_binary(kind):
        return list(scalar.as_py())
    if pa.types.is_date(kind):
        return str(scalar.as_py())
    return scalar.as_py()


table = orc.read_table(sys.argv[1])
names = table.column_names
for row in range(table.num_rows):
    values = {name: plain(column[row]) for name, column in zip(names, table.columns)}
    print(json.dumps(values, ensure_ascii=False, separators=(",", ":")))
