//! Two NameNodes, one of which is active, and the other one follows what that writes into a directory of edits which both share.

use std::fs;
use std::mem::swap;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use super::{Hdfs, NAME_NODE, Ports};
use crate::keeper::Keeper;
use crate::maven::free_port;
use crate::{Doing, Failure, Result};

/// The name service of both.
pub(super) const SERVICE: &str = "hdfs://TwoNames";

/// Either of the two.
#[derive(Debug, Clone, Copy)]
enum Which {
    One,
    Two,
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Two => "two",
        }
    }

    /// What says it to a program.
    fn id(self) -> &'static str {
        match self {
            Self::One => "dfs.ha.namenode.id=one",
            Self::Two => "dfs.ha.namenode.id=two",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::One => Self::Two,
            Self::Two => Self::One,
        }
    }
}

/// The NameNode that is not active.
pub(super) struct Other {
    which: Which,
    name: u16,
    name_http: u16,
    keeper: Option<Keeper>,
}

impl Other {
    /// The name service, for clients; `first`: the ports of the first one.
    pub(super) fn service(&self, first: Ports) -> Vec<(&'static str, String)> {
        let here = |port: u16| format!("127.0.0.1:{port}");
        vec![
            ("dfs.nameservices", "TwoNames".to_owned()),
            ("dfs.ha.namenodes.TwoNames", "one,two".to_owned()),
            ("dfs.namenode.rpc-address.TwoNames.one", here(first.name)),
            ("dfs.namenode.rpc-address.TwoNames.two", here(self.name)),
        ]
    }

    /// The same, for the nodes.
    pub(super) fn settings(&self, first: Ports, home: &Path) -> Vec<(&'static str, String)> {
        let here = |port: u16| format!("127.0.0.1:{port}");
        let below = |part: &str| format!("file://{}", home.join(part).display());
        let provider =
            "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider".to_owned();
        let more = [
            (
                "dfs.namenode.http-address.TwoNames.one",
                here(first.name_http),
            ),
            (
                "dfs.namenode.http-address.TwoNames.two",
                here(self.name_http),
            ),
            ("dfs.namenode.name.dir.TwoNames.one", below("names-one")),
            ("dfs.namenode.name.dir.TwoNames.two", below("names-two")),
            ("dfs.namenode.shared.edits.dir", below("edits")),
            ("dfs.client.failover.proxy.provider.TwoNames", provider),
            ("dfs.ha.tail-edits.period", "1s".to_owned()),
        ];
        self.service(first).into_iter().chain(more).collect()
    }
}

impl Hdfs {
    /// Starts two NameNodes without files, the first of which is active, and a DataNode, and waits until files can be written.
    /// Clients find them as the name service `TwoNames`, which is the default one.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_pair() -> Result<Self> {
        let other = Other {
            which: Which::Two,
            name: free_port()?,
            name_http: free_port()?,
            keeper: None,
        };
        let mut hdfs = Self::configured(None, Some(other))?;
        let one = Which::One;
        let format = ["-D", one.id(), "-format", "-force", "-nonInteractive"];
        hdfs.run(NAME_NODE, &format)?;
        let home = hdfs.directory.path();
        copy(
            &home.join("names-one/current"),
            &home.join("names-two/current"),
        )?;
        hdfs.name_node = Some(hdfs.start_node(NAME_NODE, &["-D", one.id()])?);
        hdfs.restart_other()?;
        hdfs.make_active(one)?;
        hdfs.restart_data_node()?;
        Ok(hdfs)
    }

    /// Kills the active NameNode as `kill -9` does, and has the other one become active.
    ///
    /// # Errors
    /// It does not.
    pub fn fail_over(&mut self) -> Result<()> {
        self.kill_name_node();
        self.activate_other()
    }

    /// Has the active NameNode stand still, as where its machine hangs: it accepts connections and answers nothing. The other one
    /// becomes active. The one that stands still is killed when it is [started again](Self::restart_other).
    ///
    /// # Errors
    /// It does not.
    pub fn fail_over_silently(&mut self) -> Result<()> {
        if let Some(active) = &self.name_node {
            let id = active.id().to_string();
            let sent = Command::new("kill").args(["-STOP", &id]).status();
            if !sent.doing(|| "run kill".to_owned())?.success() {
                return Err(Failure::new("the active NameNode can't be stopped"));
            }
        }
        self.activate_other()
    }

    /// Has the other one become active, in the place of this one.
    fn activate_other(&mut self) -> Result<()> {
        let Some(other) = &mut self.other else {
            return Ok(());
        };
        swap(&mut self.ports.name, &mut other.name);
        swap(&mut self.ports.name_http, &mut other.name_http);
        swap(&mut self.name_node, &mut other.keeper);
        let active = other.which;
        other.which = active.other();
        self.make_active(active)?;
        self.await_ready()
    }

    /// Starts the NameNode that is not active again, with its data, and waits until it listens.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart_other(&mut self) -> Result<()> {
        let Some(other) = &mut self.other else {
            return Ok(());
        };
        other.keeper = None;
        let (id, port) = (other.which.id(), other.name);
        let keeper = self.start_node(NAME_NODE, &["-D", id])?;
        if let Some(other) = &mut self.other {
            other.keeper = Some(keeper);
        }
        self.await_answer("the other NameNode", || {
            Ok(TcpStream::connect(("127.0.0.1", port)).ok().map(drop))
        })
    }

    /// Has a NameNode become active.
    fn make_active(&self, which: Which) -> Result<()> {
        let class = "org.apache.hadoop.hdfs.tools.DFSHAAdmin";
        self.await_answer("a NameNode to become active", || {
            let made = self.run(
                class,
                &["-transitionToActive", "--forceactive", which.name()],
            );
            Ok(made.ok().map(drop))
        })
    }
}

/// Copies the files of a directory.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let doing = || format!("copy {} to {}", from.display(), to.display());
    fs::create_dir_all(to).doing(doing)?;
    for entry in fs::read_dir(from).doing(doing)? {
        let entry = entry.doing(doing)?;
        fs::copy(entry.path(), to.join(entry.file_name())).doing(doing)?;
    }
    Ok(())
}
