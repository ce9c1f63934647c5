//! Another process takes the checkpoints of the job: from then on this one changes nothing that the other may go on from, and ends.

use millstream_core::JobStatus;
use millstream_protocol::{Action, CommitResult, Event, Facts, Nature};

use crate::process::Process;
use crate::work::{Kind, Work};

const CODE: &str = "MS-3018";

fn cause() -> String {
    "the lease was taken over".to_owned()
}

impl Process {
    /// What was to be done finds out.
    pub(crate) fn is_told_at(&mut self, work: &Work) {
        let (mark, answer) = match &work.kind {
            Kind::Look => {
                let facts = Facts {
                    taken: Some(cause()),
                    ..Facts::default()
                };
                ("taken: found out by a look", Event::Facts(Box::new(facts)))
            }
            Kind::Write { checkpoint, .. } => (
                "taken: found out by a write",
                Event::SnapshotFailed {
                    checkpoint: *checkpoint,
                    reason: cause(),
                },
            ),
            Kind::Commit { checkpoint } => (
                "taken: found out by a commit",
                Event::CommitEnded {
                    checkpoint: *checkpoint,
                    result: CommitResult::Taken {
                        code: CODE,
                        reason: cause(),
                    },
                },
            ),
            Kind::Recover { attempt, .. } => (
                "taken: found out by a recovery",
                Event::RecoveryFailed {
                    attempt: *attempt,
                    code: CODE,
                    cause: cause(),
                    nature: Nature::Taken,
                },
            ),
        };
        if !self.taken {
            self.world.marks.hit(mark);
        }
        self.taken = true;
        self.tell(answer);
        if matches!(work.kind, Kind::Write { .. }) && !self.crashed {
            // As the driver does: snapshots that fail may be tolerated.
            self.tell(Event::TaskFailed {
                attempt: self.attempt,
                task: None,
                code: CODE,
                cause: cause(),
                recoverable: false,
            });
        }
    }

    /// What the machine still asks for. To whoever goes on this process is one that has died.
    pub(crate) fn perform_without_checkpoints(&mut self, action: &Action) {
        match action {
            Action::JobSwitched { from, to } => {
                assert_eq!(*from, self.status);
                self.status = *to;
            }
            Action::CancelTasks { .. } => self.end_tasks(millstream_core::TaskStatus::Canceled),
            // The attempt had failed before.
            Action::RecoverCommits { attempt, .. } => {
                self.attempt = *attempt;
                self.answers.push(Event::RecoveryFailed {
                    attempt: *attempt,
                    code: CODE,
                    cause: cause(),
                    nature: Nature::Taken,
                });
            }
            Action::StartAttempt { .. }
            | Action::WriteSnapshot { .. }
            | Action::Commit { .. }
            | Action::FinishSources { .. } => panic!("its checkpoints are another's: {action:?}"),
            Action::JobEnded { status, .. } => {
                assert!(matches!(status, JobStatus::Failed | JobStatus::Canceled));
                self.crash();
            }
            Action::KillProcess { .. } => self.crash(),
            _ => {}
        }
    }
}
