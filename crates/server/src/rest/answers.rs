//! What is answered: the bodies of Flink's REST interface, made of what the server knows by pure functions. Their
//! fields and types are Flink's; a test holds them against observed answers.

pub(crate) mod applications;
pub(crate) mod checkpoint_config;
pub(crate) mod checkpoint_subtasks;
pub(crate) mod checkpoints;
pub(crate) mod cluster;
pub(crate) mod job;
pub(crate) mod job_metrics;
pub(crate) mod jobs;
pub(crate) mod metrics;
pub(crate) mod numbers;
pub(crate) mod operations;
pub(crate) mod package_plan;
pub(crate) mod packages;
pub(crate) mod processes;
pub(crate) mod rescales;
pub(crate) mod summary;
pub(crate) mod task_metrics;
pub(crate) mod tasks;
pub(crate) mod vertex;

#[cfg(test)]
mod tests;
