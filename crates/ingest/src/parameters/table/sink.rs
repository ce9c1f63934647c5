//! Files and standard output as a sink, and the shape of records.

use millstream_core::MemorySize;

use crate::parameters::choices::{FileCompression, SinkFormat, SinkType};
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};
use crate::parameters::value::Names;

const FILE: Scope = Scope::Sink(&[SinkType::File]);

parameters! {
    SINK_TYPE: SinkType = Parameter::new(Group::Sink, "sink.type",
        "Where records go: kafka, es (Elasticsearch, OpenSearch), file or print. A format of files (orc, parquet, csv, json) \
         means file with that `sink.format`.")
        .default("kafka").example("file");
    SINK_PATH: String = Parameter::new(Group::Sink, "sink.path",
        "Directory of the output: a path, a file: URL, or `s3://bucket/key` for objects. Files are hidden while they are written and get their name when a \
         checkpoint completes, so that each record is there exactly once.")
        .required("with `sink.type` file").only(FILE).example("/data/orders-json");
    SINK_FORMAT: SinkFormat = Parameter::new(Group::Sink, "sink.format",
        "json: one object a line. csv: with a first line of names. parquet. orc: as Hive and Spark have it, with every type \
         that ORC has.")
        .default("json").only(FILE).example("parquet");
    SINK_ROLLING_SIZE: MemorySize = Parameter::new(Group::Sink, "sink.rolling.size",
        "A file that has reached this size is ended and a new one begun. Every checkpoint ends the files too.")
        .default("128 mb").unit("bytes").only(FILE).example("1 gb");
    SINK_FILE_COMPRESSION: FileCompression = Parameter::new(Group::Sink, "sink.file.compression",
        "How files of json and csv are compressed: gzip (`.gz`), zstd (`.zst`), or none. Parquet and ORC compress what \
         is in them.")
        .default("none").only(FILE).example("gzip");
    SINK_PARTITION_COLUMNS: Names = Parameter::new(Group::Sink, "sink.partition.columns",
        "Columns whose values name the directories below `sink.path` into which files go, as Hive has them: \
         `day=2024-02-29/city=Rome/part-…`, the first outermost. They are not written into the files. Not given: all files lie in \
         `sink.path`.")
        .only(FILE).example("day,city");
    MERGE_ENABLE: bool = Parameter::new(Group::Sink, "sink.merge.enable",
        "Whether flat columns are put into one nested field: `{\"id\":\"1\",\"feas\":{\"name\":\"n1\"}}`.")
        .default("false").example("true");
    MERGE_NESTED_FIELD: String = Parameter::new(Group::Sink, "sink.merge.nested.field",
        "Name of the nested field.")
        .default("feas").only(Scope::Merge).example("features");
    MERGE_EXCLUDE_FIELDS: Names = Parameter::new(Group::Sink, "sink.merge.exclude.fields",
        "Columns that stay outside the nested field. Those that are given must be there; the default stays outside where \
         there is such a column.")
        .default("id").only(Scope::Merge).example("id,time");
}
