//! HDFS: one NameNode or two, and one DataNode, and their own HTTP interface as the witness.

mod lease;
mod pair;
mod realm;
mod web;
mod witness;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::hive::xml;
use crate::kdc::Kdc;
use crate::keeper::Keeper;
use crate::maven::{Libraries, free_port, java};
use crate::{Doing, Failure, Result, wait};

use pair::Other;
use realm::Realm;
pub use witness::{Entry, OpenFile};

/// The version that is started.
const VERSION: &str = "3.4.1";

/// How long a node may take to be ready: 4 s on a machine with nothing else to do, more than 25 s beside builds.
const PATIENCE: Duration = Duration::from_secs(300);

/// What both nodes are: there is no class of the other libraries in its way.
const NAME_NODE: &str = "org.apache.hadoop.hdfs.server.namenode.NameNode";
const DATA_NODE: &str = "org.apache.hadoop.hdfs.server.datanode.DataNode";

/// The ports of both nodes.
#[derive(Debug, Clone, Copy)]
struct Ports {
    name: u16,
    name_http: u16,
    data: u16,
    data_http: u16,
    data_ipc: u16,
}

/// Both nodes, and where they keep their data. Dropped: they are killed and their data removed.
pub struct Hdfs {
    libraries: Libraries,
    directory: TempDir,
    ports: Ports,
    user: String,
    realm: Option<Realm>,
    name_node: Option<Keeper>,
    /// The NameNode that is not active, where there are two.
    other: Option<Other>,
    data_node: Option<Keeper>,
    starts: u32,
}

impl Hdfs {
    /// Starts both nodes without files, and waits until files can be written.
    ///
    /// # Errors
    /// There is no Java or no Maven, the libraries can't be got, or a node does not start.
    pub fn start() -> Result<Self> {
        Self::start_in(None)
    }

    /// The same as `hdfs/localhost` (over HTTP `HTTP/localhost`) of a KDC's realm, which clients log in to by Kerberos.
    /// `protection`: what is done to messages and bytes afterwards (`authentication`: nothing, `integrity`, `privacy`). Everything
    /// belongs to the nodes, see [`hand_over`](Self::hand_over).
    ///
    /// # Errors
    /// As [`start`](Self::start); the witness gets no token.
    pub fn start_kerberos(kdc: &Kdc, protection: &str) -> Result<Self> {
        let mut hdfs = Self::start_in(Some(Realm::of(kdc, protection)))?;
        hdfs.get_token()?;
        Ok(hdfs)
    }

    fn start_in(realm: Option<Realm>) -> Result<Self> {
        let mut hdfs = Self::configured(realm, None)?;
        hdfs.run(NAME_NODE, &["-format", "-force", "-nonInteractive"])?;
        hdfs.restart_name_node()?;
        hdfs.restart_data_node()?;
        Ok(hdfs)
    }

    /// With their settings, and not started.
    fn configured(realm: Option<Realm>, other: Option<Other>) -> Result<Self> {
        let libraries = Libraries::resolve("hdfs", include_str!("../hdfs.xml"), VERSION)?;
        let directory = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
        let ports = Ports {
            name: free_port()?,
            name_http: free_port()?,
            data: free_port()?,
            data_http: free_port()?,
            data_ipc: free_port()?,
        };
        let hdfs = Self {
            libraries,
            directory,
            ports,
            user: match &realm {
                Some(_) => realm::USER.to_owned(),
                None => whoami()?,
            },
            realm,
            name_node: None,
            other,
            data_node: None,
            starts: 0,
        };
        hdfs.configure()?;
        Ok(hdfs)
    }

    /// The NameNode: host and port. Kerberos knows it by the name of the host.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host(), self.ports.name)
    }

    fn host(&self) -> &'static str {
        match self.realm {
            Some(_) => "localhost",
            None => "127.0.0.1",
        }
    }

    /// The URL of a path in it that begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("hdfs://{}{path}", self.address())
    }

    /// The directory of `core-site.xml` and `hdfs-site.xml` for clients: it names this file system as the default one, and as
    /// the name service `cluster` with two NameNodes, the first of which is not there.
    pub fn configuration(&self) -> PathBuf {
        self.directory.path().join("client")
    }

    /// The user of the nodes, who may do everything.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Kills the NameNode as `kill -9` does. Its data stays.
    pub fn kill_name_node(&mut self) {
        self.name_node = None;
    }

    /// Kills the DataNode as `kill -9` does. Its data stays.
    pub fn kill_data_node(&mut self) {
        self.data_node = None;
    }

    /// Starts the NameNode again with its data. One that runs is killed first. Where there is a DataNode, it is waited for until
    /// files can be written.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart_name_node(&mut self) -> Result<()> {
        self.kill_name_node();
        self.name_node = Some(self.start_node(NAME_NODE, &[])?);
        if self.data_node.is_some() {
            return self.await_ready();
        }
        self.await_answer("the NameNode", || {
            Ok(self.bean("FSNamesystem").is_ok().then_some(()))
        })
    }

    /// The same of the DataNode.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart_data_node(&mut self) -> Result<()> {
        self.kill_data_node();
        self.data_node = Some(self.start_node(DATA_NODE, &[])?);
        self.await_ready()
    }

    /// The same; there is no room on it for another block until it is started again.
    ///
    /// # Errors
    /// It does not start.
    pub fn fill_data_node(&mut self) -> Result<()> {
        self.kill_data_node();
        // More than any disk has.
        let kept = "dfs.datanode.du.reserved=1000000000000000";
        self.data_node = Some(self.start_node(DATA_NODE, &["-D", kept])?);
        self.await_ready()?;
        self.await_answer("the DataNode to be full", || {
            let system = self.bean("FSNamesystem")?;
            let left = system.get("CapacityRemaining").and_then(Value::as_u64);
            Ok((left == Some(0)).then_some(()))
        })
    }

    /// Has the NameNode refuse every change, or not any more; not in a realm.
    ///
    /// # Errors
    /// Hadoop's tool refuses.
    pub fn safe_mode(&self, on: bool) -> Result<()> {
        let verb = if on { "enter" } else { "leave" };
        self.run(
            "org.apache.hadoop.hdfs.tools.DFSAdmin",
            &["-safemode", verb],
        )
        .map(drop)
    }

    /// Waits until the NameNode is out of its safe mode and has a DataNode.
    fn await_ready(&self) -> Result<()> {
        self.await_answer("HDFS to take files", || {
            let (Ok(system), Ok(info)) = (self.bean("FSNamesystem"), self.bean("NameNodeInfo"))
            else {
                return Ok(None);
            };
            let live = system.get("NumLiveDataNodes").and_then(Value::as_u64);
            let is_safe = info.get("Safemode").and_then(Value::as_str);
            let writes = self.is_data_node_up();
            Ok((live == Some(1) && is_safe == Some("") && writes).then_some(()))
        })
    }

    fn is_data_node_up(&self) -> bool {
        let listens = |port: u16| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        listens(self.ports.data) && listens(self.ports.data_http)
    }

    fn await_answer(&self, what: &str, look: impl Fn() -> Result<Option<()>>) -> Result<()> {
        let answer = wait::until(what, PATIENCE, || {
            let ended = |node: &Option<Keeper>| node.as_ref().is_some_and(Keeper::has_ended);
            if ended(&self.name_node) || ended(&self.data_node) {
                return Err(Failure::new("a node has ended"));
            }
            look()
        });
        answer.map_err(|failure| {
            let mut told = failure.to_string();
            for start in 1..=self.starts {
                let log = fs::read_to_string(self.log(start)).unwrap_or_default();
                let from = log.len().saturating_sub(4_000);
                told.push_str(&format!(
                    "\nlog {start}:\n{}",
                    log.get(from..).unwrap_or(&log)
                ));
            }
            Failure::new(told)
        })
    }

    /// What the NameNode tells of itself under a name.
    fn bean(&self, name: &str) -> Result<Value> {
        let address = format!("127.0.0.1:{}", self.ports.name_http);
        let path = format!("/jmx?qry=Hadoop:service=NameNode,name={name}");
        let answer = web::ask(&address, "GET", &path, &[])?;
        let all: Value = serde_json::from_slice(&answer.body).doing(|| "read JSON".to_owned())?;
        let none = || Failure::new(format!("the NameNode tells nothing of {name}"));
        all.pointer("/beans/0").cloned().ok_or_else(none)
    }

    fn log(&self, start: u32) -> PathBuf {
        self.directory.path().join(format!("log-{start}"))
    }

    fn start_node(&mut self, class: &str, options: &[&str]) -> Result<Keeper> {
        self.starts += 1;
        let arguments = self.arguments(class, options);
        Keeper::start(
            &java(),
            &arguments,
            &self.log(self.starts),
            Some(self.directory.path()),
        )
    }

    fn run(&self, class: &str, arguments: &[&str]) -> Result<String> {
        let output = Command::new(java())
            .args(self.arguments(class, arguments))
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .output()
            .doing(|| "run java (scripts/setup test installs it)".to_owned())?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(said);
        }
        let complained = String::from_utf8_lossy(&output.stderr);
        let arguments = arguments.join(" ");
        Err(Failure::new(format!(
            "{class} {arguments}: {said}{complained}"
        )))
    }

    fn arguments(&self, class: &str, arguments: &[&str]) -> Vec<String> {
        let home = self.directory.path().display();
        let class_path = format!("{home}/conf:{}", self.libraries.class_path());
        let java = [
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Djava.net.preferIPv4Stack=true",
            "--add-opens",
            "java.base/java.lang=ALL-UNNAMED",
        ];
        let realm = self.realm.iter().flat_map(Realm::options);
        let class = ["-cp", &class_path, class];
        let behind = class.into_iter().chain(arguments.iter().copied());
        let java = java.into_iter().map(str::to_owned).chain(realm);
        java.chain(behind.map(str::to_owned)).collect()
    }

    fn configure(&self) -> Result<()> {
        let home = self.directory.path();
        let write = |directory: &str, name: &str, settings: &[(&str, String)]| {
            let path = home.join(directory).join(name);
            fs::write(&path, xml(settings)).doing(|| format!("write {}", path.display()))
        };
        for part in ["conf", "client"] {
            let path = home.join(part);
            fs::create_dir_all(&path).doing(|| format!("make {}", path.display()))?;
        }
        let data = home.join("data").display().to_string();
        let address = match &self.other {
            Some(_) => pair::SERVICE.to_owned(),
            None => self.url(""),
        };
        let asked = self.realm.iter().flat_map(Realm::of_clients);
        let asked: Vec<(&str, String)> = asked.collect();
        let core = [
            ("fs.defaultFS", address.clone()),
            ("hadoop.tmp.dir", data),
            ("hadoop.http.staticuser.user", self.user.clone()),
        ];
        write("conf", "core-site.xml", &[&core[..], &asked].concat())?;
        write("conf", "hdfs-site.xml", &self.settings())?;
        let client = match &self.other {
            Some(other) => other.service(self.ports),
            None => self.service()?,
        };
        let core = [("fs.defaultFS", address)];
        write("client", "core-site.xml", &[&core[..], &asked].concat())?;
        write("client", "hdfs-site.xml", &client)
    }

    /// The name service `cluster`, of whose NameNodes one is not there.
    fn service(&self) -> Result<Vec<(&'static str, String)>> {
        let away = free_port()?;
        Ok(vec![
            ("dfs.nameservices", "cluster".to_owned()),
            ("dfs.ha.namenodes.cluster", "gone,here".to_owned()),
            (
                "dfs.namenode.rpc-address.cluster.gone",
                format!("{}:{away}", self.host()),
            ),
            ("dfs.namenode.rpc-address.cluster.here", self.address()),
        ])
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let here = |port: u16| format!("127.0.0.1:{port}");
        let ports = self.ports;
        let fixed = [
            ("dfs.replication", "1"),
            ("dfs.namenode.safemode.extension", "0"),
            // A DataNode that was killed is told to have gone after some 12 s, and comes back at once.
            ("dfs.heartbeat.interval", "1"),
            ("dfs.namenode.heartbeat.recheck-interval", "1000"),
            ("dfs.namenode.fs-limits.min-block-size", "1024"),
            ("dfs.webhdfs.enabled", "true"),
            ("dfs.datanode.max.transfer.threads", "64"),
        ];
        let own = [
            ("dfs.datanode.address", here(ports.data)),
            ("dfs.datanode.http.address", here(ports.data_http)),
            ("dfs.datanode.ipc.address", here(ports.data_ipc)),
        ];
        let fixed = fixed.map(|(name, value)| (name, value.to_owned()));
        let realm = self.realm.iter().flat_map(Realm::of_nodes);
        let names = match &self.other {
            Some(other) => other.settings(ports, self.directory.path()),
            None => vec![("dfs.namenode.http-address", here(ports.name_http))],
        };
        let all = fixed.into_iter().chain(own).chain(realm);
        all.chain(names).collect()
    }
}

fn whoami() -> Result<String> {
    let output = Command::new("id").arg("-un").output();
    let output = output.doing(|| "run id".to_owned())?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
