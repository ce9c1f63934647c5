//! One server of Elasticsearch or OpenSearch, and plain requests to it as a witness.

mod http;

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::keeper::Keeper;
use crate::maven::{Libraries, java, lock};
use crate::{Doing, Failure, Result, wait};

pub use http::{Answer, ask};

/// Which server is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// Elasticsearch 6.6.1, where documents have types.
    Elasticsearch6,
    /// Elasticsearch 7.10.2.
    Elasticsearch7,
    /// OpenSearch 2.19.1.
    OpenSearch2,
}

impl Server {
    /// Name, project, version and main class.
    fn made_of(self) -> (&'static str, &'static str, &'static str, &'static str) {
        const ELASTICSEARCH: &str = include_str!("../elasticsearch.xml");
        const OPENSEARCH: &str = include_str!("../opensearch.xml");
        let runner = "org.codelibs.elasticsearch.runner.ElasticsearchClusterRunner";
        match self {
            Self::Elasticsearch6 => ("elasticsearch", ELASTICSEARCH, "6.6.1.0", runner),
            Self::Elasticsearch7 => ("elasticsearch", ELASTICSEARCH, "7.10.2.0", runner),
            Self::OpenSearch2 => (
                "opensearch",
                OPENSEARCH,
                "2.19.1.0",
                "org.codelibs.opensearch.runner.OpenSearchRunner",
            ),
        }
    }
}

/// How long a server may take to be ready: 8 s on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(240);
/// The ports that the runner takes lie behind these.
const PORTS: std::ops::Range<u32> = 9_200..9_280;
/// What it prints before the port.
const PORT: &str = "HTTP Port:";

/// A server, and where it keeps its data. Dropped: it is killed and its data removed.
pub struct Elasticsearch {
    server: Server,
    libraries: Libraries,
    directory: TempDir,
    cluster: String,
    port: Option<u32>,
    process: Option<Keeper>,
    starts: u32,
}

impl Elasticsearch {
    /// Starts a server without indices, and waits until it takes requests.
    ///
    /// # Errors
    /// There is no Java or no Maven, the libraries can't be got, or the server does not start.
    pub fn start(server: Server) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (name, project, version, _) = server.made_of();
        let libraries = Libraries::resolve(name, project, version)?;
        let directory = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut elasticsearch = Self {
            server,
            libraries,
            directory,
            cluster: format!("test-{}-{count}", std::process::id()),
            port: None,
            process: None,
            starts: 0,
        };
        elasticsearch.restart()?;
        Ok(elasticsearch)
    }

    /// `host:port`, as clients are given it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port.unwrap_or_default())
    }

    /// Kills the server as `kill -9` does. Its data stays.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts the server again with its data at the same address, and waits until it takes requests. One that runs is killed
    /// first.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        self.starts += 1;
        // Those that start at the same time would take the same port.
        let lock = lock("elasticsearch-port")?;
        let first = PORTS.start + std::process::id() % (PORTS.end - PORTS.start);
        let before = self.port.map_or(first, |port| port - 1);
        let log = self.directory.path().join(format!("log-{}", self.starts));
        let arguments = self.arguments(before);
        let process = Keeper::start(&java(), &arguments, &log, None)?;
        let logged = || fs::read_to_string(&log).unwrap_or_default();
        let mut port = None;
        let what = format!("the server (process {}) to be ready", process.id());
        let ready = wait::until(&what, PATIENCE, || {
            if process.has_ended() {
                return Err(Failure::new("the server has ended"));
            }
            port = port.or_else(|| port_of(&logged()));
            let Some(port) = port else {
                return Ok(None);
            };
            let path = "/_cluster/health?wait_for_status=yellow&timeout=1s";
            let answer = ask(&format!("127.0.0.1:{port}"), "GET", path, "");
            Ok(answer
                .ok()
                .filter(|answer| answer.status == 200)
                .map(|_| ()))
        });
        ready.map_err(|failure| Failure::new(format!("{failure}; it logged:\n{}", logged())))?;
        drop(lock);
        if self.port.is_some() && self.port != port {
            return Err(Failure::new("somebody else has taken the server's port"));
        }
        self.port = port;
        self.process = Some(process);
        // A disk of the machine's that is almost full is no matter of a test's.
        let settings =
            r#"{"transient":{"cluster.routing.allocation.disk.threshold_enabled":false}}"#;
        self.ask("PUT", "/_cluster/settings", settings).map(drop)
    }

    /// Asks the server something.
    ///
    /// # Errors
    /// It does not answer.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Result<Answer> {
        ask(&self.address(), method, path, body)
    }

    fn arguments(&self, port: u32) -> Vec<String> {
        let (_, _, _, class) = self.server.made_of();
        let base = self.directory.path().join("server").display().to_string();
        let port = port.to_string();
        let class_path = self.libraries.class_path();
        let all = [
            "-Xms256m",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--add-opens",
            "java.base/java.lang=ALL-UNNAMED",
            "-cp",
            &class_path,
            class,
            "-basePath",
            &base,
            "-numOfNode",
            "1",
            "-baseHttpPort",
            &port,
            "-clusterName",
            &self.cluster,
        ];
        all.map(str::to_owned).to_vec()
    }
}

fn port_of(log: &str) -> Option<u32> {
    let (_, rest) = log.split_once(PORT)?;
    let line = rest.lines().next().filter(|_| rest.contains('\n'))?;
    line.trim().parse().ok()
}
