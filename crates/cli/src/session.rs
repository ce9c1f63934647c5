//! A server to work with, found by the options of an action.

use std::process::ExitCode;
use std::time::Duration;

use millstream_core::{Configuration, Error, Result, TriggerId, codes, options};
use serde_json::Value;

use crate::answers::{Operation, OperationStatus};
use crate::arguments::Connection;
use crate::client::{Address, Client};
use crate::settings;
use crate::waiting::{Patience, Waiting};
use crate::{jobs, report};

/// The target of a session server.
const REMOTE: &str = "remote";
/// The target that runs jobs in this process.
pub(crate) const LOCAL: &str = "local";
/// The targets of Flink that are known and not there.
pub(crate) const PLANNED_TARGETS: &[&str] = &[
    "yarn-session",
    "yarn-application",
    "yarn-per-job",
    "kubernetes-session",
    "kubernetes-application",
];

/// A server, and how its answers are shown.
pub(crate) struct Session {
    /// The server.
    pub(crate) client: Client,
    /// How long operations are waited for.
    pub(crate) patience: Duration,
    /// Whether JSON is printed.
    pub(crate) json: bool,
}

impl Session {
    /// The server that the options name. Nothing is sent yet.
    ///
    /// # Errors
    /// The configuration or the address can't be used, or the target is none that a server is behind.
    pub(crate) fn open(connection: &Connection) -> Result<Self> {
        let configuration = settings::load(connection)?;
        let target = target(connection, &configuration)?;
        if target == LOCAL {
            let message =
                "target local runs a job in its own process, where no server can be asked";
            return Err(Error::new(&codes::OPTION_CONFLICT, message)
                .next("leave --target out, or send SIGTERM (suspend) or SIGINT (cancel) to the process of the job"));
        }
        Self::with(connection, &configuration)
    }

    /// The server that the options and `configuration` name, whatever the target.
    pub(crate) fn with(connection: &Connection, configuration: &Configuration) -> Result<Self> {
        let address = Address::new(connection.jobmanager.as_deref(), configuration)?;
        let patience = configuration.require(&options::CLIENT_TIMEOUT)?;
        Ok(Self {
            client: Client::new(address, configuration, patience)?,
            patience,
            json: connection.json,
        })
    }

    /// Prints a line of the answer for people.
    pub(crate) fn say(&self, line: &str) -> Result<()> {
        if self.json {
            return Ok(());
        }
        report::write(format!("{line}\n").as_bytes())
    }

    /// Ends the answer: as JSON `value` is all of it.
    pub(crate) fn finish(&self, value: &Value) -> Result<ExitCode> {
        if self.json {
            return report::json(value);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The job that `text` means.
    pub(crate) fn job(&self, text: &str) -> Result<String> {
        jobs::find(&self.client, text)
    }

    /// Waits until an operation has ended.
    ///
    /// # Errors
    /// It failed: its own code and reason. It takes longer than `client.timeout`
    /// ([`codes::NO_ANSWER_IN_TIME`]).
    pub(crate) fn wait_for(&self, id: TriggerId) -> Result<Waited> {
        let mut waiting = Waiting::for_interrupts()?;
        let mut patience = Patience::new(self.patience);
        loop {
            let operation: Operation = self.client.get(&format!("/operations/{id}"))?;
            match operation.status {
                OperationStatus::Completed => return Ok(Waited::Ended(operation)),
                OperationStatus::Failed => return Err(operation.error()),
                OperationStatus::InProgress if patience.is_over() => {
                    let after = options::format_duration(self.patience);
                    let message = format!("the {} is not done after {after}", operation.kind);
                    return Err(Error::new(&codes::NO_ANSWER_IN_TIME, message).next(follow(id)));
                }
                OperationStatus::InProgress => {}
            }
            if waiting.pause(patience.next_pause()) {
                report::progress(&format!("The {} goes on; {}.", operation.kind, follow(id)));
                return Ok(Waited::LeftAlone);
            }
        }
    }
}

/// How waiting for an operation ended.
pub(crate) enum Waited {
    /// It completed.
    Ended(Operation),
    /// The user does not want to wait any longer: the operation goes on.
    LeftAlone,
}

/// What an interrupted command exits with, as shells expect it.
pub(crate) fn interrupted() -> ExitCode {
    ExitCode::from(130)
}

/// How an operation is followed.
fn follow(id: TriggerId) -> String {
    format!("follow it with `millstream operations {id}`")
}

/// Where jobs run, as the options and `configuration` say: [`LOCAL`] or `remote`.
///
/// # Errors
/// A target that is not there yet ([`codes::TARGET_UNSUPPORTED`]), or none at all.
pub(crate) fn target(
    connection: &Connection,
    configuration: &Configuration,
) -> Result<&'static str> {
    let set = configuration.get(&options::TARGET)?;
    let target = connection
        .target
        .clone()
        .or(set)
        .unwrap_or_else(|| REMOTE.to_owned());
    let known = [LOCAL, REMOTE]
        .into_iter()
        .find(|known| target.eq_ignore_ascii_case(known));
    if let Some(known) = known {
        return Ok(known);
    }
    if PLANNED_TARGETS.contains(&target.as_str()) {
        return Err(Error::new(
            &codes::TARGET_UNSUPPORTED,
            format!("target {target} is not there yet"),
        )
        .next("use --target remote (a server) or --target local (this process)"));
    }
    let planned = PLANNED_TARGETS.join(", ");
    Err(Error::new(
        &codes::OPTION_VALUE,
        format!("--target is `{target}`, which is no target"),
    )
    .next(format!("use remote or local ({planned} are planned)")))
}
