//! Changes of the parallelism of a job that runs: there are none, so what Flink tells of them is empty.

use serde::Serialize;
use utoipa::ToSchema;

use super::summary::StatsSummary;

/// How changes of the parallelism are made: not at all. No limit of time has a value.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobRescaleConfigInfo {
    rescale_history_max: u32,
    scheduler_execution_mode: Option<String>,
    submission_resource_wait_timeout_in_millis: Option<u64>,
    submission_resource_stabilization_timeout_in_millis: Option<u64>,
    slot_idle_timeout_in_millis: Option<u64>,
    executing_cooldown_timeout_in_millis: Option<u64>,
    executing_resource_stabilization_timeout_in_millis: Option<u64>,
    maximum_delay_for_triggering_rescale_in_millis: Option<u64>,
    rescale_on_failed_checkpoint_count: Option<u32>,
}

/// How many changes there were, and the newest of them.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobRescalesOverview {
    rescales_counts: RescalesCounts,
    latest: LatestRescales,
}

#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RescalesCounts {
    ignored: u64,
    in_progress: u64,
    completed: u64,
    failed: u64,
}

/// The newest of each kind: `null`, since there is none.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
struct LatestRescales {
    completed: Option<String>,
    failed: Option<String>,
    ignored: Option<String>,
}

/// How long the changes took.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobRescalesSummary {
    rescales_counts: RescalesCounts,
    rescales_duration_stats_in_millis: StatsSummary,
    completed_rescales_duration_stats_in_millis: StatsSummary,
    ignored_rescales_duration_stats_in_millis: StatsSummary,
    failed_rescales_duration_stats_in_millis: StatsSummary,
}

impl Default for JobRescalesSummary {
    fn default() -> Self {
        let nothing = || StatsSummary::of([]);
        Self {
            rescales_counts: RescalesCounts::default(),
            rescales_duration_stats_in_millis: nothing(),
            completed_rescales_duration_stats_in_millis: nothing(),
            ignored_rescales_duration_stats_in_millis: nothing(),
            failed_rescales_duration_stats_in_millis: nothing(),
        }
    }
}
