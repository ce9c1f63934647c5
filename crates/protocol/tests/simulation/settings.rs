//! Random jobs: their tasks and their settings.

use std::time::Duration;

use millstream_core::Configuration;
use millstream_protocol::{JobSettings, TaskId, TaskInfo};
use rand::RngExt;
use rand::rngs::StdRng;

pub(crate) fn random_settings(rng: &mut StdRng) -> JobSettings {
    let mut configuration = Configuration::new();
    let mut set = |key: &str, value: String| configuration.set(key, value);
    if rng.random_bool(0.8) {
        set(
            "execution.checkpointing.interval",
            rng.random_range(1..500).to_string(),
        );
    }
    set(
        "execution.checkpointing.timeout",
        rng.random_range(200..3_000).to_string(),
    );
    set(
        "execution.checkpointing.min-pause",
        rng.random_range(0..200).to_string(),
    );
    set(
        "execution.checkpointing.tolerable-failed-checkpoints",
        rng.random_range(0..4).to_string(),
    );
    set(
        "execution.checkpointing.num-retained",
        rng.random_range(1..4).to_string(),
    );
    let retentions = [
        "RETAIN_ON_CANCELLATION",
        "DELETE_ON_CANCELLATION",
        "NO_EXTERNALIZED_CHECKPOINTS",
    ];
    let retention = retentions[rng.random_range(0..3)].to_owned();
    set(
        "execution.checkpointing.externalized-checkpoint-retention",
        retention,
    );
    let strategies = [
        "fixed-delay",
        "fixed-delay",
        "failure-rate",
        "exponential-delay",
        "none",
    ];
    set(
        "restart-strategy.type",
        strategies[rng.random_range(0..5)].to_owned(),
    );
    set(
        "restart-strategy.fixed-delay.attempts",
        rng.random_range(1..10).to_string(),
    );
    if rng.random_bool(0.5) {
        set(
            "execution.state-recovery.on-lost-output",
            "accept".to_owned(),
        );
    }
    set(
        "task.cancellation.interval",
        rng.random_range(100..1_000).to_string(),
    );
    set(
        "task.cancellation.timeout",
        rng.random_range(1_000..5_000).to_string(),
    );
    let settings = JobSettings::from_configuration(&configuration, random_tasks(rng));
    let settings = settings.expect("valid options");
    assert!(settings.checkpoints.timeout >= Duration::from_millis(200));
    settings
}

fn random_tasks(rng: &mut StdRng) -> Vec<TaskInfo> {
    let vertices = rng.random_range(1..3);
    let mut tasks = Vec::new();
    for vertex in 0..vertices {
        for subtask in 0..rng.random_range(1..3) {
            let task = TaskId { vertex, subtask };
            let name = format!("task {vertex}.{subtask}");
            tasks.push(TaskInfo {
                task,
                name,
                is_source: vertex == 0,
            });
        }
    }
    tasks
}
