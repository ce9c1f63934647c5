//! The options that every action has: which server, which configuration, how the answer is shown.

use clap::Args;
use millstream_core::options::{self, OptionSummary, check_type};
use millstream_core::{Configuration, Error, Result, codes};
use millstream_ingest::parameters::nearest;

/// Which server is asked, and how its answer is shown.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Connection {
    /// Address of the server. Else rest.address and rest.port of the configuration, else 127.0.0.1:8081. https:// before it
    /// asks for TLS.
    #[arg(short = 'm', long, value_name = "HOST:PORT")]
    pub(crate) jobmanager: Option<String>,

    /// Configuration file. Else config.yaml (or flink-conf.yaml) in $MILLSTREAM_CONF_DIR, else in $FLINK_CONF_DIR, else in
    /// conf beside the command's own bin (for /usr/bin: in /etc/millstream).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<String>,

    /// Sets an option; wins over the configuration file. May be given several times.
    #[arg(short = 'D', value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,

    /// Where jobs run: remote, on a server (default); local, in this process (`run` and `info`). yarn-* and kubernetes-* are not there
    /// yet.
    #[arg(
        short,
        long,
        visible_short_alias = 'e',
        alias = "executor",
        value_name = "TARGET"
    )]
    pub(crate) target: Option<String>,

    /// Accepted without effect: for ZooKeeper.
    #[arg(
        short = 'z',
        long = "zookeeperNamespace",
        value_name = "NAME",
        hide = true
    )]
    pub(crate) zookeeper_namespace: Option<String>,

    /// Print one JSON value on standard output, and nothing else there; what goes on prints one a line.
    #[arg(long)]
    pub(crate) json: bool,

    /// Show the cause of an error, and what its code means.
    #[arg(long)]
    pub(crate) verbose: bool,
}

impl Connection {
    /// The options of `-D`.
    ///
    /// # Errors
    /// What is no setting ([`codes::USAGE`]) or no value of its option ([`codes::OPTION_VALUE`]), and all that is no option
    /// ([`codes::OPTION_UNKNOWN`]) at once.
    pub(crate) fn overrides(&self) -> Result<Configuration> {
        let mut configuration = Configuration::new();
        let mut unknown = Vec::new();
        for setting in &self.settings {
            let Some((key, value)) = setting.split_once('=') else {
                let message = format!("-D {setting} is no setting");
                return Err(Error::new(&codes::USAGE, message).next("write -D key=value"));
            };
            match option(key) {
                Some(option) => {
                    check_type(option, key, value)?;
                    configuration.set(key, value);
                }
                None => unknown.push(format!("`{key}`{}", hint(key))),
            }
        }
        if unknown.is_empty() {
            return Ok(configuration);
        }
        let message = format!("-D sets what is no option: {}", unknown.join(", "));
        Err(Error::new(&codes::OPTION_UNKNOWN, message).next("take it out or mend its name"))
    }
}

impl Connection {
    /// The options of `-D` that concern a job, not the server or where it is.
    ///
    /// # Errors
    /// Those of [`Connection::overrides`].
    pub(crate) fn job_settings(&self) -> Result<Configuration> {
        let mut settings = Configuration::new();
        for (key, value) in self.overrides()?.iter() {
            let concerns_jobs = options::ALL
                .iter()
                .flat_map(names)
                .any(|known| known == key);
            if concerns_jobs && key != options::TARGET.name {
                settings.set(key, value);
            }
        }
        Ok(settings)
    }
}

fn names(option: &OptionSummary) -> impl Iterator<Item = &'static str> {
    std::iter::once(option.name).chain(option.aliases.iter().copied())
}

fn option(key: &str) -> Option<&'static OptionSummary> {
    let mut all = options::ALL.iter().chain(options::SERVER);
    all.find(|option| names(option).any(|known| known == key))
}

/// Options of Flink that set nothing here, by how they begin, and why.
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    (
        "execution.checkpointing.incremental",
        "state in memory is written whole; RocksDB is planned",
    ),
    (
        "execution.checkpointing.unaligned",
        "checkpoints wait for no records here",
    ),
    (
        "jobmanager.",
        "there is no JobManager: the server's options are in its guide",
    ),
    ("kubernetes.", "several machines are planned"),
    (
        "state.backend",
        "state is kept in memory; RocksDB is planned",
    ),
    ("table.", "SQL is that of the ingestion job: stream.sql"),
    (
        "taskmanager.",
        "there is no TaskManager: each job is a process of its own",
    ),
    ("yarn.", "several machines are planned"),
];

/// What was meant, or why there is no such option, in brackets.
fn hint(key: &str) -> String {
    if let Some((_, why)) = WITHOUT_EFFECT
        .iter()
        .find(|(begin, _)| key.starts_with(begin))
    {
        return format!(" ({why})");
    }
    let known: Vec<&str> = options::ALL
        .iter()
        .chain(options::SERVER)
        .flat_map(names)
        .collect();
    match nearest(key, &known).as_slice() {
        [] => String::new(),
        near => format!(" (did you mean {}?)", near.join(" or ")),
    }
}
