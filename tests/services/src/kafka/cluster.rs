//! Several brokers, of which any one may die: each record lies on all of them, and two have to have it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::{CLUSTER, program};
use crate::keeper::Keeper;
use crate::maven::{Libraries, free_port};
use crate::{Doing, Failure, Result, wait};

/// The version of the brokers.
const VERSION: &str = "4.1.0";

/// How long brokers may take to have the same records again: a second on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// Three brokers of version 4.1, each of which is a controller as well. Dropped: they are killed and their data removed.
pub struct Cluster {
    libraries: Libraries,
    directory: TempDir,
    nodes: Vec<Node>,
    starts: u32,
}

struct Node {
    port: u16,
    broker: Option<Keeper>,
}

impl Cluster {
    /// How many brokers there are.
    pub const SIZE: usize = 3;

    /// Starts brokers without topics, and waits until all take requests.
    ///
    /// # Errors
    /// There is no Java or no Maven, the libraries can't be got, or a broker does not start.
    pub fn start() -> Result<Self> {
        let libraries = Libraries::resolve("kafka", include_str!("../../kafka.xml"), VERSION)?;
        let directory = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
        let mut ports = Vec::new();
        for _ in 0..Self::SIZE {
            ports.push((free_port()?, free_port()?));
        }
        let voters: Vec<String> = ports
            .iter()
            .enumerate()
            .map(|(id, (_, controller))| format!("{id}@127.0.0.1:{controller}"))
            .collect();
        let mut cluster = Self {
            libraries,
            directory,
            nodes: Vec::new(),
            starts: 0,
        };
        for (id, (port, controller)) in ports.into_iter().enumerate() {
            let properties = cluster.properties(id);
            let data = cluster.directory.path().join(format!("data-{id}"));
            let text = configuration(id, port, controller, &voters.join(","))
                + &format!("log.dirs={}\n", data.display());
            fs::write(&properties, text).doing(|| format!("write {}", properties.display()))?;
            let properties = properties.display().to_string();
            let format = ["format", "-t", CLUSTER, "-c", &properties];
            program::run(&cluster.libraries, "kafka.tools.StorageTool", &format, "")?;
            cluster.nodes.push(Node { port, broker: None });
        }
        // None is ready without another.
        let logs: Vec<PathBuf> = (0..Self::SIZE)
            .map(|id| cluster.spawn(id))
            .collect::<Result<_>>()?;
        for (id, log) in logs.into_iter().enumerate() {
            cluster.await_ready(id, log)?;
        }
        Ok(cluster)
    }

    /// What clients are given as `bootstrap.servers`.
    pub fn brokers(&self) -> String {
        let addresses = self
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port));
        addresses.collect::<Vec<_>>().join(",")
    }

    /// Makes a topic whose records lie on all brokers.
    ///
    /// # Errors
    /// Kafka's tool refuses.
    pub fn create_topic(&self, topic: &str, partitions: u32) -> Result<()> {
        let (partitions, copies) = (partitions.to_string(), Self::SIZE.to_string());
        let what = ["--create", "--topic", topic, "--partitions", &partitions];
        let arguments = [&what[..], &["--replication-factor", &copies]].concat();
        self.tool("TopicCommand", &arguments, "").map(drop)
    }

    /// Kills a broker as `kill -9` does. Its data stays.
    pub fn kill(&mut self, id: usize) {
        if let Some(node) = self.nodes.get_mut(id) {
            node.broker = None;
        }
    }

    /// Starts a killed broker again with its data, and waits until all have the same records.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart(&mut self, id: usize) -> Result<()> {
        let log = self.spawn(id)?;
        self.await_ready(id, log)?;
        wait::until("all brokers to have the same records", PATIENCE, || {
            let arguments = ["--describe", "--under-replicated-partitions"];
            let said = self.tool("TopicCommand", &arguments, "")?;
            Ok(said.trim().is_empty().then_some(()))
        })
    }

    /// Changes settings of topics or brokers by Kafka's tool.
    ///
    /// # Errors
    /// Kafka's tool refuses.
    pub fn configure(&self, arguments: &[&str]) -> Result<()> {
        let brokers = self.brokers();
        let mut all = vec!["--bootstrap-server", brokers.as_str()];
        all.extend(arguments);
        let class = "kafka.admin.ConfigCommand";
        program::run(&self.libraries, class, &all, "").map(drop)
    }

    /// Runs one of Kafka's tools, as [`Kafka::tool`](super::Kafka::tool).
    ///
    /// # Errors
    /// It ends with an error, which holds what it said.
    pub fn tool(&self, class: &str, arguments: &[&str], input: &str) -> Result<String> {
        let brokers = self.brokers();
        let mut all = vec!["--bootstrap-server", brokers.as_str()];
        all.extend(arguments);
        let class = format!("org.apache.kafka.tools.{class}");
        program::run(&self.libraries, &class, &all, input)
    }

    fn spawn(&mut self, id: usize) -> Result<PathBuf> {
        self.starts += 1;
        let log = self.directory.path().join(format!("log-{}", self.starts));
        let properties = self.properties(id).display().to_string();
        let broker = program::broker(&self.libraries, None, &properties, &log)?;
        if let Some(node) = self.nodes.get_mut(id) {
            node.broker = Some(broker);
        }
        Ok(log)
    }

    fn await_ready(&self, id: usize, log: PathBuf) -> Result<()> {
        let node = self.nodes.get(id).and_then(|node| node.broker.as_ref());
        let broker = node.ok_or_else(|| Failure::new("the broker was not started"))?;
        program::await_ready(broker, &log)
    }

    fn properties(&self, id: usize) -> PathBuf {
        self.directory
            .path()
            .join(format!("server-{id}.properties"))
    }
}

fn configuration(id: usize, broker: u16, controller: u16, voters: &str) -> String {
    format!(
        "process.roles=broker,controller\n\
         node.id={id}\n\
         controller.quorum.voters={voters}\n\
         listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{broker}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         controller.listener.names=CONTROLLER\n\
         inter.broker.listener.name=PLAINTEXT\n\
         auto.create.topics.enable=false\n\
         log.retention.ms=-1\n\
         min.insync.replicas=2\n\
         offsets.topic.num.partitions=4\n\
         offsets.topic.replication.factor=3\n\
         transaction.state.log.num.partitions=4\n\
         transaction.state.log.replication.factor=3\n\
         transaction.state.log.min.isr=2\n\
         group.initial.rebalance.delay.ms=0\n"
    )
}
