//! Actions that go to a server together.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::rows::{BadRecord, Origin, Reason};

/// Actions that go to a server together, and where their rows come from.
#[derive(Debug, Default)]
pub(super) struct Bulk {
    /// The epoch that all of them belong to.
    pub(super) epoch: u64,
    body: Vec<u8>,
    items: Vec<Item>,
    origins: Vec<Arc<Origin>>,
    keys: HashSet<u64>,
    /// Whether two of them may be of one document.
    repeated: bool,
}

/// One action.
#[derive(Debug, Clone, Copy)]
struct Item {
    /// Where it ends in the body.
    end: usize,
    origin: usize,
    row: usize,
}

/// The row of an action, and the document that it is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfRow<'a> {
    /// The same for one document, and hardly ever for others.
    pub(super) key: u64,
    pub(super) origin: &'a Arc<Origin>,
    pub(super) row: usize,
    /// Whether it may not be in a bulk with another action of its document: the two may write other fields, so that neither makes
    /// up for the other.
    pub(super) is_alone: bool,
}

impl Bulk {
    /// Appends an action, which `append` writes.
    pub(super) fn push(&mut self, of: OfRow<'_>, append: impl FnOnce(&mut Vec<u8>)) {
        append(&mut self.body);
        let is_last = |last: &Arc<Origin>| Arc::ptr_eq(last, of.origin);
        if !self.origins.last().is_some_and(is_last) {
            self.origins.push(Arc::clone(of.origin));
        }
        self.repeated |= !self.keys.insert(of.key);
        self.items.push(Item {
            end: self.body.len(),
            origin: self.origins.len() - 1,
            row: of.row,
        });
    }

    /// Whether an action has to wait for another bulk.
    pub(super) fn has_no_room_for(&self, of: &OfRow<'_>) -> bool {
        of.is_alone && self.keys.contains(&of.key)
    }

    /// How many actions there are.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many bytes they have.
    pub(super) fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Empty, with the memory that it has.
    pub(super) fn clear(&mut self) {
        self.body.clear();
        self.items.clear();
        self.origins.clear();
        self.keys.clear();
        self.repeated = false;
    }

    fn range(&self, number: usize) -> Range<usize> {
        let end = |number: usize| self.items.get(number).map_or(0, |item| item.end);
        let start = number.checked_sub(1).map_or(0, end);
        start..end(number)
    }

    /// The actions with these numbers.
    pub(super) fn body<'a>(&'a self, numbers: &[usize], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        if numbers.len() == self.items.len() {
            return &self.body;
        }
        scratch.clear();
        for number in numbers {
            let piece = self.body.get(self.range(*number));
            scratch.extend_from_slice(piece.unwrap_or_default());
        }
        scratch
    }

    /// The line of an action that says what is done.
    pub(super) fn action(&self, number: usize) -> &[u8] {
        let whole = self.body.get(self.range(number)).unwrap_or_default();
        whole
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default()
    }

    /// The record of an action as a bad one.
    pub(super) fn bad(&self, number: usize, reason: Reason, error: String) -> Option<BadRecord> {
        let item = self.items.get(number)?;
        let origin = self.origins.get(item.origin)?;
        Some(origin.bad(item.row, reason, error))
    }

    /// Of the actions that are to be sent again those that a later one of the same document has overtaken, which is settled:
    /// it has written every field that they would. `sent` are all numbers that were sent, in their order; `again`, which is
    /// true for those that are to be sent again, is changed.
    pub(super) fn overtaken(&self, sent: &[usize], again: &mut [bool], written: &[bool]) -> usize {
        if !self.repeated {
            return 0;
        }
        // Two documents may have one key: what tells them apart is what the action names.
        let mut later: HashSet<&[u8]> = HashSet::new();
        let mut count = 0;
        for ((number, again), written) in sent.iter().zip(again).zip(written).rev() {
            if *written {
                later.insert(self.action(*number));
            } else if *again && later.contains(self.action(*number)) {
                *again = false;
                count += 1;
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Bulk, OfRow};
    use crate::rows::Origin;

    /// Actions of documents with these keys and ids.
    fn bulk(documents: &[(u64, &str)]) -> Bulk {
        let origin = Arc::new(Origin {
            file: "f".into(),
            offsets: (0..9).collect(),
            lines: Vec::new(),
            times: Vec::new(),
            raws: None,
        });
        let mut bulk = Bulk::default();
        for (row, (key, id)) in documents.iter().enumerate() {
            let of = OfRow {
                key: *key,
                origin: &origin,
                row,
                is_alone: false,
            };
            bulk.push(of, |out| {
                out.extend_from_slice(format!("{id}\nd{row}\n").as_bytes())
            });
        }
        bulk
    }

    #[test]
    fn some_actions_are_sent_again_without_the_others() {
        let bulk = bulk(&[(1, "a0"), (2, "a1"), (3, "a2")]);
        let mut scratch = Vec::new();
        assert_eq!(
            bulk.body(&[0, 1, 2], &mut scratch),
            b"a0\nd0\na1\nd1\na2\nd2\n"
        );
        assert_eq!(bulk.body(&[0, 2], &mut scratch), b"a0\nd0\na2\nd2\n");
        assert_eq!(bulk.action(1), b"a1");
        assert_eq!(
            bulk.bad(2, crate::rows::Reason::Refused, String::new())
                .map(|bad| bad.offset),
            Some(2)
        );
    }

    #[test]
    fn what_a_later_one_has_written_over_is_not_sent_again() {
        let (one, two) = ((1, "1"), (2, "2"));
        let bulk = bulk(&[one, two, one, two, one]);
        let sent = [0, 1, 2, 3, 4];
        // The document 1: refused for the moment, written, refused for the moment. 2: the first written, the second again.
        let mut again = [true, false, false, true, true];
        let written = [false, true, true, false, false];
        assert_eq!(bulk.overtaken(&sent, &mut again, &written), 1);
        assert_eq!(again, [false, false, false, true, true]);
    }

    /// A key is made of an id, and may be that of another one.
    #[test]
    fn what_another_document_with_the_same_key_has_written_overtakes_nothing() {
        let bulk = bulk(&[(7, "one"), (7, "other")]);
        let mut again = [true, false];
        assert_eq!(bulk.overtaken(&[0, 1], &mut again, &[false, true]), 0);
        assert_eq!(again, [true, false]);
    }
}
