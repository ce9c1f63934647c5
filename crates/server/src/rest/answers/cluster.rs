//! The server as a whole.

use millstream_core::JobStatus;
use serde::Serialize;
use utoipa::ToSchema;

use super::metrics::{Metrics, Value};
use super::processes::{process_metrics, slots};
use crate::rest::proc::{Machine, ProcessNumbers, Thread};
use crate::views::{JobView, ServerFacts};

/// The version of Flink whose interface this is. Clients decide by it what they may ask for.
const FLINK_VERSION: &str = "2.3.0";

/// The server in numbers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ClusterOverview {
    taskmanagers: usize,
    slots_total: usize,
    slots_available: usize,
    jobs_running: usize,
    jobs_finished: usize,
    jobs_cancelled: usize,
    jobs_failed: usize,
    /// The version of Flink's interface.
    flink_version: &'static str,
    /// The commit of Millstream.
    flink_commit: String,
    /// The version of Millstream.
    millstream_version: String,
}

impl ClusterOverview {
    /// The numbers over `jobs`. There is always room for as many tasks as the machine has processors.
    pub(crate) fn of<'a>(
        jobs: impl IntoIterator<Item = &'a JobView>,
        facts: &ServerFacts,
        machine: Machine,
    ) -> Self {
        let mut overview = Self {
            taskmanagers: 0,
            slots_total: machine.processors,
            slots_available: machine.processors,
            jobs_running: 0,
            jobs_finished: 0,
            jobs_cancelled: 0,
            jobs_failed: 0,
            flink_version: FLINK_VERSION,
            flink_commit: facts.commit.clone(),
            millstream_version: facts.version.clone(),
        };
        for job in jobs {
            match job.status {
                JobStatus::Finished => overview.jobs_finished += 1,
                JobStatus::Canceled => overview.jobs_cancelled += 1,
                JobStatus::Failed => overview.jobs_failed += 1,
                _ => overview.jobs_running += 1,
            }
            if job.process.is_some() {
                overview.taskmanagers += 1;
                overview.slots_total += slots(job);
            }
        }
        overview
    }
}

/// What the dashboard needs to know of the server.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct DashboardConfiguration {
    refresh_interval: u64,
    timezone_name: &'static str,
    timezone_offset: i32,
    flink_version: &'static str,
    flink_revision: String,
    features: Features,
    /// The version of Millstream.
    millstream_version: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Features {
    web_submit: bool,
    web_cancel: bool,
    web_rescale: bool,
    web_history: bool,
}

impl DashboardConfiguration {
    /// What the dashboard needs to know. Times are told in UTC.
    pub(crate) fn of(
        facts: &ServerFacts,
        refresh_interval: u64,
        web_submit: bool,
        web_cancel: bool,
    ) -> Self {
        Self {
            refresh_interval,
            timezone_name: "Coordinated Universal Time",
            timezone_offset: 0,
            flink_version: FLINK_VERSION,
            flink_revision: facts.commit.clone(),
            features: Features {
                web_submit,
                web_cancel,
                web_rescale: false,
                web_history: false,
            },
            millstream_version: facts.version.clone(),
        }
    }
}

/// A setting of the server.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ConfigurationEntry {
    /// The key.
    pub(crate) key: String,
    /// Its value; `******` where it is secret.
    pub(crate) value: String,
}

/// A log file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LogInfo {
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) mtime: u64,
}

/// Log files.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LogListInfo {
    pub(crate) logs: Vec<LogInfo>,
}

/// The program that runs, in the place where Flink describes its virtual machine.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EnvironmentInfo {
    jvm: RuntimeInfo,
    classpath: Vec<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct RuntimeInfo {
    version: String,
    arch: &'static str,
    options: Vec<String>,
}

impl EnvironmentInfo {
    /// The environment of Millstream `version`, run from `program`.
    pub(crate) fn of(version: &str, program: Option<String>) -> Self {
        Self {
            jvm: RuntimeInfo {
                version: format!("Millstream {version}"),
                arch: std::env::consts::ARCH,
                options: Vec::new(),
            },
            classpath: program.into_iter().collect(),
        }
    }
}

/// The threads of a process.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThreadDumpInfo {
    thread_infos: Vec<ThreadInfo>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ThreadInfo {
    thread_name: String,
    stringified_thread_info: String,
}

impl ThreadDumpInfo {
    /// The names and states of `threads`; stacks are not to be had from outside.
    pub(crate) fn of(threads: &[Thread]) -> Self {
        let infos = threads.iter().map(|thread| ThreadInfo {
            thread_name: thread.name.clone(),
            stringified_thread_info: format!(
                "\"{}\" Id={} {} cpu={} ms\n",
                thread.name, thread.id, thread.state, thread.cpu_ms
            ),
        });
        Self {
            thread_infos: infos.collect(),
        }
    }
}

/// How much the disk of the data directory holds, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DiskSpace {
    /// What the server's user can still write.
    pub(crate) free: u64,
    /// All of it.
    pub(crate) total: u64,
}

/// The metrics of the server: those of its process, how much it looks after, and what it has refused: requests, connections.
pub(crate) fn server_metrics(
    overview: &ClusterOverview,
    numbers: ProcessNumbers,
    machine: Machine,
    disk: Option<DiskSpace>,
    [requests, connections]: [u64; 2],
) -> Metrics {
    let mut metrics = process_metrics(numbers, machine);
    for (name, number) in [
        ("numRunningJobs", overview.jobs_running),
        ("numRegisteredTaskManagers", overview.taskmanagers),
        ("taskSlotsTotal", overview.slots_total),
        ("taskSlotsAvailable", overview.slots_available),
    ] {
        metrics.push((name.to_owned(), Value::count(number as u64)));
    }
    metrics.push(("numRefusedRequests".to_owned(), Value::count(requests)));
    metrics.push((
        "numRefusedConnections".to_owned(),
        Value::count(connections),
    ));
    // Where it can't be told there is no number, rather than a wrong one.
    if let Some(disk) = disk {
        metrics.push(("dataDirectoryFreeBytes".to_owned(), Value::count(disk.free)));
        metrics.push((
            "dataDirectoryTotalBytes".to_owned(),
            Value::count(disk.total),
        ));
    }
    metrics
}

/// How many jobs there are of each status.
pub(crate) fn jobs_by_status<'a>(
    jobs: impl IntoIterator<Item = &'a JobView>,
) -> Vec<(JobStatus, u64)> {
    let mut counts: Vec<_> = JobStatus::ALL.iter().map(|status| (*status, 0)).collect();
    for job in jobs {
        for (_, count) in counts
            .iter_mut()
            .filter(|(status, _)| *status == job.status)
        {
            *count += 1;
        }
    }
    counts
}
