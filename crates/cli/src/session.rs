//! A server to work with, found by the options of an action.

mod operating;

use std::process::ExitCode;
use std::time::Duration;

use millstream_core::{Configuration, Error, Result, codes, options};
use serde_json::Value;

pub(crate) use operating::{Asking, Waited, interrupted};

use crate::arguments::Connection;
use crate::client::{Address, Client};
use crate::places::place;
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

/// How long a glance may take.
const GLANCE: Duration = Duration::from_secs(1);

/// What older versions of Flink take instead of a server's address.
const YARN_CLUSTER: &str = "yarn-cluster";

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
                .next("give --target remote for the jobs of a server; a local one is suspended by SIGTERM to its process, and cancelled by SIGINT"));
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

    /// The server that the options name, for somebody who looks on while he writes: it has a second to answer.
    ///
    /// # Errors
    /// Those of [`Session::open`], but for the target.
    pub(crate) fn for_a_glance(connection: &Connection) -> Result<Self> {
        let configuration = settings::load(connection)?;
        let address = Address::new(connection.jobmanager.as_deref(), &configuration)?;
        Ok(Self {
            client: Client::within(address, &configuration, GLANCE)?,
            patience: GLANCE,
            json: false,
        })
    }

    /// Prints a line of the answer for people.
    pub(crate) fn say(&self, line: &str) -> Result<()> {
        if self.json {
            return Ok(());
        }
        report::say(&format!("{line}\n"))
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

    /// The directory of savepoints that `given`, or else `-D`, names, as the server understands it; `None`: neither does.
    ///
    /// # Errors
    /// `-D` can't be read, or the directory can't be found.
    pub(crate) fn savepoint_directory(
        connection: &Connection,
        given: Option<&str>,
    ) -> Result<Option<String>> {
        let set = connection.overrides()?.get(&options::SAVEPOINT_DIRECTORY)?;
        given.or(set.as_deref()).map(place).transpose()
    }

    /// Does `once` until the server has answered: again where the answer was lost (`Ok(None)`), for which `once` must be safe
    /// to repeat; it is told whether an answer was lost before. `Ok(None)`: Ctrl-C was pressed meanwhile.
    ///
    /// # Errors
    /// Those of `once`. The server does not come back within `patience` ([`codes::NO_ANSWER_IN_TIME`]).
    pub(crate) fn repeat<T>(
        &self,
        patience: &mut Patience,
        waiting: &mut Waiting,
        mut once: impl FnMut(bool) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let mut lost = false;
        loop {
            match once(lost) {
                Ok(Some(answer)) => return Ok(Some(answer)),
                Ok(None) if !lost => {
                    report::progress("The connection to the server broke off. Asking again.");
                    lost = true;
                }
                Ok(None) => {}
                Err(error) if lost && is_away(&error) => {}
                Err(error) => return Err(error),
            }
            if patience.is_over() {
                let message = format!("the server at {} does not come back", self.client.address());
                return Err(Error::new(&codes::NO_ANSWER_IN_TIME, message).next(
                    "start it again, and see `millstream operations` for what became of it",
                ));
            }
            if waiting.pause(patience.next_pause()) {
                return Ok(None);
            }
        }
    }
}

/// Whether the server could not be reached, which may pass.
pub(crate) fn is_away(error: &Error) -> bool {
    [codes::SERVER_UNREACHABLE.id, codes::NO_ANSWER_IN_TIME.id].contains(&error.code())
}

/// `error` behind the words that Flink has for what could not be done, which scripts may look for.
pub(crate) fn worded(words: &str, error: &Error) -> Error {
    let code = codes::ALL.iter().find(|code| code.id == error.code());
    let Some(code) = code else {
        return error.clone();
    };
    let worded = Error::new(code, format!("{words}: {}", error.message())).next(error.next_step());
    match error.cause_text() {
        Some(cause) => worded.cause(cause),
        None => worded,
    }
}

/// Where jobs run, as the options and `configuration` say: [`LOCAL`] or `remote`.
///
/// # Errors
/// A target that is not there yet ([`codes::TARGET_UNSUPPORTED`]), or none at all.
pub(crate) fn target(
    connection: &Connection,
    configuration: &Configuration,
) -> Result<&'static str> {
    if connection.jobmanager.as_deref() == Some(YARN_CLUSTER) {
        return Err(not_there_yet(YARN_CLUSTER));
    }
    let set = configuration.get(&options::TARGET)?;
    let is_option = connection.target.is_none();
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
        return Err(not_there_yet(&target));
    }
    let planned = PLANNED_TARGETS.join(", ");
    let (name, shown) = match is_option {
        true => (
            options::TARGET.name,
            configuration.shown(&options::TARGET, &target),
        ),
        false => ("--target", target),
    };
    Err(Error::new(
        &codes::OPTION_VALUE,
        format!("{name} is `{shown}`, which is no target"),
    )
    .next(format!("use remote or local ({planned} are planned)")))
}

fn not_there_yet(target: &str) -> Error {
    Error::new(
        &codes::TARGET_UNSUPPORTED,
        format!("target {target} is not there yet"),
    )
    .next("use --target remote (a server) or --target local (this process)")
}
