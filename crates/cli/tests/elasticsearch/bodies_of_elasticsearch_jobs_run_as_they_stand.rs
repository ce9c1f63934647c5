//! The bodies by which users of the operators that came before load Parquet from HDFS into Elasticsearch, through
//! `POST /jars/:id/run` as they stand: only hosts are others.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::common::documents::documents;
use crate::common::server::Server;
use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use millstream_services::elasticsearch::{Elasticsearch, Server as Version};
use millstream_services::hdfs::Hdfs;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

/// A server of Elasticsearch and a cluster.
struct Services {
    elasticsearch: Elasticsearch,
    hdfs: Hdfs,
}

/// Those of the tests that run beside each other.
static SHARED: Mutex<Weak<Services>> = Mutex::new(Weak::new());

fn services() -> Arc<Services> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let elasticsearch = Elasticsearch::start(Version::Elasticsearch6);
        let services = Arc::new(Services {
            elasticsearch: elasticsearch.expect("a server"),
            hdfs: Hdfs::start().expect("HDFS"),
        });
        *shared = Arc::downgrade(&services);
        services
    })
}

/// The services, and a server of ours in a directory.
struct Place {
    server: Server,
    services: Arc<Services>,
}

impl Place {
    fn new(directory: &Path) -> Self {
        let services = services();
        // Its settings say which cluster `hdfs:///` is.
        let settings = services.hdfs.configuration();
        let settings = format!("-Dhadoop.home.dir={}", settings.display());
        Self {
            server: Server::started(directory, &[&settings]),
            services,
        }
    }

    /// Puts a file of Parquet with these columns there.
    fn put(&self, path: &str, columns: Vec<(&str, ArrayRef)>) {
        let batch = RecordBatch::try_from_iter(columns).expect("a batch");
        let writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None);
        let mut writer = writer.expect("a writer");
        writer.write(&batch).expect("written");
        let bytes = writer.into_inner().expect("closed");
        self.services.hdfs.put(path, &bytes).expect("is put");
    }

    /// Runs the job of a body to its end.
    fn run(&self, text: &str) {
        let Services {
            elasticsearch,
            hdfs,
        } = &*self.services;
        let text = text
            .replace("172.27.14.125:9200", &elasticsearch.address())
            .replace("hdfs://m7-common-cdh07:8020", &hdfs.url(""));
        let body: Value = serde_json::from_str(&text).expect("JSON");
        let id = self.server.run_job("ingest", &body);
        self.server.await_status(&id, "FINISHED");
    }
}

#[test]
fn parquet_to_elasticsearch() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Place::new(directory.path());
    place.put(
        "/user/liyihui/parquet/a.parquet",
        vec![
            ("id", Arc::new(Int32Array::from(vec![1, 2]))),
            ("name", Arc::new(StringArray::from(vec!["n1", "n2"]))),
        ],
    );
    place.run(
        r#"{
          "entryClass": "com._4paradigm.csp.operator.Main",
          "programArgsList": [ "--job.name", "es6 sink job example",
                               "--source.type", "parquet", "--source.path hdfs:///user/liyihui/parquet",
                               "--source.watch.type", "PROCESS_ONCE",
                               "--sink.type", "es",
                               "--sink.es.server","172.27.14.125:9200", "--sink.es.index", "lyh", "--sink.es.type", "parquet",
                               "--sink.es.sync.type", "full",
                               "--sink.es.unique.column", "id",
                               "--sink.es.version.column", "version",
                               "--sink.es.version", "1586959594"
                          ]
        }"#,
    );
    let expected = BTreeMap::from([
        (
            "1".to_owned(),
            json!({"id": 1, "name": "n1", "version": 1_586_959_594_i64}),
        ),
        (
            "2".to_owned(),
            json!({"id": 2, "name": "n2", "version": 1_586_959_594_i64}),
        ),
    ]);
    let elasticsearch = &place.services.elasticsearch;
    assert_eq!(documents(elasticsearch, "lyh"), expected);
    let typed = elasticsearch.ask("GET", "/lyh/parquet/1", "");
    let typed = typed.expect("an answer");
    assert_eq!(typed.status, 200, "{}", typed.body);
}

#[test]
fn parquet_to_elasticsearch_with_sql() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Place::new(directory.path());
    let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    place.put(
        "/user/liyihui/es/full_0/a.parquet",
        vec![
            ("city", text("c")),
            ("name", text("n")),
            ("x", text("1.5")),
            ("y", text("2")),
            ("tags", text("t1|t2")),
            ("id", Arc::new(Int32Array::from(vec![7]))),
        ],
    );
    place.run(
        r#"{
          "entryClass": "com._4paradigm.csp.operator.Main",
          "programArgsList": [
            "--job.name", "sql-es",
            "--source.type", "parquet",  "--sink.type", "es", "--sink.es.sync.type", "full",
            "--source.path", "hdfs://m7-common-cdh07:8020/user/liyihui/es/full_0",
            "--source.watch.type", "PROCESS_ONCE",
            "--sink.es.server", "172.27.14.125:9200",
            "--sink.es.index", "lyh_local",
            "--sink.es.type", "parquet",
            "--sink.es.unique.column", "id",
            "--sink.es.version.column", "version",
            "--sink.es.version", "1587121530001",
            "--stream.sql.enable", "true",
            "--stream.sql.schema.json", "{\"city\": \"String\", \"name\": \"String\", \"x\": \"String\", \"y\": \"String\", \"tags\": \"String\", \"id\": \"Int\"}",
            "--stream.sql", "select id, city, name, concat(x,'-', y) as location, arraySplit(tags, '|') as tags from t1"
          ]
        }"#,
    );
    let document = json!({
        "id": 7, "city": "c", "name": "n", "location": "1.5-2", "tags": ["t1", "t2"], "version": 1_587_121_530_001_i64
    });
    let found = documents(&place.services.elasticsearch, "lyh_local");
    assert_eq!(found, BTreeMap::from([("7".to_owned(), document)]));
}
