//! Commits: output is committed when its snapshot is complete, tried again while a sink can't be
//! reached, and never taken for committed where that is not known.

use std::time::Duration;

use millstream_core::{CheckpointId, codes};
use serde::{Deserialize, Serialize};

use crate::types::Millis;

/// What came of committing everything that a snapshot covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitResult {
    /// All of it is committed, by this call or an earlier one.
    Done {
        /// Outputs committed by this call.
        committed: u64,
        /// Outputs that were committed before.
        already: u64,
    },
    /// A sink can't be reached; some of it may be committed. To be tried again.
    Unreachable {
        /// The output.
        output: String,
        /// Why, in one line.
        reason: String,
    },
    /// Somebody else has taken the checkpoints of the job, and commits what they hold. Not to be tried again.
    Taken {
        /// The stable error code.
        code: &'static str,
        /// Who, and what to do, in one line.
        reason: String,
    },
    /// Some of it is not committed, or not known to be, and no other try changes that. The rest is committed.
    Incomplete {
        /// Outputs that are gone and can't be committed any more.
        lost: Vec<Uncommitted>,
        /// Outputs of which it can't be told whether they were committed.
        unknown: Vec<Uncommitted>,
    },
}

/// Output that is not known to be committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uncommitted {
    /// Its name.
    pub output: String,
    /// Why, in one line.
    pub reason: String,
}

/// What a job does at its start about output that is lost, or may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnLostOutput {
    /// It fails.
    #[default]
    Fail,
    /// It says which output that is and takes it for committed.
    Accept,
}

/// Whether the output up to a savepoint is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Committed {
    /// All of it.
    Yes,
    /// Not all of it; starting from the savepoint commits the rest.
    No,
    /// It can't be told.
    Unknown,
}

/// What is being committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// What the snapshot holds that an attempt goes on from.
    Recovery,
    /// What was prepared in the running attempt up to this snapshot.
    Snapshot(CheckpointId),
}

/// What follows from a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Committed, but for these outputs, which are lost or may be and which the user has accepted.
    Done(Vec<Uncommitted>),
    /// Try again at the deadline; the line says why.
    Retry(String),
    /// Give up.
    Failed {
        /// The stable error code.
        code: &'static str,
        /// One line that names the output.
        message: String,
        /// Whether another attempt may help.
        recoverable: bool,
        /// What is known of the output.
        committed: Committed,
    },
}

#[derive(Debug, Clone)]
struct Current {
    target: Target,
    began: Millis,
    tries: u32,
    /// `None`: the driver is at it.
    retry_at: Option<Millis>,
}

/// The one commit that may be under way.
#[derive(Debug, Clone)]
pub struct Commits {
    patience: Duration,
    on_lost: OnLostOutput,
    current: Option<Current>,
}

/// The wait before the second try; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

impl Commits {
    /// No commit under way. A sink that can't be reached for `patience` fails the attempt.
    pub fn new(patience: Duration, on_lost: OnLostOutput) -> Self {
        Self {
            patience,
            on_lost,
            current: None,
        }
    }

    /// Notes that the driver was asked to commit `target`.
    pub fn begin(&mut self, now: Millis, target: Target) {
        self.current = Some(Current {
            target,
            began: now,
            tries: 1,
            retry_at: None,
        });
    }

    /// What is under way, or waits to be tried again.
    pub fn target(&self) -> Option<Target> {
        self.current.as_ref().map(|current| current.target)
    }

    /// Whether the driver is at `target` right now: an answer to anything else is late.
    pub fn awaits(&self, target: Target) -> bool {
        self.current
            .as_ref()
            .is_some_and(|c| c.target == target && c.retry_at.is_none())
    }

    /// Whether the driver is at it right now.
    pub fn in_flight(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|current| current.retry_at.is_none())
    }

    /// Takes the result of what is under way. With `may_retry` false a sink that can't be reached is
    /// given up at once.
    pub fn ended(&mut self, now: Millis, result: CommitResult, may_retry: bool) -> Outcome {
        let Some(mut current) = self.current.take() else {
            return Outcome::Done(Vec::new());
        };
        match result {
            CommitResult::Done { .. } => Outcome::Done(Vec::new()),
            CommitResult::Incomplete { lost, unknown } => {
                self.incomplete(current.target, lost, unknown)
            }
            CommitResult::Taken { code, reason } => Outcome::Failed {
                code,
                message: reason,
                recoverable: false,
                committed: Committed::Unknown,
            },
            CommitResult::Unreachable { output, reason } => {
                let wait = FIRST_WAIT.saturating_mul(1 << current.tries.min(16)) / 2;
                let retry_at = now.plus(wait.min(LONGEST_WAIT));
                let message = format!("output {output} can't be committed yet: {reason}");
                if !may_retry || retry_at > current.began.plus(self.patience) {
                    return Outcome::Failed {
                        code: codes::SINK_WRITE.id,
                        message: format!("{message} (tried {} times)", current.tries),
                        recoverable: true,
                        committed: Committed::No,
                    };
                }
                current.retry_at = Some(retry_at);
                self.current = Some(current);
                Outcome::Retry(message)
            }
        }
    }

    /// What the user has accepted counts at the start of an attempt: then it is known that nobody commits it any more.
    fn incomplete(
        &self,
        target: Target,
        lost: Vec<Uncommitted>,
        unknown: Vec<Uncommitted>,
    ) -> Outcome {
        let accepts = self.on_lost == OnLostOutput::Accept;
        if accepts && target == Target::Recovery {
            return Outcome::Done(lost.into_iter().chain(unknown).collect());
        }
        let others = match lost.len() + unknown.len() {
            0 | 1 => String::new(),
            count => format!(" (one of {count} outputs)"),
        };
        let next = "see what is there; --on-lost-output accept goes on without it";
        if let Some(Uncommitted { output, reason }) = lost.first() {
            return Outcome::Failed {
                code: codes::COMMIT_LOST.id,
                message: format!(
                    "prepared output {output} is lost and can't be committed: {reason}{others}; {next}"
                ),
                // The next attempt begins with a recovery, which accepts it.
                recoverable: accepts,
                committed: Committed::No,
            };
        }
        let (output, reason) = match unknown.first() {
            Some(Uncommitted { output, reason }) => (output.as_str(), reason.as_str()),
            None => ("of a sink", "it does not say why"),
        };
        Outcome::Failed {
            code: codes::COMMIT_UNKNOWN.id,
            message: format!(
                "it can't be told whether output {output} was committed: {reason}{others}; {next}"
            ),
            recoverable: accepts,
            committed: Committed::Unknown,
        }
    }

    /// Gives up what is under way: its driver has answered that it could not be tried.
    pub fn give_up(&mut self) {
        self.current = None;
    }

    /// What is due to be tried again. The driver is at it from now on.
    pub fn take_due(&mut self, now: Millis) -> Option<Target> {
        let current = self.current.as_mut()?;
        current.retry_at.take_if(|at| now >= *at)?;
        current.tries = current.tries.saturating_add(1);
        Some(current.target)
    }

    /// Whether the driver is at it for longer than the patience: it hangs.
    pub fn is_overdue(&self, now: Millis) -> bool {
        self.overdue_at().is_some_and(|at| now >= at)
    }

    /// When to look next.
    pub fn deadline(&self) -> Option<Millis> {
        self.current
            .as_ref()
            .and_then(|current| current.retry_at)
            .or_else(|| self.overdue_at())
    }

    /// A try may begin as late as the patience ends, so it hangs only after twice that.
    fn overdue_at(&self) -> Option<Millis> {
        let current = self
            .current
            .as_ref()
            .filter(|current| current.retry_at.is_none())?;
        Some(current.began.plus(self.patience.saturating_mul(2)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable() -> CommitResult {
        CommitResult::Unreachable {
            output: "part-0".to_owned(),
            reason: "no route".to_owned(),
        }
    }

    fn commits() -> Commits {
        begun(Target::Snapshot(3), OnLostOutput::Fail)
    }

    fn begun(target: Target, on_lost: OnLostOutput) -> Commits {
        let mut commits = Commits::new(Duration::from_secs(1), on_lost);
        commits.begin(Millis(0), target);
        commits
    }

    fn incomplete(lost: &[&str], unknown: &[&str]) -> CommitResult {
        let named = |names: &[&str]| {
            let names = names.iter();
            names
                .map(|name| Uncommitted {
                    output: (*name).to_owned(),
                    reason: "gone".to_owned(),
                })
                .collect()
        };
        CommitResult::Incomplete {
            lost: named(lost),
            unknown: named(unknown),
        }
    }

    #[test]
    fn a_sink_out_of_reach_is_tried_again_after_waits_that_double() {
        let mut commits = commits();
        let mut now = Millis(0);
        for wait in [100, 200, 400] {
            assert!(matches!(
                commits.ended(now, unreachable(), true),
                Outcome::Retry(_)
            ));
            assert_eq!(commits.deadline(), Some(Millis(now.0 + wait)));
            now = Millis(now.0 + wait);
            assert_eq!(commits.take_due(now), Some(Target::Snapshot(3)));
        }
        let outcome = commits.ended(now, unreachable(), true);
        let Outcome::Failed {
            code,
            recoverable,
            committed,
            ..
        } = outcome
        else {
            panic!("patience is over at {now:?}, yet: {outcome:?}");
        };
        assert_eq!(
            (code, recoverable, committed),
            ("MS-7001", true, Committed::No)
        );
        assert_eq!(commits.target(), None);
    }

    #[test]
    fn what_somebody_else_commits_is_not_tried_again() {
        let result = CommitResult::Taken {
            code: "MS-3018",
            reason: "the lease was taken over".to_owned(),
        };
        let mut commits = commits();
        let expected = Outcome::Failed {
            code: "MS-3018",
            message: "the lease was taken over".to_owned(),
            recoverable: false,
            committed: Committed::Unknown,
        };
        assert_eq!(commits.ended(Millis(0), result, true), expected);
        assert_eq!(commits.target(), None);
    }

    #[test]
    fn lost_and_unknown_are_never_taken_for_success() {
        let lost = incomplete(&["part-0"], &["part-1"]);
        let unknown = incomplete(&[], &["part-0"]);
        for (result, expected) in [(lost, "MS-7002"), (unknown, "MS-7003")] {
            let Outcome::Failed {
                code,
                message,
                recoverable,
                ..
            } = commits().ended(Millis(0), result, true)
            else {
                panic!("taken for success");
            };
            assert_eq!(code, expected);
            assert!(message.contains("part-0") && !recoverable, "{message}");
        }
    }

    #[test]
    fn lost_output_that_the_user_accepts_is_taken_for_committed_at_a_start_only() {
        let result = || incomplete(&["a", "b"], &["c"]);
        let mut recovery = begun(Target::Recovery, OnLostOutput::Accept);
        let Outcome::Done(accepted) = recovery.ended(Millis(0), result(), true) else {
            panic!("it is accepted");
        };
        let names: Vec<_> = accepted.iter().map(|lost| lost.output.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let mut running = begun(Target::Snapshot(3), OnLostOutput::Accept);
        let outcome = running.ended(Millis(0), result(), true);
        assert!(
            matches!(
                outcome,
                Outcome::Failed {
                    recoverable: true,
                    ..
                }
            ),
            "the next attempt accepts it: {outcome:?}"
        );
    }

    #[test]
    fn a_commit_that_never_answers_is_noticed() {
        let commits = commits();
        assert!(!commits.is_overdue(Millis(1_999)));
        assert!(commits.is_overdue(Millis(2_000)));
        assert_eq!(commits.deadline(), Some(Millis(2_000)));
    }
}
