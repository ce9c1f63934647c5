//! The names that processes have over REST.

use millstream_core::JobId;

use crate::views::JobView;

/// What Flink calls a task manager is the process of a job: `<host>:<process id>-<first 6 digits of the job's id>`.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    host: String,
}

impl Names {
    /// Names on the machine `host`.
    pub(crate) fn new(host: String) -> Self {
        Self { host }
    }

    /// The name of the machine.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The id of the process of `job`.
    pub(crate) fn process(&self, job: &JobView) -> String {
        self.process_of(job.id, newest_process(job))
    }

    /// The id of a process of `job`.
    pub(crate) fn process_of(&self, job: JobId, process: u32) -> String {
        format!("{}-{}", self.endpoint_of(process), job.short())
    }

    /// Where the tasks of `job` run; its number is that of the process, since tasks have no port.
    pub(crate) fn endpoint(&self, job: &JobView) -> String {
        self.endpoint_of(newest_process(job))
    }

    /// Where the tasks of a process run.
    pub(crate) fn endpoint_of(&self, process: u32) -> String {
        format!("{}:{process}", self.host)
    }
}

fn newest_process(job: &JobView) -> u32 {
    job.report.as_ref().map_or(0, |report| report.process)
}

/// The name of this machine; `localhost` where it can't be told.
pub(crate) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}
