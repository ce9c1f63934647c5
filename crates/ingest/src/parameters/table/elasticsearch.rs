//! Elasticsearch and OpenSearch as a sink.

use std::time::Duration;

use millstream_connectors::elasticsearch::{IndexPattern, SyncType};

use crate::parameters::choices::{BackoffType, SinkType};
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};
use crate::parameters::value::{Names, Parallelism};

const ES: Scope = Scope::Sink(&[SinkType::Es]);

parameters! {
    ES_SERVER: String = Parameter::new(Group::Elasticsearch, "sink.es.server",
        "Addresses of servers of Elasticsearch from 6 or of OpenSearch, separated by commas; https:// before one says TLS. One is \
         asked until it fails, then the next. No others are looked for.")
        .required("to Elasticsearch").only(ES).example("es1:9200,https://es2:9200");
    ES_INDEX: IndexPattern = Parameter::new(Group::Elasticsearch, "sink.es.index",
        "Index: a name, in which {column}, {column|yyyy.MM.dd} and {now()|yyyy.MM.dd} may stand.")
        .required("to Elasticsearch").only(ES).example("orders-{day|yyyy.MM}");
    ES_TYPE: String = Parameter::new(Group::Elasticsearch, "sink.es.type",
        "Type of the documents, where servers have types: before Elasticsearch 7. An index has one.")
        .default_depends("that of the index, or `_doc`").only(ES).example("parquet");
    ES_SYNC_TYPE: SyncType = Parameter::new(Group::Elasticsearch, "sink.es.sync.type",
        "incremental: insert what is new, merge into what is there. finite: only merge into what is there. full: \
         overwrite; deletes nothing.")
        .required("to Elasticsearch").only(ES).example("full");
    ES_UNIQUE_COLUMN: Names = Parameter::new(Group::Elasticsearch, "sink.es.unique.column",
        "Columns that tell records apart, separated by commas: their values make the id of the document.")
        .required("to Elasticsearch").only(ES).example("id");
    ES_VERSION_COLUMN: String = Parameter::new(Group::Elasticsearch, "sink.es.version.column",
        "Field that the version is written to. It must not be one of the records' own.")
        .default("version").only(ES).example("sync_version");
    ES_VERSION: u64 = Parameter::new(Group::Elasticsearch, "sink.es.version",
        "Version that is written with every document, such as the present time; with full and incremental. Not given: none is.")
        .only(ES).example("1586959594");
    ES_RETRY_ON_CONFLICT: u32 = Parameter::new(Group::Elasticsearch, "sink.es.update.retry.on.conflict",
        "How often the server tries an update again that has met another writer's.").default("5").only(ES).example("5");
    ES_BULK_ACTIONS: Parallelism = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.max.actions",
        "Most documents in one bulk request.").default("1000").only(ES).example("5000");
    ES_BULK_SIZE: Parallelism = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.max.size.mb",
        "A bulk request that has reached this size is sent.").default("5").unit("MB").only(ES).example("10");
    ES_BULK_INTERVAL: Duration = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.interval.ms",
        "Longest wait before a bulk request is sent, however small. Every checkpoint sends all of them.")
        .default("60000").unit("ms").only(ES).example("1000");
    ES_BULK_CONCURRENT: Parallelism = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.concurrent",
        "How many bulk requests of one subtask are on their way at a time, never two for one document.")
        .default("2").only(ES).example("4");
    ES_BACKOFF_ENABLE: bool = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.backoff.enable",
        "Whether what servers can't take at present is sent again by itself. Otherwise the job fails, and goes on from its checkpoint.")
        .default("true").only(ES).example("true");
    ES_BACKOFF_TYPE: BackoffType = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.backoff.type",
        "CONSTANT: the same wait each time. EXPONENTIAL: each twice as long as the one before. Chance takes off or adds up to a fifth.")
        .default("CONSTANT").only(ES).example("EXPONENTIAL");
    ES_BACKOFF_DELAY: Duration = Parameter::new(Group::Elasticsearch, "sink.es.bulk.flush.backoff.delay",
        "The wait; with EXPONENTIAL the first one.").default("60000").unit("ms").only(ES).example("1000");
    ES_BACKOFF_RETRIES: u32 = Parameter::new(Group::Elasticsearch, "bulk.flush.backoff.retries",
        "How often in a row something is sent again, without any of it being settled, before the job fails.").default("5").only(ES).example("8");
    ES_TIMEOUT: Duration = Parameter::new(Group::Elasticsearch, "sink.es.request.timeout.ms",
        "Longest wait for a server's answer.").default("60000").unit("ms").only(ES).example("30000");
    ES_USERNAME: String = Parameter::new(Group::Elasticsearch, "sink.es.username",
        "User who logs in.").only(ES).example("writer");
    ES_PASSWORD: String = Parameter::new(Group::Elasticsearch, "sink.es.password",
        "The user's password.").only(ES).example("${env:ES_PASSWORD}");
    ES_API_KEY: String = Parameter::new(Group::Elasticsearch, "sink.es.api-key",
        "API key that logs in, instead of a user: `id:key`, or that in Base64.").only(ES).example("${file:/run/secrets/es-key}");
    ES_TOKEN: String = Parameter::new(Group::Elasticsearch, "sink.es.token",
        "Token that logs in, instead of a user.").only(ES).example("${env:ES_TOKEN}");
    ES_CA: String = Parameter::new(Group::Elasticsearch, "sink.es.tls.ca",
        "File with the certificates, in PEM, of the authorities that are trusted.")
        .default_depends("those that the machine trusts").only(ES).example("/etc/es/ca.pem");
    ES_GZIP: bool = Parameter::new(Group::Elasticsearch, "sink.es.gzip",
        "Whether requests are compressed.").default("false").only(ES).example("true");
    ES_PROXY: String = Parameter::new(Group::Elasticsearch, "sink.es.proxy",
        "Refused: servers are reached without a proxy, whatever the environment says.").only(ES).example("none");
    ES_MAPPING: String = Parameter::new(Group::Elasticsearch, "sink.es.mapping",
        "File with the body by which the index is made where it is missing: mappings and settings. Not given: the server makes it.")
        .only(ES).example("/etc/es/orders.json");
    ES_DELETE_STALE: bool = Parameter::new(Group::Elasticsearch, "sink.es.delete.stale",
        "Whether documents of older versions are removed once a full sync of what is there has come to its end.")
        .default("false").only(ES).example("true");
}
