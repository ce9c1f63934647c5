//! HiveServer2 with a metastore of its own or beside it (Derby) and tables in files on this machine.

mod client;
mod metastore;

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use client::Server;
use metastore::Metastore;

use crate::certificate::own_certificate;
use crate::kdc::{Kdc, REALM};
use crate::keeper::Keeper;
use crate::maven::{Libraries, free_port, java};
use crate::{Doing, Failure, Result, wait};

/// The version that is started.
const VERSION: &str = "4.0.1";

/// How long a server may take to be ready: 6 s on a machine with nothing else to do, more than a minute beside builds.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the server logs when all of its services are there.
const STARTED: &str = "Service:HiveServer2 is started.";

/// Packages of Java that Hive looks into.
const OPENED: &[&str] = &[
    "java.base/java.lang",
    "java.base/java.lang.reflect",
    "java.base/java.util",
    "java.base/java.net",
    "java.base/java.io",
    "java.base/java.nio",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/java.util.regex",
    "java.base/java.time",
    "java.sql/java.sql",
];

/// Where servers are whose tables others read: a zone in which nobody takes its clock for that of UTC.
const ZONE: &str = "-Duser.timezone=Asia/Shanghai";

/// Of the store of keys.
const PASSWORD: &str = "password";

/// How clients show who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// By any user and password, which nobody looks at.
    None,
    /// Not at all, and everything is encrypted. Such a server keeps no logs of statements.
    NoSasl,
    /// By Kerberos.
    Kerberos,
}

/// What a server that is logged in to by Kerberos needs.
struct Realm {
    configuration: PathBuf,
    keytab: PathBuf,
    web_keytab: PathBuf,
    protection: String,
}

impl Realm {
    fn of(kdc: &Kdc, protection: &str) -> Self {
        Self {
            configuration: kdc.configuration(),
            keytab: kdc.keytab("hive/localhost"),
            web_keytab: kdc.keytab("HTTP/localhost"),
            protection: protection.to_owned(),
        }
    }
}

/// A server, and where it keeps its data. Dropped: the server is killed and its data removed.
pub struct Hive {
    libraries: Libraries,
    directory: TempDir,
    authentication: Authentication,
    realm: Option<Realm>,
    port: u16,
    http: u16,
    server: Option<Keeper>,
    starts: u32,
    metastore: Option<Metastore>,
}

impl Hive {
    /// Starts a server without tables that is spoken with over connections of its own and over HTTP, and waits until it
    /// takes requests.
    ///
    /// # Errors
    /// There is no Java or no Maven, the libraries can't be got, or the server does not start.
    pub fn start() -> Result<Self> {
        Self::start_as(Authentication::None)
    }

    /// The same; clients show who they are in another way.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_as(authentication: Authentication) -> Result<Self> {
        Self::start_in(authentication, None, None)
    }

    /// The same; its metastore is a server of its own, which may be asked by others.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with_metastore() -> Result<Self> {
        Self::start_in(Authentication::None, None, Some(Metastore::new()?))
    }

    /// The same as `hive/localhost` (over HTTP `HTTP/localhost`) of a KDC's realm, which clients log in to by Kerberos.
    /// `protection`: what is done to messages afterwards (`auth`, `auth-int`, `auth-conf`).
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_kerberos(kdc: &Kdc, protection: &str) -> Result<Self> {
        let realm = Realm::of(kdc, protection);
        Self::start_in(Authentication::Kerberos, Some(realm), None)
    }

    /// The same with a metastore of its own, which clients log in to by Kerberos as well, as `hive/localhost`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with_kerberos_metastore(kdc: &Kdc) -> Result<Self> {
        let realm = Realm::of(kdc, "auth");
        let metastore = Metastore::new()?;
        Self::start_in(Authentication::Kerberos, Some(realm), Some(metastore))
    }

    /// Starts the server again so that messages are protected otherwise.
    ///
    /// # Errors
    /// It does not start.
    pub fn protect(&mut self, protection: &str) -> Result<()> {
        if let Some(realm) = &mut self.realm {
            realm.protection = protection.to_owned();
        }
        self.configure()?;
        self.restart()
    }

    fn start_in(
        authentication: Authentication,
        realm: Option<Realm>,
        metastore: Option<Metastore>,
    ) -> Result<Self> {
        let list = include_str!("../hive.list");
        let libraries = Libraries::listed("hive", list, VERSION)?;
        let directory = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
        let mut hive = Self {
            libraries,
            directory,
            authentication,
            realm,
            port: free_port()?,
            http: free_port()?,
            server: None,
            starts: 0,
            metastore,
        };
        hive.configure()?;
        hive.restart_metastore()?;
        if authentication == Authentication::NoSasl {
            own_certificate(&hive.store(), &hive.certificate(), PASSWORD)?;
        }
        hive.restart()?;
        Ok(hive)
    }

    /// Where the server is found: host and port. Kerberos knows it by the name of the host.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host(), self.port)
    }

    /// The same over HTTP.
    pub fn http_address(&self) -> String {
        format!("{}:{}", self.host(), self.http)
    }

    fn host(&self) -> &'static str {
        match self.realm {
            Some(_) => "localhost",
            None => "127.0.0.1",
        }
    }

    /// The certificate of a server or metastore that encrypts, in PEM.
    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join("certificate.pem")
    }

    /// Everything that the server has logged since it was started last.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// A directory whose files tables may be loaded from.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Kills the server as `kill -9` does. Its data stays.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts the server again with its data, and waits until it takes requests. One that runs is killed first.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        self.starts += 1;
        let log = self.log_file();
        let memory = [
            "-Xmx640m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
        ];
        let arguments = self.arguments(&memory, "org.apache.hive.service.server.HiveServer2", &[]);
        let server = Keeper::start(&java(), &arguments, &log, Some(self.directory.path()))?;
        let what = format!("HiveServer2 (process {}) to be ready", server.id());
        let ready = wait::until(&what, PATIENCE, || {
            if server.has_ended() {
                return Err(Failure::new("the server has ended"));
            }
            let listens = |port: u16| TcpStream::connect(("127.0.0.1", port)).is_ok();
            let http = self.authentication == Authentication::NoSasl || listens(self.http);
            let is_ready = self.log().contains(STARTED) && http && listens(self.port);
            Ok(is_ready.then_some(()))
        });
        ready.map_err(|failure| {
            let log = self.log();
            let end = log.len().saturating_sub(8_000);
            let end = log.get(end..).unwrap_or(&log);
            Failure::new(format!("{failure}; it logged at the end:\n{end}"))
        })?;
        self.server = Some(server);
        Ok(())
    }

    /// Executes statements with `;` between them, which stands nowhere else, by a server that asks who is there.
    ///
    /// # Errors
    /// It refuses one of them.
    pub fn run(&self, statements: &str) -> Result<()> {
        let statements = statements.split(';').map(str::trim);
        let statements: Vec<&str> = statements.filter(|text| !text.is_empty()).collect();
        let server = match &self.realm {
            Some(realm) => Server::Kerberos {
                address: self.http_address(),
                configuration: realm.configuration.clone(),
                keytab: realm.keytab.clone(),
            },
            None => Server::Plain(self.address()),
        };
        client::execute(&server, &statements)
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join("store.p12")
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join(format!("log-{}", self.starts))
    }

    fn arguments(&self, options: &[&str], class: &str, arguments: &[&str]) -> Vec<String> {
        let configuration = self.directory.path().join("conf");
        let configuration = configuration.display();
        let opened = OPENED
            .iter()
            .flat_map(|package| ["--add-opens".to_owned(), format!("{package}=ALL-UNNAMED")]);
        let own = [
            format!("-Dlog4j2.configurationFile={configuration}/log4j2.properties"),
            format!(
                "-Djava.io.tmpdir={}",
                self.directory.path().join("tmp").display()
            ),
            format!("-Dderby.system.home={}", self.directory.path().display()),
            "-cp".to_owned(),
            format!("{configuration}:{}", self.libraries.class_path()),
            class.to_owned(),
        ];
        let options = options.iter().map(|option| (*option).to_owned());
        let options = options.chain(self.metastore.iter().map(|_| ZONE.to_owned()));
        let options = options.chain(self.realm.iter().flat_map(|realm| {
            let configuration = realm.configuration.display();
            [
                format!("-Djava.security.krb5.conf={configuration}"),
                "-Djava.net.preferIPv4Stack=true".to_owned(),
                "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED".to_owned(),
            ]
        }));
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        options.chain(opened).chain(own).chain(arguments).collect()
    }

    fn configure(&self) -> Result<()> {
        let home = self.directory.path();
        for part in ["conf", "tmp", "warehouse", "scratch"] {
            let path = home.join(part);
            fs::create_dir_all(&path).doing(|| format!("make {}", path.display()))?;
        }
        let write = |name: &str, text: &str| {
            let path = home.join("conf").join(name);
            fs::write(&path, text).doing(|| format!("write {}", path.display()))
        };
        write("hive-site.xml", &xml(&self.settings()))?;
        let mut core = vec![("hadoop.tmp.dir", home.join("tmp").display().to_string())];
        if self.realm.is_some() {
            core.push(("hadoop.security.authentication", "kerberos".to_owned()));
        }
        core.extend(self.of_objects());
        write("core-site.xml", &xml(&core))?;
        write("log4j2.properties", LOGGING)
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let below = |part: &str| self.directory.path().join(part).display().to_string();
        let (authentication, transport) = match self.authentication {
            Authentication::None => ("NONE", "all"),
            Authentication::NoSasl => ("NOSASL", "binary"),
            Authentication::Kerberos => ("KERBEROS", "all"),
        };
        let fixed = [
            ("datanucleus.schema.autoCreateAll", "true"),
            ("hive.metastore.schema.verification", "false"),
            ("hive.server2.thrift.bind.host", "127.0.0.1"),
            ("hive.server2.webui.port", "0"),
            ("hive.server2.enable.doAs", "false"),
            ("hive.execution.engine", "mr"),
            ("mapreduce.framework.name", "local"),
            ("hive.server2.tez.initialize.default.sessions", "false"),
            ("hive.support.concurrency", "false"),
            ("hive.server2.materializedviews.registry.impl", "DUMMY"),
            ("hive.stats.autogather", "false"),
            ("hive.server2.transport.mode", transport),
            ("hive.server2.authentication", authentication),
        ];
        let metastore = format!(
            "jdbc:derby:;databaseName={};create=true",
            below("metastore")
        );
        let own = [
            ("javax.jdo.option.ConnectionURL", metastore),
            ("hive.metastore.warehouse.dir", below("warehouse")),
            ("hive.exec.scratchdir", below("scratch")),
            ("hive.exec.local.scratchdir", below("scratch")),
            ("hive.querylog.location", below("scratch")),
            (
                "hive.server2.logging.operation.log.location",
                below("operations"),
            ),
            ("hive.server2.thrift.port", self.port.to_string()),
            ("hive.server2.thrift.http.port", self.http.to_string()),
        ];
        let encrypts = (self.authentication == Authentication::NoSasl).then(|| {
            [
                ("hive.server2.use.SSL", "true".to_owned()),
                (
                    "hive.server2.keystore.path",
                    self.store().display().to_string(),
                ),
                ("hive.server2.keystore.password", PASSWORD.to_owned()),
                ("hive.server2.keystore.type", "PKCS12".to_owned()),
                // A server may keep no logs of statements either.
                ("hive.server2.logging.operation.enabled", "false".to_owned()),
            ]
        });
        let kerberos = self.realm.iter().flat_map(|realm| {
            [
                (
                    "hive.server2.authentication.kerberos.principal",
                    format!("hive/localhost@{REALM}"),
                ),
                (
                    "hive.server2.authentication.kerberos.keytab",
                    realm.keytab.display().to_string(),
                ),
                (
                    "hive.server2.authentication.spnego.principal",
                    format!("HTTP/localhost@{REALM}"),
                ),
                (
                    "hive.server2.authentication.spnego.keytab",
                    realm.web_keytab.display().to_string(),
                ),
                ("hive.server2.thrift.sasl.qop", realm.protection.clone()),
            ]
        });
        let own = own
            .into_iter()
            .chain(encrypts.into_iter().flatten())
            .chain(kerberos);
        let fixed = fixed.map(|(name, value)| (name, value.to_owned()));
        let metastore = self.metastore_settings();
        fixed.into_iter().chain(own).chain(metastore).collect()
    }
}

/// What is logged goes to standard output, which is the log file.
const LOGGING: &str = "appender.console.type = Console\n\
    appender.console.name = console\n\
    appender.console.layout.type = PatternLayout\n\
    appender.console.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n\n\
    rootLogger.level = INFO\n\
    rootLogger.appenderRef.console.ref = console\n\
    logger.datanucleus.name = DataNucleus\n\
    logger.datanucleus.level = ERROR\n";

/// A file of settings as Hadoop has them.
pub(crate) fn xml(settings: &[(&str, String)]) -> String {
    let mut text = String::from("<?xml version=\"1.0\"?>\n<configuration>\n");
    for (name, value) in settings {
        let value = value.replace('&', "&amp;").replace('<', "&lt;");
        text.push_str(&format!(
            "<property><name>{name}</name><value>{value}</value></property>\n"
        ));
    }
    text.push_str("</configuration>\n");
    text
}
