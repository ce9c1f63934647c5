//! Which letters of a replay were set aside again.

use std::collections::{BTreeMap, HashMap};

use millstream_connectors::rows::letters::Line;
use millstream_core::hash::stable_hash;

/// The letters that a replay sends, and how far letters reached before it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// How many there are of each record.
    records: HashMap<u64, u64>,
    /// The last letter of each place.
    ends: BTreeMap<String, u64>,
}

impl Sent {
    /// Notes a letter that is there before anything is sent.
    pub(super) fn pass(&mut self, place: &str, number: u64) {
        match self.ends.get_mut(place) {
            Some(end) => *end = number.max(*end),
            None => {
                self.ends.insert(place.to_owned(), number);
            }
        }
    }

    /// Notes a letter that is sent.
    pub(super) fn add(&mut self, line: &Line) {
        *self.records.entry(record(line)).or_default() += 1;
    }

    /// Whether a letter is one of those that were sent, set aside again. A job that runs meanwhile may set others aside.
    pub(super) fn is_again(&mut self, place: &str, number: u64, line: &Line) -> bool {
        if self.ends.get(place).is_some_and(|end| number <= *end) {
            return false;
        }
        match self.records.get_mut(&record(line)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

/// What a record is known by: where it was read, which a letter keeps when it fails again.
fn record(line: &Line) -> u64 {
    stable_hash(&(&line.file, line.line, line.offset))
}

#[cfg(test)]
mod tests {
    use super::{Line, Sent};

    #[test]
    fn only_new_letters_of_what_was_sent_count_each_once() {
        let line = |offset: u64| Line {
            file: "in/a.csv".to_owned(),
            offset,
            ..Line::default()
        };
        let mut sent = Sent::default();
        sent.pass("a.jsonl", 1);
        sent.pass("a.jsonl", 2);
        sent.add(&line(7));
        // The same record had been set aside twice before.
        assert!(!sent.is_again("a.jsonl", 2, &line(7)));
        assert!(!sent.is_again("a.jsonl", 3, &line(8)));
        assert!(sent.is_again("a.jsonl", 4, &line(7)));
        assert!(!sent.is_again("b.jsonl", 1, &line(7)));
    }
}
