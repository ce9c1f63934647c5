//! Elasticsearch as a sink: accepted by name, planned.

use std::time::Duration;

use crate::parameters::choices::{BackoffType, SinkType, SyncType};
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};

const ES: Scope = Scope::Sink(&[SinkType::Es]);

parameters! {
    ES_SERVER: String = Parameter::new(Group::Elasticsearch, "sink.es.server",
        "Addresses, `,` between several.").required("to Elasticsearch").only(ES).example("es1:9200,es2:9200").planned();
    ES_INDEX: String = Parameter::new(Group::Elasticsearch, "sink.es.index",
        "Index.").required("to Elasticsearch").only(ES).example("orders").planned();
    ES_TYPE: String = Parameter::new(Group::Elasticsearch, "sink.es.type",
        "Type of the documents; from version 6 an index has one.")
        .required("to Elasticsearch 6").only(ES).example("_doc").planned();
    ES_SYNC_TYPE: SyncType = Parameter::new(Group::Elasticsearch, "sink.es.sync.type",
        "incremental: insert what is new, merge into what is there. finite: only merge into what is there. full: \
         overwrite; deletes nothing.")
        .required("to Elasticsearch").only(ES).example("full").planned();
    ES_UNIQUE_COLUMN: String = Parameter::new(Group::Elasticsearch, "sink.es.unique.column",
        "Column that identifies a record.").required("to Elasticsearch").only(ES).example("id").planned();
    ES_VERSION_COLUMN: String = Parameter::new(Group::Elasticsearch, "sink.es.version.column",
        "Field that the version is written to. It must not be one of the records' own.")
        .default("version").only(ES).example("sync_version").planned();
    ES_VERSION: String = Parameter::new(Group::Elasticsearch, "sink.es.version",
        "Version that is written with every record, such as the present time; for full and incremental.")
        .only(ES).example("1586959594").planned();
    ES_RETRY_ON_CONFLICT: u32 = Parameter::new(Group::Elasticsearch, "sink.es.update.retry.on.conflict",
        "How often an update is tried again after a version conflict.").default("5").only(ES).example("5").planned();
    ES_BULK_ACTIONS: u32 = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.max.actions",
        "Most actions in one bulk request.").default("1000").only(ES).example("5000").planned();
    ES_BULK_SIZE: u32 = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.max.size.mb",
        "Largest bulk request.").default("5").unit("MB").only(ES).example("10").planned();
    ES_BULK_INTERVAL: Duration = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.interval.ms",
        "Longest wait before a bulk request is sent, however small.").default("60000").unit("ms").only(ES).example("1000").planned();
    ES_BACKOFF_ENABLE: bool = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.backoff.enable",
        "Whether refused actions are tried again later.").default("true").only(ES).example("true").planned();
    ES_BACKOFF_TYPE: BackoffType = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.backoff.type",
        "CONSTANT: the same wait each time. EXPONENTIAL: each longer than the one before.")
        .default("CONSTANT").only(ES).example("EXPONENTIAL").planned();
    ES_BACKOFF_DELAY: Duration = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.backoff.delay",
        "The wait; with EXPONENTIAL the first one.").default("60000").unit("ms").only(ES).example("1000").planned();
    ES_BACKOFF_RETRIES: u32 = Parameter::new(Group::Elasticsearch, "bulk.flush.backoff.retries",
        "How often an action is tried again.").default("5").only(ES).example("8").planned();
}
