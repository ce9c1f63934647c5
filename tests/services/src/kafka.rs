//! One broker of Kafka, which is its own controller (KRaft), and Kafka's own tools as witnesses.

mod cluster;
mod program;
mod realm;
mod security;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::keeper::Keeper;
use crate::maven::{Libraries, free_port};
use crate::{Doing, Failure, Result};

pub use cluster::Cluster;
pub use security::{Addresses, PASSWORD, USER};

use realm::Realm;
use security::Secured;

/// Which broker is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 3.9.1: transactions as they were before KIP-890.
    V3_9,
    /// 4.1.0.
    V4_1,
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Self::V3_9 => "3.9.1",
            Self::V4_1 => "4.1.0",
        }
    }
}

/// Must not begin with `-`.
const CLUSTER: &str = "MkU3OEVBNTcwNTJENDM2Qk";

/// A broker, and where it keeps its data. Dropped: the broker is killed and its data removed.
pub struct Kafka {
    version: Version,
    libraries: Libraries,
    directory: TempDir,
    port: u16,
    secured: Option<Secured>,
    kerberos: Option<Realm>,
    broker: Option<Keeper>,
    starts: u32,
}

impl Kafka {
    /// Starts a broker of version 4.1 without topics, and waits until it takes requests.
    ///
    /// # Errors
    /// There is no Java or no Maven, the libraries can't be got, or the broker does not start.
    pub fn start() -> Result<Self> {
        Self::start_as(Version::V4_1, false)
    }

    /// Starts a broker of a version. `secured`: it has listeners beside the plain one that ask who is there, see
    /// [`addresses`](Self::addresses).
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_as(version: Version, secured: bool) -> Result<Self> {
        Self::start_with(version, secured, false, None)
    }

    /// Starts a broker of version 4.1 that is secured and lets those who log in do only what they were
    /// [allowed](Self::allow). Whoever uses [`brokers`](Self::brokers) may do everything.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_guarded() -> Result<Self> {
        Self::start_with(Version::V4_1, true, true, None)
    }

    fn start_with(
        version: Version,
        secured: bool,
        guarded: bool,
        kerberos: Option<Realm>,
    ) -> Result<Self> {
        let project = include_str!("../kafka.xml");
        let libraries = Libraries::resolve("kafka", project, version.name())?;
        let directory = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
        let (port, controller) = (free_port()?, free_port()?);
        let secured = if secured {
            Some(Secured::prepare(directory.path(), guarded)?)
        } else {
            None
        };
        if let Some(realm) = &kerberos {
            realm.prepare(directory.path())?;
        }
        let mut kafka = Self {
            version,
            libraries,
            directory,
            port,
            secured,
            kerberos,
            broker: None,
            starts: 0,
        };
        let properties = kafka.properties();
        fs::write(&properties, kafka.configuration(controller))
            .doing(|| format!("write {}", properties.display()))?;
        let properties = properties.display().to_string();
        let mut format = vec!["format", "-t", CLUSTER, "-c", &properties];
        let users = security::users();
        if kafka.secured.is_some() {
            format.extend(users.iter().flat_map(|user| ["--add-scram", user.as_str()]));
        }
        kafka.run("kafka.tools.StorageTool", &format, "")?;
        kafka.restart()?;
        Ok(kafka)
    }

    /// What clients are given as `bootstrap.servers`.
    pub fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The class path of Kafka's own tools.
    pub fn class_path(&self) -> String {
        self.libraries.class_path()
    }

    /// Where clients that are asked who they are find a broker that was started as secured.
    ///
    /// # Errors
    /// It was not.
    pub fn addresses(&self) -> Result<Addresses> {
        let secured = self.secured.as_ref();
        let not_so = || Failure::new("the broker was not started as secured");
        secured.map(Secured::addresses).ok_or_else(not_so)
    }

    /// Kills the broker as `kill -9` does. Its data stays.
    pub fn kill(&mut self) {
        self.broker = None;
    }

    /// Starts the broker again with its data, and waits until it takes requests. One that runs is killed first.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        self.starts += 1;
        let log = self.directory.path().join(format!("log-{}", self.starts));
        let properties = self.properties().display().to_string();
        let realm = self.kerberos.as_ref().map(|realm| {
            let configuration = realm.configuration.display();
            format!("-Djava.security.krb5.conf={configuration}")
        });
        let broker = program::broker(&self.libraries, realm.as_deref(), &properties, &log)?;
        program::await_ready(&broker, &log)?;
        self.broker = Some(broker);
        Ok(())
    }

    /// Starts the broker again, as one that makes each topic that somebody asks for: so Kafka does where nothing else is set.
    ///
    /// # Errors
    /// Its properties can't be written, or it does not start.
    pub fn restart_making_topics(&mut self) -> Result<()> {
        let properties = self.properties();
        let doing = || format!("change {}", properties.display());
        let text = fs::read_to_string(&properties).doing(doing)?;
        let made = text.replace(
            "auto.create.topics.enable=false",
            "auto.create.topics.enable=true",
        );
        fs::write(&properties, made).doing(doing)?;
        self.restart()
    }

    /// Makes a topic.
    ///
    /// # Errors
    /// Kafka's tool refuses.
    pub fn create_topic(&self, topic: &str, partitions: u32) -> Result<()> {
        let partitions = partitions.to_string();
        let arguments = [
            "--create",
            "--topic",
            topic,
            "--partitions",
            &partitions,
            "--replication-factor",
            "1",
        ];
        self.tool("TopicCommand", &arguments, "").map(drop)
    }

    /// Gives a topic more partitions.
    ///
    /// # Errors
    /// Kafka's tool refuses.
    pub fn add_partitions(&self, topic: &str, partitions: u32) -> Result<()> {
        let partitions = partitions.to_string();
        let arguments = ["--alter", "--topic", topic, "--partitions", &partitions];
        self.tool("TopicCommand", &arguments, "").map(drop)
    }

    /// Deletes a topic with all its records.
    ///
    /// # Errors
    /// Kafka's tool refuses.
    pub fn delete_topic(&self, topic: &str) -> Result<()> {
        let arguments = ["--delete", "--topic", topic];
        self.tool("TopicCommand", &arguments, "").map(drop)
    }

    /// Lets [`USER`] do something: operations, and the resource as Kafka's tool takes it (`--topic orders`).
    ///
    /// # Errors
    /// Kafka's tool refuses.
    pub fn allow(&self, operations: &[&str], resource: &[&str]) -> Result<()> {
        let user = format!("User:{USER}");
        let mut arguments = vec!["--add", "--allow-principal", user.as_str()];
        for operation in operations {
            arguments.extend(["--operation", operation]);
        }
        arguments.extend(resource);
        self.tool("AclCommand", &arguments, "").map(drop)
    }

    /// Writes one record for each of `values`, without keys, by Kafka's console producer.
    ///
    /// # Errors
    /// Kafka's tool refuses.
    pub fn produce<'a>(
        &self,
        topic: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        let mut lines = String::new();
        for value in values {
            lines.push_str(value);
            lines.push('\n');
        }
        self.console_producer(&["--topic", topic], &lines)
    }

    /// Writes records with keys, which say what partition each goes to, by Kafka's console producer.
    ///
    /// # Errors
    /// Kafka's tool refuses.
    pub fn produce_keyed(
        &self,
        topic: &str,
        records: impl IntoIterator<Item = (String, String)>,
    ) -> Result<()> {
        let mut lines = String::new();
        for (key, value) in records {
            lines.push_str(&key);
            lines.push('\t');
            lines.push_str(&value);
            lines.push('\n');
        }
        let arguments = ["--topic", topic, "--property", "parse.key=true"];
        self.console_producer(&arguments, &lines)
    }

    fn console_producer(&self, arguments: &[&str], lines: &str) -> Result<()> {
        let class = match self.version {
            Version::V3_9 => "kafka.tools.ConsoleProducer",
            Version::V4_1 => "org.apache.kafka.tools.ConsoleProducer",
        };
        let brokers = self.brokers();
        let mut all = vec!["--bootstrap-server", brokers.as_str()];
        all.extend(arguments);
        self.run(class, &all, lines).map(drop)
    }

    /// Deletes the records of a partition before `offset`, as retention does.
    ///
    /// # Errors
    /// Kafka's tool refuses.
    pub fn delete_records(&self, topic: &str, partition: u32, offset: u64) -> Result<()> {
        let file = self.directory.path().join("delete.json");
        let wanted = format!(
            r#"{{"version":1,"partitions":[{{"topic":"{topic}","partition":{partition},"offset":{offset}}}]}}"#
        );
        fs::write(&file, wanted).doing(|| format!("write {}", file.display()))?;
        let file = file.display().to_string();
        let arguments = ["--offset-json-file", &file];
        self.tool("DeleteRecordsCommand", &arguments, "").map(drop)
    }

    /// What a group has committed: partition and offset, in order, by Kafka's tool.
    ///
    /// # Errors
    /// Kafka's tool refuses; it says something that isn't understood.
    pub fn committed(&self, group: &str, topic: &str) -> Result<Vec<(u32, u64)>> {
        let arguments = ["--describe", "--group", group];
        let said = self.tool("consumer.group.ConsumerGroupCommand", &arguments, "")?;
        let rows = said.lines().map(|line| line.split_whitespace());
        let mut committed: Vec<(u32, u64)> = rows
            .filter_map(|mut words| {
                let is_row = words.next() == Some(group) && words.next() == Some(topic);
                let (partition, offset) = (words.next()?, words.next()?);
                is_row.then_some((partition.parse().ok()?, offset.parse().ok()?))
            })
            .collect();
        committed.sort_unstable();
        Ok(committed)
    }

    /// Changes settings of topics or brokers by Kafka's tool.
    ///
    /// # Errors
    /// Kafka's tool refuses.
    pub fn configure(&self, arguments: &[&str]) -> Result<()> {
        let brokers = self.brokers();
        let mut all = vec!["--bootstrap-server", brokers.as_str()];
        all.extend(arguments);
        self.run("kafka.admin.ConfigCommand", &all, "").map(drop)
    }

    /// Runs one of Kafka's tools in `org.apache.kafka.tools` with the broker's address, `input` on its standard input;
    /// what it printed.
    ///
    /// # Errors
    /// It ends with an error, which holds what it said.
    pub fn tool(&self, class: &str, arguments: &[&str], input: &str) -> Result<String> {
        let brokers = self.brokers();
        let mut all = vec!["--bootstrap-server", brokers.as_str()];
        all.extend(arguments);
        self.run(&format!("org.apache.kafka.tools.{class}"), &all, input)
    }

    fn run(&self, class: &str, arguments: &[&str], input: &str) -> Result<String> {
        program::run(&self.libraries, class, arguments, input)
    }

    fn properties(&self) -> PathBuf {
        self.directory.path().join("server.properties")
    }

    fn configuration(&self, controller: u16) -> String {
        let (broker, data) = (self.port, self.directory.path().join("data"));
        let none = || (String::new(), String::new(), String::new());
        let (listeners, protocols, more) = self
            .secured
            .as_ref()
            .map_or_else(none, Secured::configuration);
        let realm = self.kerberos.as_ref();
        let own = realm.map_or_else(none, |realm| realm.listeners(self.directory.path()));
        let listeners = listeners + &own.0;
        let protocols = protocols + &own.1;
        let more = more + &own.2;
        // Tests write records of any year, which retention would take away at one of its looks.
        format!(
            "process.roles=broker,controller\n\
             node.id=1\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}{listeners}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{broker}{listeners}\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}\n\
             controller.listener.names=CONTROLLER\n\
             inter.broker.listener.name=PLAINTEXT\n\
             log.dirs={}\n\
             auto.create.topics.enable=false\n\
             log.retention.ms=-1\n\
             offsets.topic.num.partitions=4\n\
             offsets.topic.replication.factor=1\n\
             transaction.state.log.num.partitions=4\n\
             transaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\n\
             group.initial.rebalance.delay.ms=0\n\
             {more}",
            data.display()
        )
    }
}
