//! The settings of a job, read from its configuration.

use std::time::Duration;

use millstream_core::options;
use millstream_core::{Configuration, Result};

use crate::commit::OnLostOutput;
use crate::range::out_of_range;
use crate::restart::RestartStrategy;
use crate::types::TaskInfo;

/// Everything that the machine of one job is told once.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSettings {
    /// The tasks of the job. At least one.
    pub tasks: Vec<TaskInfo>,
    /// When snapshots are taken.
    pub checkpoints: CheckpointSettings,
    /// What happens after a failure.
    pub restart: RestartStrategy,
    /// How long tasks may take to end.
    pub cancellation: CancellationSettings,
    /// What happens at a start where output is lost, or may be.
    pub on_lost_output: OnLostOutput,
}

impl JobSettings {
    /// The settings of a job with these tasks.
    ///
    /// # Errors
    /// An option has a value that does not fit its type or range; the error names it.
    pub fn from_configuration(configuration: &Configuration, tasks: Vec<TaskInfo>) -> Result<Self> {
        let checkpoints = CheckpointSettings::from_configuration(configuration)?;
        let restart =
            RestartStrategy::from_configuration(configuration, checkpoints.interval.is_some())?;
        let cancellation = CancellationSettings::from_configuration(configuration)?;
        Ok(Self {
            tasks,
            checkpoints,
            restart,
            cancellation,
            on_lost_output: read_on_lost_output(configuration)?,
        })
    }
}

fn read_on_lost_output(configuration: &Configuration) -> Result<OnLostOutput> {
    let text = configuration.require(&options::RESTORE_ON_LOST_OUTPUT)?;
    match text.to_ascii_lowercase().as_str() {
        "fail" => Ok(OnLostOutput::Fail),
        "accept" => Ok(OnLostOutput::Accept),
        _ => Err(out_of_range(
            configuration,
            &options::RESTORE_ON_LOST_OUTPUT,
            text,
            "there is no such choice",
            "fail or accept",
        )),
    }
}

/// What happens to checkpoints when a job ends. Those of a job that finished are always deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retention {
    /// Kept when the job is cancelled or fails.
    RetainOnCancellation,
    /// Kept when the job fails.
    DeleteOnCancellation,
    /// Never kept.
    NoExternalizedCheckpoints,
}

/// When snapshots are taken and given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointSettings {
    /// From the start of one checkpoint to the start of the next; `None`: only when asked for.
    pub interval: Option<Duration>,
    /// A snapshot that takes longer is given up. Also the time in which a sink must be reached.
    pub timeout: Duration,
    /// Least time from the end of a snapshot to the start of the next periodic checkpoint.
    pub min_pause: Duration,
    /// So many checkpoints may fail one after the other.
    pub tolerable_failures: u32,
    /// So many completed checkpoints are kept; at least 1.
    pub retained: usize,
    /// What happens to them when the job ends.
    pub retention: Retention,
}

impl CheckpointSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// An option has a value that does not fit its type or range; the error names it.
    pub fn from_configuration(configuration: &Configuration) -> Result<Self> {
        check_mode(configuration)?;
        let concurrent = configuration.require(&options::CHECKPOINT_MAX_CONCURRENT)?;
        if concurrent != 1 {
            let name = &options::CHECKPOINT_MAX_CONCURRENT;
            return Err(out_of_range(
                configuration,
                name,
                concurrent,
                "only 1 is offered",
                "1",
            ));
        }
        let timeout = configuration.require(&options::CHECKPOINT_TIMEOUT)?;
        if timeout < MILLISECOND {
            let text = options::format_duration(timeout);
            return Err(out_of_range(
                configuration,
                &options::CHECKPOINT_TIMEOUT,
                text,
                "no checkpoint could complete in it",
                "at least `1 ms`",
            ));
        }
        let retained = configuration.require(&options::CHECKPOINTS_RETAINED)?;
        if retained == 0 {
            let why = "the job could not go back to any";
            return Err(out_of_range(
                configuration,
                &options::CHECKPOINTS_RETAINED,
                0,
                why,
                "at least 1",
            ));
        }
        let interval = configuration.get(&options::CHECKPOINT_INTERVAL)?;
        Ok(Self {
            interval: interval
                .filter(|i| !i.is_zero())
                .map(|i| i.max(MILLISECOND)),
            timeout,
            min_pause: configuration.require(&options::CHECKPOINT_MIN_PAUSE)?,
            tolerable_failures: configuration.require(&options::CHECKPOINT_TOLERABLE_FAILURES)?,
            retained: usize::try_from(retained).unwrap_or(usize::MAX),
            retention: read_retention(configuration)?,
        })
    }
}

/// The machines' unit of time.
const MILLISECOND: Duration = Duration::from_millis(1);

fn check_mode(configuration: &Configuration) -> Result<()> {
    let mode = configuration.require(&options::CHECKPOINT_MODE)?;
    match mode.to_ascii_uppercase().as_str() {
        // Both give exactly once: alignment costs nothing measurable in this engine.
        "EXACTLY_ONCE" | "AT_LEAST_ONCE" => Ok(()),
        _ => Err(out_of_range(
            configuration,
            &options::CHECKPOINT_MODE,
            mode,
            "there is no such mode",
            "EXACTLY_ONCE or AT_LEAST_ONCE",
        )),
    }
}

fn read_retention(configuration: &Configuration) -> Result<Retention> {
    let text = configuration.require(&options::CHECKPOINT_RETENTION)?;
    match text.to_ascii_uppercase().as_str() {
        "RETAIN_ON_CANCELLATION" => Ok(Retention::RetainOnCancellation),
        "DELETE_ON_CANCELLATION" => Ok(Retention::DeleteOnCancellation),
        "NO_EXTERNALIZED_CHECKPOINTS" => Ok(Retention::NoExternalizedCheckpoints),
        _ => Err(out_of_range(
            configuration,
            &options::CHECKPOINT_RETENTION,
            text,
            "there is no such retention",
            "RETAIN_ON_CANCELLATION, DELETE_ON_CANCELLATION or NO_EXTERNALIZED_CHECKPOINTS",
        )),
    }
}

/// How long tasks may take to end after they were told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancellationSettings {
    /// Between two warnings; `None`: no warnings.
    pub interval: Option<Duration>,
    /// Until the process is brought down; `None`: never.
    pub timeout: Option<Duration>,
}

impl CancellationSettings {
    /// Reads the settings. 0 means no warnings, or no time limit.
    ///
    /// # Errors
    /// An option is no duration; the error names it.
    pub fn from_configuration(configuration: &Configuration) -> Result<Self> {
        let interval = configuration.require(&options::TASK_CANCELLATION_INTERVAL)?;
        let timeout = configuration.require(&options::TASK_CANCELLATION_TIMEOUT)?;
        Ok(Self {
            interval: Some(interval)
                .filter(|i| !i.is_zero())
                .map(|i| i.max(MILLISECOND)),
            timeout: Some(timeout).filter(|t| !t.is_zero()),
        })
    }
}

#[cfg(test)]
mod tests;
