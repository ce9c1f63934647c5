//! Sending dead letters through the pipeline of their job once more.
//!
//! What is to be sent is written down, then that it is being sent, then it is sent by a job of its own, with checkpoints of its
//! own, then that it was. A replay that is interrupted is gone on with from its newest checkpoint where the sink is exactly once:
//! each letter is in the output once, whenever the process dies. Where it is not, what was being sent is never sent again by
//! itself.

mod again;

use std::fs;
use std::path::Path;

use millstream::local::new_job_id;
use millstream::{Environment, RunOptions, directories};
use millstream_connectors::kafka::KafkaSinkOptions;
use millstream_connectors::rows::letters::Line;
use millstream_core::options::reference::escape;
use millstream_core::options::{
    CHECKPOINT_DIRECTORY, CHECKPOINT_INTERVAL, CHECKPOINT_MODE, CHECKPOINT_RETENTION, JOB_NAME,
    PARALLELISM, RESTART_STRATEGY, RESTORE_PATH, SAVEPOINT_DIRECTORY, TARGET,
};
use millstream_core::{Configuration, Error, JobId, Result, codes};

use super::Letters;
use super::book::{Book, Locked};
use super::marks::{Mark, Set, State};
use crate::parameters::{
    self, BadRecordLimits, BadRecords, DeadLetters, IngestSettings, Input, SinkSettings,
};
use crate::pipeline::{self, Remotes};
use again::Sent;

const LETTERS: &str = "letters.jsonl";
const ID: &str = "job";
/// Between two checkpoints, where the job has none.
const INTERVAL: &str = "10 s";

/// Which letters are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Those with this code; `None`: with any.
    pub code: Option<String>,
    /// At most so many; `None`: all.
    pub limit: Option<u64>,
    /// Also those of which nobody knows whether they were sent.
    pub unclear: bool,
}

impl Selection {
    /// Whether a letter is meant.
    pub fn takes(&self, state: State, line: &Line) -> bool {
        let is_code = self.code.as_deref().is_none_or(|code| line.code() == code);
        let is_state = state == State::Open || (self.unclear && state == State::Unclear);
        is_code && is_state
    }

    /// Whether so many are all.
    pub(super) fn is_full(&self, count: u64) -> bool {
        self.limit.is_some_and(|limit| count >= limit)
    }
}

/// What came of a replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many letters of replays that were interrupted were seen to their end first.
    pub resumed: u64,
    /// How many it is not known of whether they were sent, as their replay was interrupted.
    pub unclear: u64,
    /// How many were sent, or would be.
    pub sent: u64,
    /// How many of those that were sent failed again and were set aside; `None`: nothing was sent, or it can't be told.
    pub again: Option<u64>,
    /// How many can't be, as only their beginning was kept.
    pub cut: u64,
}

/// The job that letters go through.
#[derive(Debug)]
pub(super) struct Job {
    name: String,
    settings: IngestSettings,
    configuration: Configuration,
}

impl Job {
    /// The job as it was run last.
    pub(super) fn of(book: &Book) -> Result<Self> {
        let note = book.note();
        let loaded = parameters::load(&Input {
            environment: &[],
            arguments: &note.arguments,
            directory: book.directory(),
        })?;
        let mut settings = loaded.settings;
        // Those were counted when they were read first.
        if let BadRecords::DeadLetter { limits, .. } = &mut settings.errors {
            *limits = BadRecordLimits::default();
        }
        let mut configuration = note.configuration.clone();
        millstream_process::secrets::resolve_settings(&mut configuration)?;
        let (configuration, _) = settings.options.under(&configuration);
        Ok(Self {
            name: book.name().to_owned(),
            settings,
            configuration,
        })
    }

    pub(super) fn place(&self) -> Result<DeadLetters> {
        self.settings.errors.place().cloned().ok_or_else(|| {
            let message =
                "the job has no dead letters as it was run last: error.policy is not dead-letter";
            Error::new(&codes::DEAD_LETTERS_UNKNOWN, message)
        })
    }

    /// Whether it leaves out records whose keys it has seen.
    pub(super) const fn is_deduplicating(&self) -> bool {
        self.settings.unique.is_some()
    }

    /// What lies behind `s3://` and `hdfs://`.
    pub(super) fn remotes(&self) -> Result<Remotes> {
        Remotes::of(&self.configuration)
    }

    /// The sink, where it is Kafka.
    pub(super) fn sink(&self) -> Option<&KafkaSinkOptions> {
        match &self.settings.sink {
            SinkSettings::Kafka(options) => Some(options),
            SinkSettings::File(_) | SinkSettings::Elasticsearch(_) | SinkSettings::Print => None,
        }
    }

    /// Whether each record is in the output once, whenever the process dies.
    fn is_exactly_once(&self) -> Result<bool> {
        Ok(match self.settings.sink {
            SinkSettings::File(_) => true,
            SinkSettings::Kafka(_) => self
                .configuration
                .require(&CHECKPOINT_MODE)?
                .eq_ignore_ascii_case("EXACTLY_ONCE"),
            // A document that is written again is the same document.
            SinkSettings::Elasticsearch(_) => true,
            SinkSettings::Print => false,
        })
    }

    /// The options of a replay whose directory this is.
    fn options(&self, directory: &Path) -> Result<Configuration> {
        let mut options = self.configuration.clone();
        let name = format!("{} (dead letters)", self.name);
        options.set(JOB_NAME.name, escape(&name));
        // Whoever interrupts it goes on from there.
        options.set(CHECKPOINT_RETENTION.name, "RETAIN_ON_CANCELLATION");
        for (option, place) in [
            (CHECKPOINT_DIRECTORY.name, "checkpoints"),
            (SAVEPOINT_DIRECTORY.name, "savepoints"),
        ] {
            let path = directory.join(place).to_string_lossy().into_owned();
            options.set(option, escape(&path));
        }
        options.set(PARALLELISM.name, "1");
        options.set(TARGET.name, "local");
        options.set(RESTORE_PATH.name, "");
        let interval = options.get(&CHECKPOINT_INTERVAL)?;
        if interval.is_none_or(|interval| interval.is_zero()) {
            options.set(CHECKPOINT_INTERVAL.name, INTERVAL);
        }
        if !self.is_exactly_once()? {
            // What was sent before a restart would be sent again.
            options.set(RESTART_STRATEGY.name, "none");
        }
        Ok(options)
    }

    /// Sends what the directory of a replay holds, from wherever it is.
    fn send(&self, directory: &Path) -> Result<()> {
        let mut options = self.options(directory)?;
        if directories::has_finished(&options)? {
            return Ok(());
        }
        // Before its first checkpoint it begins anew as the same job, which ends what the one that died left open.
        let job = match directories::has_snapshot(&options)? {
            true => None,
            false => Some(id_of(directory)?),
        };
        match job {
            None => options.set(RESTORE_PATH.name, "latest"),
            Some(job) => directories::clear_incomplete(&options, job)?,
        }
        let environment = Environment::with_options(RunOptions {
            entry: None,
            configuration: options.clone(),
            job_directory: None,
            job,
        });
        let (settings, letters) = (&self.settings, directory.join(LETTERS));
        pipeline::declare_again(&environment, settings, &letters, &self.name)?;
        environment.execute(crate::NAME)?;
        match directories::has_finished(&options)? {
            true => Ok(()),
            false => Err(Error::new(
                &codes::JOB_STATE,
                "the replay was suspended before all letters were sent",
            )
            .next("replay again, which goes on where it was")),
        }
    }
}

/// The id of the job that sends what the directory of a replay holds.
fn id_of(directory: &Path) -> Result<JobId> {
    let path = directory.join(ID);
    let text = fs::read_to_string(&path).unwrap_or_default();
    text.trim().parse().map_err(|_| {
        let message = format!("{} holds no id of a job", path.display());
        Error::new(&codes::DEAD_LETTERS, message).next("bring it back, or take its directory away")
    })
}

/// What is to be sent.
#[derive(Default)]
struct Chosen {
    set: Set,
    sent: Sent,
    /// How many can't be.
    cut: u64,
}

/// Chooses letters, and hands each to `write`.
fn choose(
    letters: &Letters,
    selection: &Selection,
    write: &mut dyn FnMut(&Line) -> Result<()>,
) -> Result<Chosen> {
    let marks = letters.book.marks()?;
    let mut chosen = Chosen::default();
    let mut count = 0;
    // To the end also where there are enough: what lies behind it later is new.
    letters.read(&mut |place, number, line| {
        chosen.sent.pass(place, number);
        if selection.is_full(count) || !selection.takes(marks.state(place, number), &line) {
            return Ok(true);
        }
        if line.cut.is_some() {
            chosen.cut += 1;
            return Ok(true);
        }
        chosen.set.add(place, number);
        chosen.sent.add(&line);
        count += 1;
        write(&line)?;
        Ok(true)
    })?;
    Ok(chosen)
}

/// Sends the letters that are selected.
pub(super) fn replay(
    letters: &Letters,
    lock: &Locked<'_>,
    selection: &Selection,
    dry_run: bool,
) -> Result<Replayed> {
    // Letters that were noted as begun would wait for ever for what can't be.
    pipeline::check_replay(&letters.job.settings)?;
    let mut replayed = Replayed::default();
    for (number, count) in letters.book.marks()?.begun() {
        let is_there = letters.book.replay(number).join(LETTERS).is_file();
        let can_go_on = is_there && letters.job.is_exactly_once()?;
        if !dry_run {
            match can_go_on {
                true => finish(letters, lock, number)?,
                false => give_up(letters, lock, number)?,
            }
        }
        match can_go_on {
            true => replayed.resumed += count,
            false => replayed.unclear += count,
        }
    }
    if dry_run {
        let chosen = choose(letters, selection, &mut |_| Ok(()))?;
        (replayed.sent, replayed.cut) = (chosen.set.count(), chosen.cut);
        return Ok(replayed);
    }
    let number = letters.book.marks()?.next();
    let directory = letters.book.replay(number);
    // One of this number that was not noted as begun has sent nothing.
    remove(&directory);
    let mut file = lock.begin(&directory, LETTERS)?;
    let mut chosen = choose(letters, selection, &mut |line| file.line(&line.to_json()))?;
    (replayed.sent, replayed.cut) = (chosen.set.count(), chosen.cut);
    if replayed.sent == 0 {
        remove(&directory);
        return Ok(replayed);
    }
    file.end()?;
    let mut id = lock.begin(&directory, ID)?;
    id.line(&new_job_id().to_string())?;
    id.end()?;
    lock.write(&Mark::Begun {
        replay: number,
        set: chosen.set,
    })?;
    if let Err(error) = finish(letters, lock, number) {
        if !letters.job.is_exactly_once()? {
            give_up(letters, lock, number)?;
        }
        return Err(error);
    }
    replayed.again = again(letters, &mut chosen.sent);
    Ok(replayed)
}

/// How many of the letters that were sent have been set aside again; `None`: that can't be told, which is no failure of the replay.
fn again(letters: &Letters, sent: &mut Sent) -> Option<u64> {
    let mut count = 0;
    let read = letters.read(&mut |place, number, line| {
        count += u64::from(sent.is_again(place, number, &line));
        Ok(true)
    });
    match read {
        Ok(()) => Some(count),
        Err(error) => {
            tracing::warn!("How many letters failed again can't be told: {error}");
            None
        }
    }
}

/// Sees a replay that was noted as begun to its end.
fn finish(letters: &Letters, lock: &Locked<'_>, number: u64) -> Result<()> {
    let directory = letters.book.replay(number);
    letters.job.send(&directory)?;
    lock.write(&Mark::Replayed { replay: number })?;
    remove(&directory);
    Ok(())
}

fn give_up(letters: &Letters, lock: &Locked<'_>, number: u64) -> Result<()> {
    lock.write(&Mark::Unclear { replay: number })?;
    remove(&letters.book.replay(number));
    Ok(())
}

/// What stays of it is in nobody's way.
fn remove(directory: &Path) {
    if let Err(error) = fs::remove_dir_all(directory)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!("{} stays: {error}", directory.display());
    }
}
