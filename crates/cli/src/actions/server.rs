//! `millstream server`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use millstream_core::options::DATA_DIRECTORY;
use millstream_core::{Configuration, Error, Result, codes, counted};
use millstream_server::backup::{self, Backup};
use millstream_server::data_directory::{RunningServer, locate};
use millstream_server::logs::LogTo;
use millstream_server::{ServerConfiguration, control, serve};
use serde_json::json;

use crate::arguments::Connection;
use crate::report::note_without_effect;
use crate::{report, settings, times};

/// Runs the session server until it is told to end, or stops, shows, backs up or restores one.
#[derive(Debug, Parser)]
#[command(
    name = "millstream server",
    no_binary_name = true,
    override_usage = "millstream server [OPTIONS] [stop | status | backup FILE | restore FILE]",
    after_help = "\
It listens at rest.address:rest.port (127.0.0.1:8081) and keeps its data in millstream.data-dir. SIGTERM, Ctrl-C and `millstream server stop` \
end it; its jobs go on, and the next server on the same data directory finds them."
)]
pub(crate) struct ServerArguments {
    /// Need no token, neither off loopback nor from other users of this machine: everybody who reaches the address can run programs here.
    #[arg(long)]
    insecure: bool,

    /// Where the log goes: stdout, file (`server.log` in the data directory) or both. Without it: stdout where standard output is no terminal
    /// and no millstream.data-dir is set; else file.
    #[arg(long, value_name = "stdout | file | both")]
    log_to: Option<String>,

    /// stop: ends the server of the data directory. status: shows it. backup: writes what it knows into a file, while it runs or not. restore: makes
    /// a data directory of such a file. Nothing: runs a server.
    #[arg(value_name = "stop | status | backup | restore")]
    verb: Option<String>,

    /// The file of a backup.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    #[command(flatten)]
    connection: Connection,
}

/// Runs, stops or shows a server.
pub(crate) fn perform(arguments: ServerArguments) -> Result<ExitCode> {
    if arguments.connection.jobmanager.is_some() {
        return Err(not_by_address(arguments.verb.as_deref()));
    }
    if !matches!(arguments.verb.as_deref(), None | Some("start")) {
        let given = [
            (arguments.insecure, "--insecure"),
            (arguments.log_to.is_some(), "--log-to"),
        ];
        note_without_effect(&given, "it is for a server that is started");
    }
    let file = arguments.file.as_deref();
    match (arguments.verb.as_deref(), file) {
        (None | Some("start"), None) => start(&arguments),
        (Some("stop"), None) => stop(&arguments.connection),
        (Some("status"), None) => status(&arguments.connection),
        (Some("backup"), Some(file)) => write_backup(&arguments.connection, file),
        (Some("restore"), Some(file)) => restore(&arguments.connection, file),
        (Some(verb @ ("backup" | "restore")), None) => {
            let message = format!("`server {verb}` needs a file");
            Err(Error::new(&codes::USAGE, message)
                .next(format!("say `millstream server {verb} FILE`")))
        }
        (verb, Some(file)) => {
            let message = format!(
                "`server {}` takes no {}",
                verb.unwrap_or_default(),
                file.display()
            );
            Err(Error::new(&codes::USAGE, message).next("leave it away"))
        }
        (Some(other), None) => {
            let message = format!("`server` can't {other}");
            Err(Error::new(&codes::USAGE, message)
                .next("say `millstream server`, or that with stop, status, backup or restore"))
        }
    }
}

/// `--jobmanager` says which server is asked over REST, which none of these is.
fn not_by_address(verb: Option<&str>) -> Error {
    let (message, next) = match verb {
        Some(verb @ ("stop" | "status" | "backup" | "restore")) => (
            format!(
                "`server {verb}` finds a server by its data directory on this machine, not by --jobmanager"
            ),
            format!(
                "give -D {}=DIRECTORY, or nothing for the usual one",
                DATA_DIRECTORY.name
            ),
        ),
        _ => (
            "--jobmanager does not say where a server listens".to_owned(),
            "give -D rest.address=HOST and -D rest.port=PORT".to_owned(),
        ),
    };
    Error::new(&codes::OPTION_CONFLICT, message).next(next)
}

fn start(arguments: &ServerArguments) -> Result<ExitCode> {
    let connection = &arguments.connection;
    let loaded = settings::loaded(connection)?;
    let warnings = [loaded.warning(), loaded.exposure()].into_iter().flatten();
    let warnings: Vec<String> = warnings.collect();
    for warning in &warnings {
        report::note(warning);
    }
    let log_to = log_to(arguments.log_to.as_deref(), &loaded.configuration)?;
    let told = Told {
        json: connection.json,
        // Whatever reads the log there finds lines of a log alone.
        with_log: log_to != LogTo::File,
    };
    let named = connection.config.clone();
    let overrides = connection.overrides()?;
    serve(ServerConfiguration {
        configuration: loaded.configuration,
        insecure: arguments.insecure,
        reload: Arc::new(move || {
            let loaded = settings::read(named.as_deref(), &overrides)?;
            Ok(loaded.configuration)
        }),
        log_to,
        warnings,
        commit: env!("MILLSTREAM_COMMIT").to_owned(),
        ready: Box::new(move |server| tell(server, told)),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn log_to(wanted: Option<&str>, configuration: &Configuration) -> Result<LogTo> {
    if let Some(wanted) = wanted {
        return wanted.parse();
    }
    let has_directory = configuration.text(DATA_DIRECTORY.name).is_some();
    Ok(if has_directory || std::io::stdout().is_terminal() {
        LogTo::File
    } else {
        LogTo::Output
    })
}

/// How it is told that the server runs.
#[derive(Clone, Copy)]
struct Told {
    json: bool,
    /// The log, which says the same, goes to standard output as well.
    with_log: bool,
}

fn tell(server: &RunningServer, told: Told) {
    if let Some(exposure) = server.exposure().filter(|_| server.open && !told.with_log) {
        // The log has it, but nobody looks into a file where all seems well.
        report::note(&exposure);
    }
    if told.json {
        // Without a reader the server runs all the same.
        drop(report::json(&json!(server)));
        return;
    }
    if told.with_log {
        return;
    }
    let RunningServer {
        pid,
        address,
        version,
        ..
    } = server;
    let mut text = format!("Millstream {version} listens at {address} (process {pid}).\n");
    text.push_str(&exposure(server));
    report::output(&text);
}

/// What whoever looks at a server that others may reach must know, as a line; nothing for others.
fn exposure(server: &RunningServer) -> String {
    server
        .exposure()
        .map_or(String::new(), |line| format!("{line}\n"))
}

fn stop(connection: &Connection) -> Result<ExitCode> {
    let configuration = settings::load(connection)?;
    let patience: Duration = configuration.require(&millstream_core::options::CLIENT_TIMEOUT)?;
    let server = control::stop(&locate(&configuration)?, patience)?;
    if connection.json {
        return report::json(&json!(server));
    }
    Ok(report::output(&format!(
        "Stopped the server at {} (process {}). Its jobs go on.\n",
        server.address, server.pid
    )))
}

fn write_backup(connection: &Connection, file: &Path) -> Result<ExitCode> {
    let configuration = settings::load(connection)?;
    let Backup {
        jobs,
        open,
        left_out,
    } = backup::write(&locate(&configuration)?, file)?;
    let shown = file.display().to_string();
    if !left_out.is_empty() {
        let what = left_out.join(", ");
        report::note(&format!("left out of the backup, as it is no file: {what}"));
    }
    if connection.json {
        let told = json!({ "file": shown, "jobs": jobs, "open": open, "left-out": left_out });
        return report::json(&told);
    }
    Ok(report::output(&format!(
        "Wrote the records of {}, of which {open} {} not ended, to {shown}.\n",
        counted(jobs, "job"),
        if open == 1 { "has" } else { "have" }
    )))
}

fn restore(connection: &Connection, file: &Path) -> Result<ExitCode> {
    let configuration = settings::load(connection)?;
    let data = locate(&configuration)?;
    let Backup { jobs, open, .. } = backup::restore(&data, file)?;
    let shown = data.display().to_string();
    if connection.json {
        return report::json(&json!({ "directory": shown, "jobs": jobs, "open": open }));
    }
    Ok(report::output(&format!(
        "Restored the records of {} into {shown}. {open} had not ended: what had not is FAILED there, and can be restarted from its newest \
         checkpoint with `millstream restart JOB --from latest`.\n",
        counted(jobs, "job")
    )))
}

fn status(connection: &Connection) -> Result<ExitCode> {
    let configuration = settings::load(connection)?;
    let server = control::status(&locate(&configuration)?)?;
    if connection.json {
        return report::json(&json!(server));
    }
    let started = i64::try_from(server.started).unwrap_or(i64::MAX);
    Ok(report::output(&format!(
        "Millstream {} listens at {} (process {}) since {}.\n{}",
        server.version,
        server.address,
        server.pid,
        times::sortable(started),
        exposure(&server)
    )))
}
