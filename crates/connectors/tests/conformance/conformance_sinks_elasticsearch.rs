//! A sink of Elasticsearch keeps the promises of a sink that shows everything at once, against a real server.

#![cfg(feature = "elasticsearch")]

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use millstream_connectors::conformance::{SinkSuite, SinkTarget};
use millstream_connectors::elasticsearch::{
    Backoff, EsOptions, EsSink, Flush, IndexPattern, Login, Server, SyncType,
};
use millstream_connectors::rows::{Origin, Rows};
use millstream_core::options::FromOptionText;
use millstream_engine::connector::{Committable, Sink};
use millstream_services::elasticsearch::{Elasticsearch, Server as Version};

fn server() -> &'static Elasticsearch {
    static SERVER: OnceLock<Elasticsearch> = OnceLock::new();
    SERVER.get_or_init(|| Elasticsearch::start(Version::OpenSearch2).expect("a server"))
}

struct Target {
    index: String,
}

impl Target {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            index: format!("conforms-{count}"),
        }
    }
}

impl SinkTarget for Target {
    type Record = Rows;

    fn sink(&self) -> Box<dyn Sink<Rows>> {
        let options = EsOptions {
            servers: Server::parse_all(&server().address()).expect("an address"),
            index: IndexPattern::from_option_text(&self.index).expect("an index"),
            doc_type: None,
            sync: SyncType::Full,
            id: vec!["id".to_owned()],
            version_column: "version".to_owned(),
            version: None,
            retry_on_conflict: 5,
            flush: Flush {
                actions: 100,
                bytes: 1_000_000,
                interval: Duration::from_secs(3_600),
                concurrent: 2,
            },
            backoff: Backoff {
                retries: 5,
                delay: Duration::from_millis(100),
                exponential: false,
            },
            timeout: Duration::from_secs(60),
            login: Login::None,
            ca: None,
            gzip: false,
            delete_stale: false,
            mapping: None,
        };
        Box::new(EsSink::new(options).expect("a sink"))
    }

    fn records(&self, numbers: Range<u64>) -> Vec<Rows> {
        let numbers: Vec<u64> = numbers.collect();
        let batches = numbers.chunks(7).map(|numbers| {
            let ids = Int64Array::from_iter_values(numbers.iter().map(|number| *number as i64));
            let ids: ArrayRef = Arc::new(ids);
            Rows {
                batch: RecordBatch::try_from_iter([("id", ids)]).expect("a batch"),
                origin: Arc::new(Origin {
                    file: "numbers".into(),
                    offsets: numbers.to_vec(),
                    lines: Vec::new(),
                    times: Vec::new(),
                    raws: None,
                }),
            }
        });
        batches.collect()
    }

    fn visible(&self) -> Vec<u64> {
        let index = &self.index;
        server()
            .ask("POST", &format!("/{index}/_refresh"), "{}")
            .expect("refreshed");
        let path = format!("/{index}/_search?size=10000&filter_path=hits.hits._id");
        let found = server().ask("POST", &path, "{}").expect("an answer");
        let found: serde_json::Value = serde_json::from_str(&found.body).expect("JSON");
        let hits = found.pointer("/hits/hits").and_then(|hits| hits.as_array());
        let hits = hits.cloned().unwrap_or_default();
        let ids = hits.iter().map(|hit| {
            let id = hit.get("_id").and_then(|id| id.as_str());
            id.expect("an id")
        });
        ids.map(|id| id.parse().expect("a number")).collect()
    }

    fn leftovers(&self) -> Vec<String> {
        Vec::new()
    }

    fn destroy(&self, _: &Committable) {}
}

#[test]
fn what_was_taken_is_there_when_it_is_prepared() {
    SinkSuite::new(&Target::new).run_at_once();
}
