//! What the process of a job would refuse before it runs the job, as far as that can be told without one: a process tells the first
//! thing that it finds alone, and whoever asks for a job is to be told all of them.

use std::path::Path;
use std::time::Duration;

use millstream_core::options::reference::has_references;
use millstream_core::options::{
    self, RESTART_EXPONENTIAL_INITIAL, RESTART_EXPONENTIAL_MAX, RESTART_STRATEGY, RESTORE_PATH,
};
use millstream_core::{Configuration, Error, Result, codes};
use millstream_protocol::JobSettings;
use millstream_storage::{Location, METADATA_FILE, Snapshot, is_in_store};
use tokio::sync::Semaphore;

use crate::background::blocking;
use crate::registry::Registry;
use crate::{configuration, places};

/// What lies on a disk that does not answer for so long is left to the process.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest `_metadata` that the server reads, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;
/// So many disks are looked at at once: a disk that does not answer holds no more threads of the server.
static LOOKS: Semaphore = Semaphore::const_new(4);
/// The restart strategy that nothing can be wrong with.
const NO_RESTARTS: &str = "none";
/// The beginnings of the options that are looked at.
const LOOKED_AT: [&str; 4] = [
    "restart-strategy.",
    "execution.checkpointing.",
    "execution.state-recovery.",
    "task.cancellation.",
];

impl Registry {
    /// What is wrong with the settings of a request and with the snapshot that they name, each by itself; and the settings with what is
    /// well in the place of that: whoever is asked about the rest of the request tells nothing twice.
    pub(crate) async fn refused_beforehand(
        &self,
        request: &Configuration,
    ) -> (Vec<Error>, Configuration) {
        let server = configuration::of_jobs(&self.shared.settings);
        let mut rest = request.clone();
        let mut refused = refused_settings(&server, &mut rest);
        if let Err(error) = look_at_snapshot(&together(&server, &rest)).await {
            refused.push(error);
            // None is named.
            rest.set(RESTORE_PATH.name, "");
        }
        (refused, rest)
    }
}

/// The settings that a job gets: the server's, and those of its request, which win. What refers to something else is left out, and its
/// process tells: the server reads no file that a request names, and what it knows itself a job may not.
fn together(server: &Configuration, request: &Configuration) -> Configuration {
    let mut written = server.clone();
    written.extend(request);
    let mut settings = Configuration::new();
    for (key, value) in written.iter() {
        let is_looked_at = LOOKED_AT.iter().any(|begin| key.starts_with(begin));
        if is_looked_at && !has_references(value) {
            settings.set(key, value);
        }
    }
    settings
}

/// What is wrong with the settings, each by itself.
fn refused_settings(server: &Configuration, request: &mut Configuration) -> Vec<Error> {
    let mut settings = together(server, request);
    // Which strategy a job has that is told none its program may say.
    if !settings.is_set(&RESTART_STRATEGY) {
        settings.set(RESTART_STRATEGY.name, NO_RESTARTS);
    }
    let mut refused: Vec<Error> = Vec::new();
    // The first that is wrong is told, so it is put right, and all is looked at again.
    while let Err(error) = JobSettings::from_configuration(&settings, Vec::new()) {
        let named = settings
            .iter()
            .map(|(key, _)| key)
            .find(|key| is_about(&error, key))
            .map(str::to_owned);
        let is_told = |name: &String| refused.iter().any(|known| is_about(known, name));
        let new = named.filter(|name| !is_told(name) && is_certain(name, &settings));
        if let Some(name) = new {
            let default = options::find(&name).and_then(|option| option.default);
            // The others without a default are numbers and durations.
            let none = match name == RESTART_STRATEGY.name {
                true => NO_RESTARTS,
                false => "0",
            };
            let well = default.unwrap_or(none);
            settings.set(name.as_str(), well);
            request.set(name, well);
            refused.push(error);
        } else if settings.text(RESTART_STRATEGY.name) != Some(NO_RESTARTS) {
            settings.set(RESTART_STRATEGY.name, NO_RESTARTS);
            // A request that nothing was told of is run as it stands.
            if !refused.is_empty() {
                request.set(RESTART_STRATEGY.name, NO_RESTARTS);
            }
        } else {
            break;
        }
    }
    refused
}

/// Whether `error` tells of the value of the option `name`.
fn is_about(error: &Error, name: &str) -> bool {
    let rest = error.message().strip_prefix(name);
    rest.is_some_and(|rest| rest.starts_with(" is `"))
}

/// Whether the value of the option `name` is wrong whatever the program says. The longest wait is wrong beside the first, and of two
/// that are not both set the program may set the other.
fn is_certain(name: &str, settings: &Configuration) -> bool {
    name != RESTART_EXPONENTIAL_MAX.name || settings.is_set(&RESTART_EXPONENTIAL_INITIAL)
}

/// Opens the snapshot that the settings name, if it lies on a disk of this machine. What is in a store is left to the process: where
/// that is, and who may ask it, a job may be told otherwise than its server.
///
/// # Errors
/// There is none, or it can't be gone on from.
async fn look_at_snapshot(settings: &Configuration) -> Result<()> {
    let named = settings.text(RESTORE_PATH.name).map(str::trim);
    let Some(path) = named.filter(|path| !path.is_empty() && *path != "latest") else {
        return Ok(());
    };
    let location = match places::whole(path)?.parse::<Location>() {
        Ok(location) if is_in_store(location.path()) => return Ok(()),
        Ok(location) => location,
        // Which stores there are every process knows.
        Err(error) if error.code() == codes::SNAPSHOT_SCHEME.id => return Err(error),
        Err(_) if is_in_store(Path::new(path)) => return Ok(()),
        Err(error) => return Err(error),
    };
    // Where others wait for their disks, this one's process looks.
    let Ok(turn) = LOOKS.try_acquire() else {
        return Ok(());
    };
    let look = blocking(move || {
        let found = std::fs::metadata(location.path().join(METADATA_FILE));
        let is_large = found.is_ok_and(|found| found.len() > LARGEST);
        let opened = match is_large {
            // Its process reads it, whose memory it is.
            true => Ok(()),
            false => Snapshot::open(&location).map(drop),
        };
        drop(turn);
        opened
    });
    tokio::time::timeout(PATIENCE, look).await.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Configuration {
        let mut settings = Configuration::new();
        for (key, value) in pairs {
            settings.set(*key, *value);
        }
        settings
    }

    /// The beginnings of what is told of a request to a server with these settings.
    fn told(server: &[(&str, &str)], request: &[(&str, &str)]) -> Vec<String> {
        let mut request = settings(request);
        let before = request.clone();
        let refused = refused_settings(&settings(server), &mut request);
        if refused.is_empty() {
            assert_eq!(request, before, "it is run as it stands");
        }
        let again = refused_settings(&settings(server), &mut request);
        assert!(again.is_empty(), "told twice: {again:?}");
        let told = refused
            .iter()
            .map(|error| error.message().split(':').next());
        told.map(|text| text.unwrap_or_default().to_owned())
            .collect()
    }

    const EXPONENTIAL: (&str, &str) = ("restart-strategy.type", "exponential-delay");
    const JITTER: (&str, &str) = ("restart-strategy.exponential-delay.jitter-factor", "7");
    const SHRINKS: (&str, &str) = (
        "restart-strategy.exponential-delay.backoff-multiplier",
        "0.5",
    );
    const FIRST: (&str, &str) = (
        "restart-strategy.exponential-delay.initial-backoff",
        "2 min",
    );
    const LONGEST: (&str, &str) = ("restart-strategy.exponential-delay.max-backoff", "1 s");

    #[test]
    fn every_setting_that_is_wrong_is_told_once() {
        let strategy = "restart-strategy.type is `bogus`";
        let mode = "execution.checkpointing.mode is `ONCE`";
        let wrong = [
            ("restart-strategy", "bogus"),
            ("execution.checkpointing.mode", "ONCE"),
            ("execution.state-recovery.on-lost-output", "perhaps"),
        ];
        let lost = "execution.state-recovery.on-lost-output is `perhaps`";
        assert_eq!(told(&[], &wrong), [mode, strategy, lost]);
        assert_eq!(told(&wrong, &[]), [mode, strategy, lost]);
        assert_eq!(
            told(&[], &[EXPONENTIAL, JITTER, SHRINKS, FIRST, LONGEST]),
            [
                "restart-strategy.exponential-delay.backoff-multiplier is `0.5`",
                "restart-strategy.exponential-delay.jitter-factor is `7`",
                "restart-strategy.exponential-delay.max-backoff is `1 s`"
            ]
        );
    }

    #[test]
    fn what_a_program_may_put_right_is_left_to_it() {
        for request in [
            &[EXPONENTIAL][..],
            &[],
            // It may have another strategy.
            &[JITTER],
            // The other one of the two.
            &[EXPONENTIAL, FIRST],
            &[
                EXPONENTIAL,
                ("restart-strategy.exponential-delay.max-backoff", "1 ms"),
            ],
            // What stands there only its process may know.
            &[("restart-strategy.type", "${env:MILLSTREAM_TEST_NOT_SET}")],
        ] {
            assert_eq!(told(&[], request), Vec::<String>::new(), "{request:?}");
        }
    }
}
