//! How a job takes checkpoints.

use std::time::Duration;

use millstream_core::options::{
    CHECKPOINT_INTERVAL, CHECKPOINT_MIN_PAUSE, CHECKPOINT_RETENTION, CHECKPOINT_TIMEOUT,
    CHECKPOINT_TOLERABLE_FAILURES,
};
use millstream_core::{Configuration, Result};
use serde::Serialize;
use utoipa::ToSchema;

/// The settings of the checkpoints of a job.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CheckpointConfigInfo {
    mode: &'static str,
    interval: u64,
    timeout: u64,
    min_pause: u64,
    max_concurrent: u64,
    externalization: Externalization,
    state_backend: &'static str,
    checkpoint_storage: &'static str,
    unaligned_checkpoints: bool,
    tolerable_failed_checkpoints: u32,
    aligned_checkpoint_timeout: u64,
    checkpoints_after_tasks_finish: bool,
    state_changelog_enabled: bool,
    changelog_periodic_materialization_interval: u64,
    changelog_storage: &'static str,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct Externalization {
    enabled: bool,
    delete_on_cancellation: bool,
}

impl CheckpointConfigInfo {
    /// What the settings of a job say.
    ///
    /// # Errors
    /// An option has a value that does not fit its type.
    pub(crate) fn of(settings: &Configuration) -> Result<Self> {
        let retention = settings.require(&CHECKPOINT_RETENTION)?;
        let interval = settings.get(&CHECKPOINT_INTERVAL)?.unwrap_or_default();
        Ok(Self {
            mode: "exactly_once",
            interval: match interval.is_zero() {
                // Flink's word for never.
                true => i64::MAX as u64,
                false => millis(interval),
            },
            timeout: millis(settings.require(&CHECKPOINT_TIMEOUT)?),
            min_pause: millis(settings.require(&CHECKPOINT_MIN_PAUSE)?),
            max_concurrent: 1,
            externalization: Externalization {
                enabled: retention != "NO_EXTERNALIZED_CHECKPOINTS",
                delete_on_cancellation: retention != "RETAIN_ON_CANCELLATION",
            },
            state_backend: "HashMapStateBackend",
            checkpoint_storage: "FileSystemCheckpointStorage",
            unaligned_checkpoints: false,
            tolerable_failed_checkpoints: settings.require(&CHECKPOINT_TOLERABLE_FAILURES)?,
            aligned_checkpoint_timeout: 0,
            checkpoints_after_tasks_finish: true,
            state_changelog_enabled: false,
            changelog_periodic_materialization_interval: 0,
            changelog_storage: "memory",
        })
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
