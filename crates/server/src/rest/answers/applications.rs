//! Applications: each job is one by itself, of the same id.

use std::collections::BTreeMap;

use millstream_core::JobStatus;
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::JobDetails;
use super::tasks::Span;
use crate::views::JobView;

/// All applications.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MultipleApplicationsDetails {
    applications: Vec<ApplicationDetails>,
}

/// An application as it is listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct ApplicationDetails {
    id: String,
    name: String,
    start_time: i64,
    end_time: i64,
    duration: i64,
    status: &'static str,
    /// How many jobs it has in each status.
    #[schema(value_type = BTreeMap<String, u32>)]
    jobs: BTreeMap<&'static str, u32>,
}

/// An application with its jobs.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ApplicationDetailsInfo {
    id: String,
    name: String,
    status: &'static str,
    start_time: i64,
    end_time: i64,
    duration: i64,
    #[schema(value_type = BTreeMap<String, u64>)]
    timestamps: BTreeMap<&'static str, u64>,
    jobs: Vec<JobDetails>,
}

/// What went wrong in an application.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApplicationExceptionsInfo {
    exception_history: ApplicationExceptionHistory,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct ApplicationExceptionHistory {
    entries: Vec<ApplicationExceptionInfo>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ApplicationExceptionInfo {
    exception_name: String,
    stacktrace: String,
    timestamp: u64,
    job_id: String,
}

/// The statuses of applications, with those of its job that each stands for.
const STATUSES: [(&str, &[JobStatus]); 7] = [
    ("CREATED", &[JobStatus::Initializing, JobStatus::Created]),
    (
        "RUNNING",
        &[
            JobStatus::Running,
            JobStatus::Restarting,
            JobStatus::Suspended,
            JobStatus::Reconciling,
        ],
    ),
    ("FAILING", &[JobStatus::Failing]),
    ("FAILED", &[JobStatus::Failed]),
    ("CANCELLING", &[JobStatus::Cancelling]),
    ("CANCELED", &[JobStatus::Canceled]),
    ("FINISHED", &[JobStatus::Finished]),
];

fn status(job: &JobView) -> &'static str {
    let mut statuses = STATUSES.iter();
    let known = statuses.find(|(_, of_job)| of_job.contains(&job.status));
    known.map_or("RUNNING", |(name, _)| name)
}

impl MultipleApplicationsDetails {
    /// The list of the applications that `jobs` are.
    pub(crate) fn of<'a>(jobs: impl IntoIterator<Item = &'a JobView>, now: u64) -> Self {
        let applications = jobs.into_iter().map(|job| {
            let span = Span::new(Some(job.start_time), job.end_time, now);
            ApplicationDetails {
                id: job.id.to_string(),
                name: job.name.clone(),
                start_time: span.start,
                end_time: span.end,
                duration: span.duration,
                status: status(job),
                jobs: BTreeMap::from([(job.status.name(), 1)]),
            }
        });
        Self {
            applications: applications.collect(),
        }
    }
}

impl ApplicationDetailsInfo {
    /// The application that `job` is.
    pub(crate) fn of(job: &JobView, now: u64) -> Self {
        let span = Span::new(Some(job.start_time), job.end_time, now);
        let timestamps = STATUSES.iter().map(|(name, of_job)| {
            let times = of_job.iter().filter_map(|s| job.timestamps.get(s));
            (*name, times.copied().min().unwrap_or(0))
        });
        Self {
            id: job.id.to_string(),
            name: job.name.clone(),
            status: status(job),
            start_time: span.start,
            end_time: span.end,
            duration: span.duration,
            timestamps: timestamps.collect(),
            jobs: vec![JobDetails::of(job, now)],
        }
    }
}

impl ApplicationExceptionsInfo {
    /// The failures of `job`, newest first.
    pub(crate) fn of(job: &JobView) -> Self {
        let failures = job.failures.iter().rev();
        let entries = failures.map(|failure| ApplicationExceptionInfo {
            exception_name: failure.code.clone(),
            stacktrace: format!("{}: {}", failure.code, failure.message),
            timestamp: failure.at,
            job_id: job.id.to_string(),
        });
        Self {
            exception_history: ApplicationExceptionHistory {
                entries: entries.collect(),
            },
        }
    }
}
