//! What strikes, and when.

use crate::orders::{End, Spelling, Victim};
use crate::places::Place;
use crate::shim::{Failure, Operations};

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So many milliseconds later.
    After(u64),
    /// When output becomes visible.
    Commit,
    /// When a hidden file of output appears.
    Hidden,
    /// When the directory of a checkpoint appears.
    Checkpoint,
}

/// Who else wants to run the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Second {
    /// `run --target local -s latest`.
    Run,
    /// `run -d -s latest`.
    Submission,
    /// `millstream server` on the same data directory.
    Server,
}

/// What happens while a fault is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    Nothing,
    Kill(Victim),
    /// The job is asked to end, and goes on from `latest` when the fault has gone.
    End(End),
}

/// What lies among the input and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    Directory,
    Fifo,
    /// A file that says it is compressed and is not.
    NoGzip,
}

/// What strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL, so many times and so far apart.
    Kill {
        victim: Victim,
        times: u64,
        apart_ms: u64,
    },
    /// The server is ended with SIGTERM.
    Leave,
    /// SIGSTOP and SIGCONT. Meanwhile the server may be killed, and somebody else may want to run the job.
    Freeze {
        victim: Victim,
        hold_ms: u64,
        kill_server: bool,
        second: Option<Second>,
    },
    /// Errors of the disk below a place.
    Disk {
        place: Place,
        failure: Failure,
        operations: Operations,
        per_mille: u32,
        hold_ms: u64,
        meanwhile: Meanwhile,
    },
    /// The wall clock steps to so many seconds from the true time.
    Clock { seconds: i64, kill: bool },
    /// A directory goes away, or an empty one stands in its place, and it comes back whole.
    Away {
        place: Place,
        empty: bool,
        hold_ms: u64,
        meanwhile: Meanwhile,
    },
    /// Something lies among the input for a while.
    Odd { what: Odd, hold_ms: u64 },
    /// Somebody else wants to run the job while it runs.
    Owner { second: Second },
    /// The job is ended and goes on.
    Resume(Resume),
    /// A savepoint on the way; the job is killed behind it, another job goes on from it, and is killed so many times.
    Savepoint { kill: bool, fork: bool, kills: u64 },
    /// A consumer takes the output; the input that has come out is removed.
    Consume { input: bool },
}

/// How a job is ended and goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resume {
    pub(crate) how: End,
    /// From the path that was printed, rather than `latest`.
    pub(crate) named: bool,
    pub(crate) parallelism: u64,
    pub(crate) spelling: Spelling,
    /// Who is killed while it ends, and when.
    pub(crate) disturb: Option<(Moment, Victim)>,
    /// Savepoints are away while it ends, from the disturbance on.
    pub(crate) away: bool,
    /// The savepoint is disposed of as soon as the job goes on from it.
    pub(crate) dispose: bool,
}

impl Fault {
    /// Its name in the summary.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Kill { .. } => "kill",
            Self::Leave => "leave",
            Self::Freeze { .. } => "freeze",
            Self::Disk { .. } => "disk",
            Self::Clock { .. } => "clock",
            Self::Away { empty: false, .. } => "away",
            Self::Away { empty: true, .. } => "empty",
            Self::Odd { .. } => "odd",
            Self::Owner { .. } => SECOND_OWNER,
            Self::Resume(_) => "resume",
            Self::Savepoint { .. } => "savepoint",
            Self::Consume { .. } => "consume",
        }
    }
}

/// A fault and its moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) moment: Moment,
    pub(crate) fault: Fault,
    /// Whether all that was handed over must have come out before the next fault.
    pub(crate) quiet: bool,
}

impl Step {
    /// The same without a second owner beside a frozen one, if that is to be left out.
    pub(crate) fn without_second(mut self, without: &[String]) -> Self {
        if let Fault::Freeze { second, .. } = &mut self.fault
            && without.iter().any(|name| name == SECOND_OWNER)
        {
            *second = None;
        }
        self
    }
}

/// The name of faults with a second owner.
const SECOND_OWNER: &str = "owner";
