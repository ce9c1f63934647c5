//! The limits that the system sets to the server and, by inheritance, to the processes of its jobs.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets as many files be open as the system allows at all. Connections, jobs and the files of jobs are many, and the limit
/// that is in force by default is that of programs of the eighties.
pub(crate) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if limit.current != limit.maximum
        && let Err(cause) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!("The limit of open files can't be raised: {cause}");
    }
}

/// So many connections may be open at once: what is left is for jobs.
pub(crate) fn connections() -> usize {
    const MOST: u64 = 10_000;
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from((files / 2).min(MOST)).unwrap_or(usize::MAX)
}
