//! Nodes that clients log in to by Kerberos.

use std::path::PathBuf;

use serde_json::Value;

use super::Hdfs;
use crate::kdc::{Kdc, REALM};
use crate::{Failure, Result};

/// The user that the nodes are.
pub(super) const USER: &str = "hdfs";
/// Who the nodes are, and their web servers.
const NODES: &str = "hdfs/localhost";
const WEB: &str = "HTTP/localhost";

/// What nodes need that are logged in to by Kerberos.
pub(super) struct Realm {
    configuration: PathBuf,
    keytab: PathBuf,
    web_keytab: PathBuf,
    protection: String,
    /// What the witness shows instead of a ticket.
    pub(super) token: Option<String>,
}

impl Realm {
    pub(super) fn of(kdc: &Kdc, protection: &str) -> Self {
        Self {
            configuration: kdc.configuration(),
            keytab: kdc.keytab(NODES),
            web_keytab: kdc.keytab(WEB),
            protection: protection.to_owned(),
            token: None,
        }
    }

    /// What Java is told.
    pub(super) fn options(&self) -> [String; 2] {
        let configuration = self.configuration.display();
        [
            format!("-Djava.security.krb5.conf={configuration}"),
            "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED".to_owned(),
        ]
    }

    /// What clients are told of it.
    pub(super) fn of_clients(&self) -> [(&'static str, String); 4] {
        let principal = format!("{NODES}@{REALM}");
        [
            ("hadoop.security.authentication", "kerberos".to_owned()),
            ("dfs.namenode.kerberos.principal", principal),
            ("hadoop.rpc.protection", self.protection.clone()),
            ("dfs.data.transfer.protection", self.protection.clone()),
        ]
    }

    /// What the nodes are told.
    pub(super) fn of_nodes(&self) -> Vec<(&'static str, String)> {
        let principal = || format!("{NODES}@{REALM}");
        let keytab = || self.keytab.display().to_string();
        vec![
            ("dfs.datanode.kerberos.principal", principal()),
            ("dfs.namenode.keytab.file", keytab()),
            ("dfs.datanode.keytab.file", keytab()),
            (
                "dfs.web.authentication.kerberos.principal",
                format!("{WEB}@{REALM}"),
            ),
            (
                "dfs.web.authentication.kerberos.keytab",
                self.web_keytab.display().to_string(),
            ),
            ("dfs.block.access.token.enable", "true".to_owned()),
            ("dfs.datanode.hostname", "localhost".to_owned()),
            // Ports below 1024 are not for tests.
            ("ignore.secure.ports.for.testing", "true".to_owned()),
        ]
    }
}

impl Hdfs {
    /// Gets a token for the witness, who may do everything. Of whoever says over HTTP who he is the NameNode believes it here;
    /// DataNodes want a token.
    pub(super) fn get_token(&mut self) -> Result<()> {
        let told = self.ask_name_node("GET", "/", "op=GETDELEGATIONTOKEN")?;
        let token = told.pointer("/Token/urlString").and_then(Value::as_str);
        let token = token.ok_or_else(|| Failure::new("the NameNode gives no token"))?;
        if let Some(realm) = &mut self.realm {
            realm.token = Some(token.to_owned());
        }
        Ok(())
    }

    /// Makes a directory that belongs to a user.
    ///
    /// # Errors
    /// It is refused.
    pub fn hand_over(&self, path: &str, user: &str) -> Result<()> {
        self.ask_name_node("PUT", path, "op=MKDIRS")?;
        let query = format!("op=SETOWNER&owner={user}");
        self.ask_name_node("PUT", path, &query).map(drop)
    }
}
