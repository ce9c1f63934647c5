//! A lane: documents that a thread sends, one bulk after the other. A document has one lane, so that no two bulks for it are on
//! their way at once; several lanes have several bulks on their way.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use millstream_core::Error;

use super::bulk::{Bulk, OfRow};
use super::options::Flush;
use crate::rows::BadRecord;

/// Bulks that may wait behind the one on its way.
const WAITING: usize = 1;

/// What became of a bulk.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// The epoch that it belonged to.
    pub(super) epoch: u64,
    /// Records that were refused.
    pub(super) refused: Vec<BadRecord>,
    /// Documents that were left out: they are not there, or newer.
    pub(super) left_out: u64,
}

/// What the worker and the thread of a lane have in common.
pub(super) struct Lane {
    state: Mutex<State>,
    changed: Condvar,
    flush: Flush,
}

#[derive(Default)]
struct State {
    /// Takes actions.
    open: Bulk,
    /// Takes no more.
    waiting: VecDeque<Bulk>,
    /// The epoch of the bulk that is on its way.
    flying: Option<u64>,
    /// Memory to use again.
    spare: Vec<Bulk>,
    settled: Vec<Settled>,
    failure: Option<Error>,
    closed: bool,
    /// The worker waits for room.
    is_wanted: bool,
}

impl State {
    fn close_open(&mut self) {
        if !self.open.is_empty() {
            let fresh = self.spare.pop().unwrap_or_default();
            let full = std::mem::replace(&mut self.open, fresh);
            self.waiting.push_back(full);
        }
    }
}

impl Lane {
    pub(super) fn new(flush: Flush) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            flush,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an action, if there is room; else the thread wakes the worker once there is.
    pub(super) fn push(
        &self,
        epoch: u64,
        of: OfRow<'_>,
        append: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let mut state = self.lock();
        let is_full = state.open.len() >= self.flush.actions
            || state.open.bytes() >= self.flush.bytes
            || state.open.has_no_room_for(&of);
        let is_other = !state.open.is_empty() && state.open.epoch != epoch;
        if is_full || is_other {
            if state.waiting.len() >= WAITING {
                state.is_wanted = true;
                return false;
            }
            state.close_open();
            self.changed.notify_one();
        }
        if state.open.is_empty() {
            state.open.epoch = epoch;
            // The thread begins to count the time.
            self.changed.notify_one();
        }
        state.open.push(of, append);
        true
    }

    /// Has everything sent that was taken.
    pub(super) fn flush(&self) {
        self.lock().close_open();
        self.changed.notify_one();
    }

    /// Whether everything of the epochs up to this one is settled.
    pub(super) fn is_settled(&self, epoch: u64) -> bool {
        let state = self.lock();
        let later = |other: u64| other > epoch;
        state.flying.is_none_or(later)
            && state.waiting.front().is_none_or(|bulk| later(bulk.epoch))
            && (state.open.is_empty() || later(state.open.epoch))
    }

    /// What has been settled since the last call.
    ///
    /// # Errors
    /// The lane has failed.
    pub(super) fn settled(&self) -> Result<Vec<Settled>, Error> {
        let mut state = self.lock();
        match &state.failure {
            Some(error) => Err(error.clone()),
            None => Ok(std::mem::take(&mut state.settled)),
        }
    }

    /// Nobody waits for it any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Waits for a bulk that is to be sent; `None`: the lane is closed.
    pub(super) fn next(&self) -> Option<Bulk> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(bulk) = state.waiting.pop_front() {
                state.flying = Some(bulk.epoch);
                return Some(bulk);
            }
            if state.open.is_empty() {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let is_gathering = |state: &mut State| {
                !state.closed && state.waiting.is_empty() && !state.open.is_empty()
            };
            let waited = self
                .changed
                .wait_timeout_while(state, self.flush.interval, is_gathering);
            let (now, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = now;
            if timeout.timed_out() {
                state.close_open();
            }
        }
    }

    /// Whether the worker waits for room, of which there is some now.
    pub(super) fn is_wanted(&self) -> bool {
        std::mem::take(&mut self.lock().is_wanted)
    }

    /// A bulk is settled.
    pub(super) fn done(&self, mut bulk: Bulk, settled: Settled) {
        bulk.clear();
        let mut state = self.lock();
        state.flying = None;
        if state.spare.len() <= WAITING {
            state.spare.push(bulk);
        }
        if !settled.refused.is_empty() || settled.left_out > 0 {
            state.settled.push(settled);
        }
    }

    /// The lane can't go on.
    pub(super) fn failed(&self, error: Error) {
        self.lock().failure = Some(error);
    }
}

#[cfg(test)]
mod tests;
