//! `millstream server`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use millstream_core::{Error, Result, codes};
use millstream_server::data_directory::{RunningServer, locate};
use millstream_server::{ServerConfiguration, control, serve};
use serde_json::json;

use crate::arguments::Connection;
use crate::{report, settings, times};

/// Runs the session server until it is told to end, or stops or shows the one that runs.
#[derive(Debug, Parser)]
#[command(
    name = "millstream server",
    no_binary_name = true,
    override_usage = "millstream server [OPTIONS] [stop | status]",
    after_help = "\
It listens at rest.address:rest.port (127.0.0.1:8081) and keeps its data in millstream.data-dir. SIGTERM, Ctrl-C and `millstream server stop` \
end it; its jobs go on, and the next server on the same data directory finds them."
)]
pub(crate) struct ServerArguments {
    /// Listen off loopback without a token: everybody who reaches the address can run programs here.
    #[arg(long)]
    insecure: bool,

    /// stop: ends the server of the data directory. status: shows it. Nothing: runs one.
    #[arg(value_name = "stop | status")]
    verb: Option<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Runs, stops or shows a server.
pub(crate) fn perform(arguments: ServerArguments) -> Result<ExitCode> {
    if arguments.connection.jobmanager.is_some() {
        let message = "--jobmanager does not say where a server listens";
        return Err(Error::new(&codes::OPTION_CONFLICT, message)
            .next("give -D rest.address=HOST and -D rest.port=PORT"));
    }
    match arguments.verb.as_deref() {
        None | Some("start") => start(&arguments),
        Some("stop") => stop(&arguments.connection),
        Some("status") => status(&arguments.connection),
        Some(other) => {
            let message = format!("`server` can't {other}");
            Err(Error::new(&codes::USAGE, message).next(
                "say `millstream server`, `millstream server stop` or `millstream server status`",
            ))
        }
    }
}

fn start(arguments: &ServerArguments) -> Result<ExitCode> {
    let connection = &arguments.connection;
    let loaded = settings::loaded(connection)?;
    if let Some(warning) = loaded.warning() {
        report::note(&warning);
    }
    let json = connection.json;
    serve(ServerConfiguration {
        configuration: loaded.configuration,
        insecure: arguments.insecure,
        commit: env!("MILLSTREAM_COMMIT").to_owned(),
        ready: Box::new(move |server| tell(server, json)),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn tell(server: &RunningServer, json: bool) {
    if json {
        // Without a reader the server runs all the same.
        drop(report::json(&json!(server)));
        return;
    }
    let RunningServer {
        pid,
        address,
        version,
        ..
    } = server;
    report::output(&format!(
        "Millstream {version} listens at {address} (process {pid}).\n"
    ));
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

fn status(connection: &Connection) -> Result<ExitCode> {
    let configuration = settings::load(connection)?;
    let server = control::status(&locate(&configuration)?)?;
    if connection.json {
        return report::json(&json!(server));
    }
    let started = i64::try_from(server.started).unwrap_or(i64::MAX);
    Ok(report::output(&format!(
        "Millstream {} listens at {} (process {}) since {}.\n",
        server.version,
        server.address,
        server.pid,
        times::sortable(started)
    )))
}
