//! Jobs in lists, and the plan of a job.

use std::collections::BTreeMap;

use millstream_core::{JobId, JobStatus};
use millstream_protocol::link::VertexReport;
use serde::Serialize;
use utoipa::ToSchema;

use super::tasks::{self, Span};
use crate::views::JobView;

/// A job by its id and status.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobIdWithStatus {
    id: String,
    status: &'static str,
}

/// All jobs by id and status.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobIdsWithStatusOverview {
    jobs: Vec<JobIdWithStatus>,
}

impl JobIdsWithStatusOverview {
    /// The list of `jobs`.
    pub(crate) fn of<'a>(jobs: impl IntoIterator<Item = &'a JobView>) -> Self {
        let jobs = jobs.into_iter().map(|job| JobIdWithStatus {
            id: job.id.to_string(),
            status: job.status.name(),
        });
        Self {
            jobs: jobs.collect(),
        }
    }
}

/// The attempt that a job waits for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct NextAttemptInfo {
    /// When it begins.
    at: u64,
    /// Which one it is, and why the one before has ended.
    why: String,
}

impl NextAttemptInfo {
    /// That of `job`; `None`: it waits for none.
    pub(crate) fn of(job: &JobView) -> Option<Self> {
        let next = job.next_attempt.as_ref()?;
        Some(Self {
            at: next.at,
            why: next.why.clone(),
        })
    }
}

/// A job as it is listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct JobDetails {
    jid: String,
    name: String,
    #[serde(rename = "jobType")]
    job_type: &'static str,
    /// `null` where the job never got as far as a plan.
    #[serde(rename = "schedulerType")]
    scheduler_type: Option<&'static str>,
    start_time: i64,
    end_time: i64,
    duration: i64,
    state: &'static str,
    last_modification: u64,
    #[schema(value_type = BTreeMap<String, u32>)]
    tasks: BTreeMap<&'static str, u32>,
    pending_operators: u32,
    /// Of a job that is restarted later.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt: Option<NextAttemptInfo>,
}

impl JobDetails {
    /// What the list says of `job`.
    pub(crate) fn of(job: &JobView, now: u64) -> Self {
        let span = Span::new(Some(job.start_time), job.end_time, now);
        Self {
            jid: job.id.to_string(),
            name: job.name.clone(),
            job_type: "STREAMING",
            scheduler_type: job.report.is_some().then_some("Default"),
            start_time: span.start,
            end_time: span.end,
            duration: span.duration,
            state: job.status.name(),
            last_modification: job.last_modification,
            tasks: tasks::count_of_job(job),
            pending_operators: 0,
            next_attempt: NextAttemptInfo::of(job),
        }
    }
}

/// All jobs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MultipleJobsDetails {
    jobs: Vec<JobDetails>,
}

impl MultipleJobsDetails {
    /// The list of `jobs`.
    pub(crate) fn of<'a>(jobs: impl IntoIterator<Item = &'a JobView>, now: u64) -> Self {
        Self {
            jobs: jobs
                .into_iter()
                .map(|job| JobDetails::of(job, now))
                .collect(),
        }
    }
}

/// The status of a job.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobStatusInfo {
    status: &'static str,
}

impl JobStatusInfo {
    /// The answer that the status is `status`.
    pub(crate) fn of(status: JobStatus) -> Self {
        Self {
            status: status.name(),
        }
    }
}

/// The plan of a job under the name `plan`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobPlanInfo {
    plan: Plan,
}

impl JobPlanInfo {
    /// The plan of `job`.
    pub(crate) fn of(job: &JobView) -> Self {
        Self {
            plan: Plan::of(job),
        }
    }

    /// The plan of a job with these vertices, inputs first.
    pub(crate) fn new(job: JobId, name: &str, vertices: &[VertexReport]) -> Self {
        Self {
            plan: Plan::new(job, name, vertices),
        }
    }
}

/// The vertices of a job and what flows between them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Plan {
    jid: String,
    name: String,
    r#type: &'static str,
    nodes: Vec<PlanNode>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct PlanNode {
    id: String,
    operator: &'static str,
    parallelism: usize,
    operator_strategy: &'static str,
    description: String,
    #[schema(value_type = BTreeMap<String, String>)]
    optimizer_properties: BTreeMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<PlanInput>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct PlanInput {
    id: String,
    num: usize,
    exchange: &'static str,
    ship_strategy: String,
}

impl Plan {
    /// The plan of `job`, sinks first.
    pub(crate) fn of(job: &JobView) -> Self {
        Self::new(job.id, &job.name, tasks::vertices(job))
    }

    fn new(job: JobId, name: &str, vertices: &[VertexReport]) -> Self {
        Self {
            jid: job.to_string(),
            name: name.to_owned(),
            r#type: "STREAMING",
            nodes: vertices.iter().rev().map(plan_node).collect(),
        }
    }
}

fn plan_node(vertex: &VertexReport) -> PlanNode {
    let inputs = vertex
        .inputs
        .iter()
        .enumerate()
        .map(|(num, edge)| PlanInput {
            id: edge.from.to_string(),
            num,
            exchange: "pipelined_bounded",
            ship_strategy: edge.ship_strategy.clone(),
        });
    PlanNode {
        id: vertex.id.to_string(),
        operator: "",
        parallelism: vertex.subtasks.len(),
        operator_strategy: "",
        description: description(&vertex.operators),
        optimizer_properties: BTreeMap::new(),
        inputs: inputs.collect(),
    }
}

/// The operators of a vertex, each a step further in than the one before.
fn description(operators: &[String]) -> String {
    operators
        .iter()
        .enumerate()
        .map(|(depth, name)| match depth.checked_sub(1) {
            None => format!("{name}<br/>"),
            Some(indent) => format!("{}+- {name}<br/>", "   ".repeat(indent)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_description_of_a_vertex_is_a_stair() {
        let operators = ["Source: Numbers", "Slow", "Times"].map(str::to_owned);
        assert_eq!(
            super::description(&operators),
            "Source: Numbers<br/>+- Slow<br/>   +- Times<br/>"
        );
    }
}
