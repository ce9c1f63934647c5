//! Starts: what is known of the job's past, and waiting where what has to be gone on from is not there.

use std::time::Duration;

use millstream_core::{JobStatus, codes};

use super::JobMachine;
use crate::action::Action;
use crate::operations::{OperationKind, OperationResult};
use crate::recovery::{CourseOfStop, Decision, Facts};
use crate::retention::Snapshots;
use crate::stop::Last;
use crate::types::Millis;

/// The wait before it is looked again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A start that waits. No restart is used up by that, and it never gives up: only a user knows what to do instead.
#[derive(Debug, Clone)]
pub(super) struct Waits {
    pub(super) why: String,
    /// `None`: the driver looks.
    pub(super) look_at: Option<Millis>,
    pause: Duration,
}

impl JobMachine {
    /// Takes what is known before the first attempt.
    pub(super) fn take_facts(&mut self, now: Millis, facts: Facts) {
        let lowest_number = facts.next_checkpoint;
        let stop = facts.unfinished_stop.clone();
        self.snapshots = Snapshots::new(&self.settings.checkpoints, facts);
        let of_stop = stop.as_ref().map(|stop| stop.savepoint.snapshot.checkpoint);
        let highest = self.snapshots.highest().max(of_stop);
        let next = highest.map_or(1, |n| n.saturating_add(1));
        self.checkpoints.raise_to(next.max(lowest_number));
        self.last = None;
        if let Some(stop) = stop {
            self.operations.begin(now, stop.id, OperationKind::Stop);
            if self.snapshots.course_of_stop() == CourseOfStop::Resume {
                self.last = Some(Last::resumed(stop.id, stop.savepoint.snapshot));
            }
        }
    }

    pub(super) fn start(&mut self, now: Millis) {
        if self.status != JobStatus::Created {
            self.warn(format!(
                "the job was to be started but is {} already",
                self.status
            ));
            return;
        }
        self.tell_pause();
        self.begin_first_attempt(now);
    }

    /// Warns where checkpoints begin less often than the user has asked for.
    pub(super) fn tell_pause(&mut self) {
        if let Some(why) = self.checkpoints.why_less_often() {
            self.warn(why);
        }
    }

    /// Begins with what is known, if that is enough.
    fn begin_first_attempt(&mut self, now: Millis) {
        if let Decision::Wait { why } = self.snapshots.decide() {
            return self.wait(now, why);
        }
        self.waits = None;
        if let CourseOfStop::Over(reason) = self.snapshots.course_of_stop() {
            for id in self.operations.pending_of(OperationKind::Stop) {
                let result = OperationResult::failed(codes::STOP_FAILED.id, reason.clone());
                self.end_operation(now, id, result);
            }
        }
        self.begin_attempt(now);
    }

    pub(super) fn wait(&mut self, now: Millis, why: String) {
        let before = self.waits.take();
        let pause = before.as_ref().map_or(FIRST_PAUSE, |before| {
            before.pause.saturating_mul(2).min(LONGEST_PAUSE)
        });
        self.switch(JobStatus::Restarting);
        if before.is_none_or(|before| before.why != why) {
            self.actions.push(Action::HeldUp { why: why.clone() });
        }
        self.waits = Some(Waits {
            why,
            look_at: Some(now.plus(pause)),
            pause,
        });
    }

    pub(super) fn look_again_if_due(&mut self, now: Millis) {
        if self.status != JobStatus::Restarting {
            return;
        }
        let look_at = self.waits.as_mut().map(|waits| &mut waits.look_at);
        if look_at.and_then(|at| at.take_if(|at| now >= *at)).is_some() {
            self.actions.push(Action::LookAgain);
        }
    }

    /// The driver has looked again. What comes unasked says nothing: an attempt may have begun on what was known before.
    pub(super) fn looked_again(&mut self, now: Millis, facts: Facts) {
        let asked = self
            .waits
            .as_ref()
            .is_some_and(|waits| waits.look_at.is_none());
        if self.status == JobStatus::Restarting && asked {
            self.take_facts(now, facts);
            self.begin_first_attempt(now);
        }
    }
}
