"""The query of the ingestion benchmark with plain DataFusion, file to file.

Usage: datafusion_peer.py INPUT_DIRECTORY OUTPUT_DIRECTORY THREADS
"""

import sys

import pyarrow as pa
from datafusion import SessionConfig, SessionContext

QUERY = """
select id, city, upper(name) as name, concat(x, '-', y) as location, string_to_array(tags, '|') as tags,
       cast(amount as bigint) as cents
from t1 where cast(amount as bigint) >= 2500
"""


def main() -> None:
    source, target, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    context = SessionContext(SessionConfig().with_target_partitions(threads))
    text = [pa.field(name, pa.string()) for name in ("city", "name", "x", "y", "tags", "amount")]
    schema = pa.schema([pa.field("id", pa.int64()), *text])
    context.register_csv("t1", source, schema=schema, has_header=True, file_extension=".csv")
    context.sql(QUERY).write_json(target)


if __name__ == "__main__":
    main()
