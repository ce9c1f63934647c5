//! The table of all parameters. Names, defaults and meanings are those of the CSP ingestion operator
//! where it has the parameter.

use super::definition::ParameterSummary;

macro_rules! parameters {
    ($($name:ident: $type:ty = $definition:expr;)*) => {
        $(
            pub(in crate::parameters) const $name: Parameter<$type> = $definition;
        )*
        pub(super) const ALL: &[ParameterSummary] = &[$($name.summary()),*];
    };
}

mod checkpoint;
mod database;
mod elasticsearch;
mod hadoop;
mod intake;
mod job;
mod kafka;
mod kerberos;
mod objects;
mod sink;
mod source;
mod sql;
mod tidy;
mod unique;

pub(super) use checkpoint::{
    CHECKPOINT_DIR, CHECKPOINT_ENABLE, CHECKPOINT_INTERVAL, CHECKPOINT_MIN_PAUSE, CHECKPOINT_MODE,
    CHECKPOINT_TIMEOUT, CHECKPOINT_TOLERABLE_FAILURES, CHECKPOINT_TYPE,
};
pub(super) use database::{
    DB_DRIVER, DB_EXACTLY_ONCE, DB_FETCH_SIZE, DB_PARTITION_COLUMN, DB_PARTITION_FILTER,
    DB_PARTITION_LOWER, DB_PARTITION_NUM, DB_PARTITION_UPPER, DB_PASSWORD, DB_SQL, DB_TABLE,
    DB_TYPE, DB_URL, DB_USERNAME,
};
pub(super) use elasticsearch::{
    ES_API_KEY, ES_BACKOFF_DELAY, ES_BACKOFF_ENABLE, ES_BACKOFF_RETRIES, ES_BACKOFF_TYPE,
    ES_BULK_ACTIONS, ES_BULK_CONCURRENT, ES_BULK_INTERVAL, ES_BULK_SIZE, ES_CA, ES_DELETE_STALE,
    ES_GZIP, ES_INDEX, ES_MAPPING, ES_PASSWORD, ES_PROXY, ES_RETRY_ON_CONFLICT, ES_SERVER,
    ES_SYNC_TYPE, ES_TIMEOUT, ES_TOKEN, ES_TYPE, ES_UNIQUE_COLUMN, ES_USERNAME, ES_VERSION,
    ES_VERSION_COLUMN,
};
pub(super) use hadoop::{HADOOP_HOME, HADOOP_USER};
pub(super) use intake::{
    AFTER_COMMIT, AFTER_COMMIT_PATH, FILE_BAD, FILE_BAD_PATH, FILE_CHANGED, FILE_FORGET, FILE_LOST,
    FILE_SETTLE, PATH_OTHER,
};
pub(super) use job::{
    CONFIG, JOB_NAME, PARALLELISM, RATE_BYTES, RATE_RECORDS, RETRY_ATTEMPTS, RETRY_BACKOFF,
    SINK_PARALLELISM,
};
pub(super) use kafka::{
    GROUP_ID, OFFSET_RESET, PARTITION_DISCOVERY, SINK_BROKERS, SINK_COMPRESSION, SINK_CREATE,
    SINK_KEY, SINK_MESSAGE, SINK_NATIVE, SINK_PROOF, SINK_REQUEST_TIMEOUT, SINK_TOPIC,
    SINK_VERSION, SOURCE_BROKERS, SOURCE_END, SOURCE_FORMAT, SOURCE_LOST, SOURCE_NATIVE,
    SOURCE_TOPIC, SOURCE_TOPIC_PATTERN, SOURCE_VERSION,
};
pub(super) use kerberos::{KERBEROS_KEYTAB, KERBEROS_PRINCIPAL};
pub(super) use objects::{
    S3_ACCESS_KEY, S3_ENDPOINT, S3_PATH_STYLE, S3_REGION, S3_SECRET_KEY, S3_SESSION_TOKEN, S3_SSL,
};
pub(super) use sink::{
    MERGE_ENABLE, MERGE_EXCLUDE_FIELDS, MERGE_NESTED_FIELD, SINK_FILE_COMPRESSION, SINK_FORMAT,
    SINK_PARTITION_COLUMNS, SINK_PATH, SINK_ROLLING_SIZE, SINK_TYPE,
};
pub(super) use source::{
    CHARSET, DEAD_LETTER_BROKERS, DEAD_LETTER_CREATE, DEAD_LETTER_NATIVE, DEAD_LETTER_PATH,
    DEAD_LETTER_TOPIC, ERROR_MAX_COUNT, ERROR_MAX_RATIO, ERROR_POLICY, ESCAPE, FIELD_DELIMITER,
    FIRST_LINE_SCHEMA, LINE_DELIMITER, QUOTE, RECORD_MAX_SIZE, SOURCE_PATH, SOURCE_TYPE,
    SPLIT_SIZE, WATCH_INTERVAL, WATCH_TYPE,
};
pub(super) use sql::{SQL, SQL_ENABLE, SQL_SCHEMA, SQL_SCHEMA_JSON, SQL_TABLE};
pub(super) use tidy::{CHECK, COMMENT, NULLS, SKIP_LINES, TRIM};
pub(super) use unique::{UNIQUE_KEYS, UNIQUE_NULL, UNIQUE_TIME, UNIQUE_TTL};

/// The definitions of all parameters, those of one group in the order they are shown.
pub fn all() -> impl Iterator<Item = &'static ParameterSummary> {
    [
        job::ALL,
        source::ALL,
        tidy::ALL,
        intake::ALL,
        sql::ALL,
        sink::ALL,
        checkpoint::ALL,
        database::ALL,
        hadoop::ALL,
        kafka::ALL,
        unique::ALL,
        elasticsearch::ALL,
        objects::ALL,
        kerberos::ALL,
    ]
    .into_iter()
    .flatten()
}

/// The definition that the name `given` belongs to: its own, else the one that stands for every name
/// with that beginning.
pub fn find(given: &str) -> Option<&'static ParameterSummary> {
    all()
        .find(|parameter| parameter.name == given)
        .or_else(|| all().find(|p| p.matches(given)))
}
