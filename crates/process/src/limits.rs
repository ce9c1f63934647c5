//! The limits that the system sets to this process and, by inheritance, to those that it starts.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets as many files be open as the system allows at all: connections, jobs and the files of jobs are many, and the limit
/// that is in force by default is that of programs of the eighties.
pub fn raise() {
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

/// How many files may be open at once.
pub fn open_files() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
