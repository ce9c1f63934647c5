//! A metastore as a server of its own.

use std::fs;
use std::net::TcpStream;

use super::{Hive, PASSWORD, PATIENCE};
use crate::certificate::own_certificate;
use crate::kdc::REALM;
use crate::keeper::Keeper;
use crate::maven::{free_port, java};
use crate::{Doing, Failure, Result, wait};

/// What the server logs when it takes requests.
const STARTED: &str = "Started the new metaserver on port";

/// A metastore, which keeps its data with the HiveServer2 that asks it.
pub(super) struct Metastore {
    port: u16,
    server: Option<Keeper>,
    starts: u32,
    is_encrypted: bool,
}

impl Metastore {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            port: free_port()?,
            server: None,
            starts: 0,
            is_encrypted: false,
        })
    }
}

impl Hive {
    /// Where the metastore is found, as clients take it; empty: it is in the server.
    pub fn metastore(&self) -> String {
        let metastore = self.metastore.as_ref();
        metastore.map_or_else(String::new, |metastore| {
            format!("thrift://{}:{}", self.host(), metastore.port)
        })
    }

    /// Kills the metastore as `kill -9` does. Its data stays.
    pub fn kill_metastore(&mut self) {
        if let Some(metastore) = &mut self.metastore {
            metastore.server = None;
        }
    }

    /// Starts the metastore, if it is a server of its own, and waits until it takes requests. One that runs is killed first.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart_metastore(&mut self) -> Result<()> {
        self.kill_metastore();
        let Some(metastore) = &mut self.metastore else {
            return Ok(());
        };
        metastore.starts += 1;
        let objects = self.directory.path().join("objects");
        fs::create_dir_all(&objects).doing(|| format!("make {}", objects.display()))?;
        let (port, starts) = (metastore.port, metastore.starts);
        let log = self
            .directory
            .path()
            .join(format!("log-metastore-{starts}"));
        let memory = [
            "-Xmx384m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
        ];
        let class = "org.apache.hadoop.hive.metastore.HiveMetaStore";
        let arguments = self.arguments(&memory, class, &["-p", &port.to_string()]);
        let server = Keeper::start(&java(), &arguments, &log, Some(self.directory.path()))?;
        let what = format!("the metastore (process {}) to be ready", server.id());
        let logged = || fs::read_to_string(&log).unwrap_or_default();
        let ready = wait::until(&what, PATIENCE, || {
            if server.has_ended() {
                return Err(Failure::new("the metastore has ended"));
            }
            let listens = TcpStream::connect(("127.0.0.1", port)).is_ok();
            Ok((listens && logged().contains(STARTED)).then_some(()))
        });
        ready.map_err(|failure| {
            let log = logged();
            let end = log.get(log.len().saturating_sub(8_000)..).unwrap_or(&log);
            Failure::new(format!("{failure}; it logged at the end:\n{end}"))
        })?;
        if let Some(metastore) = &mut self.metastore {
            metastore.server = Some(server);
        }
        Ok(())
    }

    /// Starts the metastore again so that it is spoken with over TLS, with [`certificate`](Self::certificate). The server, which is
    /// not told before it is restarted, does not reach it until then.
    ///
    /// # Errors
    /// It does not start.
    pub fn encrypt_metastore(&mut self) -> Result<()> {
        if let Some(metastore) = &mut self.metastore {
            metastore.is_encrypted = true;
        }
        if !self.store().exists() {
            own_certificate(&self.store(), &self.certificate(), PASSWORD)?;
        }
        self.configure()?;
        self.restart_metastore()
    }

    /// What Hive is told of `s3a://bucket/tables`, without a client of object stores: for it that is a directory of this machine, so
    /// that tables may be there, whose files lie in a store that Hive does not know.
    pub(super) fn of_objects(&self) -> Vec<(&'static str, String)> {
        if self.metastore.is_none() {
            return Vec::new();
        }
        let overload = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme".to_owned();
        let directory = format!("file://{}", self.directory.path().join("objects").display());
        vec![
            ("fs.s3a.impl", overload),
            ("fs.viewfs.mounttable.bucket.link./tables", directory),
        ]
    }

    /// What Hive is told of a metastore that is a server of its own.
    pub(super) fn metastore_settings(&self) -> Vec<(&'static str, String)> {
        let Some(metastore) = &self.metastore else {
            return Vec::new();
        };
        let mut settings = vec![
            ("hive.metastore.uris", self.metastore()),
            // HiveServer2 asks for events, which without this only a superuser of Hadoop may.
            (
                "hive.metastore.event.db.notification.api.auth",
                "false".to_owned(),
            ),
        ];
        if let Some(realm) = &self.realm {
            let keytab = realm.keytab.display().to_string();
            settings.extend([
                ("hive.metastore.sasl.enabled", "true".to_owned()),
                (
                    "hive.metastore.kerberos.principal",
                    format!("hive/localhost@{REALM}"),
                ),
                ("hive.metastore.kerberos.keytab.file", keytab),
            ]);
        }
        if metastore.is_encrypted {
            let store = self.store().display().to_string();
            let password = PASSWORD.to_owned();
            settings.extend([
                ("hive.metastore.use.SSL", "true".to_owned()),
                ("hive.metastore.keystore.path", store.clone()),
                ("hive.metastore.keystore.password", password.clone()),
                ("hive.metastore.keystore.type", "PKCS12".to_owned()),
                ("hive.metastore.truststore.path", store),
                ("hive.metastore.truststore.password", password),
                ("hive.metastore.truststore.type", "PKCS12".to_owned()),
            ]);
        }
        settings
    }
}
