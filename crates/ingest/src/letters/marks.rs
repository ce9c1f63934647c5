//! What was done about dead letters: a journal whose lines are only ever added, each synced.
//!
//! A letter is known by where it lies: a line of a file, or an offset of a partition of a topic with its id. Both never change.

use std::collections::BTreeMap;

use millstream_core::{Error, Result, codes};
use serde::{Deserialize, Serialize};

/// What was done about a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing.
    Open,
    /// A replay has begun to send it and has not ended: the next one goes on with it.
    Begun,
    /// A replay to a sink that is not exactly once was interrupted: it was sent or not.
    Unclear,
    /// It was sent once more.
    Replayed,
    /// It was dismissed.
    Discarded,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::Begun,
        Self::Unclear,
        Self::Replayed,
        Self::Discarded,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Begun => "begun",
            Self::Unclear => "unclear",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }
}

/// A line of the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "mark")]
pub(super) enum Mark {
    /// Replay number `replay` begins to send these.
    Begun { replay: u64, set: Set },
    /// It has ended: all of them were sent.
    Replayed { replay: u64 },
    /// It was interrupted, and nobody knows which of them were sent.
    Unclear { replay: u64 },
    /// These are dismissed.
    Discarded { set: Set },
}

/// Some letters: in each place the first and the last of each run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Set {
    places: BTreeMap<String, Vec<(u64, u64)>>,
}

impl Set {
    /// Adds a letter. In each place they come in their order.
    pub(super) fn add(&mut self, place: &str, number: u64) {
        let Some(runs) = self.places.get_mut(place) else {
            self.places.insert(place.to_owned(), vec![(number, number)]);
            return;
        };
        match runs.last_mut() {
            Some((_, last)) if number == *last + 1 => *last = number,
            _ => runs.push((number, number)),
        }
    }

    pub(super) fn holds(&self, place: &str, number: u64) -> bool {
        let Some(runs) = self.places.get(place) else {
            return false;
        };
        let behind = runs.partition_point(|(first, _)| *first <= number);
        let run = behind.checked_sub(1).and_then(|run| runs.get(run));
        run.is_some_and(|(_, last)| number <= *last)
    }

    pub(super) fn count(&self) -> u64 {
        let runs = self.places.values().flatten();
        runs.map(|(first, last)| last - first + 1).sum()
    }
}

/// All marks of a job.
#[derive(Debug, Default)]
pub(super) struct Marks {
    replays: BTreeMap<u64, (Set, State)>,
    /// In their order: the last that holds a letter counts.
    order: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Replay(u64),
    Discarded(Set),
}

impl Marks {
    /// What the journal says. A last line without its end was never finished, and counts for nothing.
    ///
    /// # Errors
    /// A line is none of ours.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut marks = Self::default();
        let whole = text.rfind('\n').and_then(|end| text.get(..=end));
        for (number, line) in whole.unwrap_or_default().lines().enumerate() {
            let mark = serde_json::from_str(line).map_err(|cause| {
                let message = format!(
                    "line {} of the marks of dead letters is damaged",
                    number + 1
                );
                Error::new(&codes::DEAD_LETTERS, message).cause(cause).next(
                    "bring marks.jsonl back from a backup: without it letters may be sent again",
                )
            })?;
            marks.take(mark);
        }
        Ok(marks)
    }

    pub(super) fn take(&mut self, mark: Mark) {
        match mark {
            Mark::Begun { replay, set } => {
                self.replays.insert(replay, (set, State::Begun));
                self.order.push(Step::Replay(replay));
            }
            Mark::Replayed { replay } => self.ends(replay, State::Replayed),
            Mark::Unclear { replay } => self.ends(replay, State::Unclear),
            Mark::Discarded { set } => self.order.push(Step::Discarded(set)),
        }
    }

    fn ends(&mut self, replay: u64, with: State) {
        if let Some((_, state)) = self.replays.get_mut(&replay) {
            *state = with;
        }
    }

    /// What was done about a letter.
    pub(super) fn state(&self, place: &str, number: u64) -> State {
        for step in self.order.iter().rev() {
            match step {
                Step::Discarded(set) if set.holds(place, number) => return State::Discarded,
                Step::Replay(replay) => {
                    if let Some((set, state)) = self.replays.get(replay)
                        && set.holds(place, number)
                    {
                        return *state;
                    }
                }
                Step::Discarded(_) => {}
            }
        }
        State::Open
    }

    /// Replays that have begun and not ended, with how many letters each sends.
    pub(super) fn begun(&self) -> Vec<(u64, u64)> {
        let all = self.replays.iter();
        let begun = all.filter(|(_, (_, state))| *state == State::Begun);
        begun
            .map(|(replay, (set, _))| (*replay, set.count()))
            .collect()
    }

    /// The number of the next replay.
    pub(super) fn next(&self) -> u64 {
        self.replays
            .last_key_value()
            .map_or(1, |(last, _)| last + 1)
    }
}

#[cfg(test)]
mod tests;
