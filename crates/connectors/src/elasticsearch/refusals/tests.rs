use std::collections::VecDeque;
use std::sync::Arc;

use millstream_core::Result;
use millstream_engine::connector::Sink;

use super::{Desk, Refusals, Total};
use crate::elasticsearch::epochs::ByEpoch;
use crate::rows::letters::Letter;
use crate::rows::{BadRecord, Origin, Reason};

/// Takes every record, and writes no letter.
struct Patient;

impl Refusals for Patient {
    fn restored(&self, _: u64) {}

    fn judge(&self, _: u64, _: &BadRecord) -> Result<()> {
        Ok(())
    }

    fn set_aside(&self, _: BadRecord) -> Letter {
        unreachable!("there is no sink of letters")
    }

    fn sink(&self) -> Option<&dyn Sink<Letter>> {
        None
    }
}

fn desk(total: &Total, subtask: usize) -> Desk {
    Desk {
        refusals: Some(Arc::new(Patient)),
        letters: None,
        total: total.clone(),
        waiting: VecDeque::new(),
        subtask,
        counts: ByEpoch::default(),
        restored: if subtask == 0 { total.restored() } else { 0 },
        told: 0,
    }
}

fn bad() -> BadRecord {
    let origin = Origin {
        file: "f".into(),
        offsets: vec![0],
        lines: Vec::new(),
        times: Vec::new(),
        raws: None,
    };
    origin.bad(0, Reason::Refused, "why".to_owned())
}

fn refuse(desk: &mut Desk, epoch: u64) {
    desk.refuse(epoch, bad()).expect("is taken");
}

/// Documents of an epoch are still on their way where its state is told.
#[test]
fn a_snapshot_counts_what_was_refused_behind_its_boundary() {
    let total = Total::default();
    let mut desks = [desk(&total, 0), desk(&total, 1)];
    let [first, second] = &mut desks;
    refuse(first, 0);
    let mut entries = first.snapshot(1).expect("a state");
    entries.extend(second.snapshot(1).expect("a state"));
    refuse(first, 0);
    refuse(first, 0);
    refuse(second, 0);
    // That is of the next snapshot.
    refuse(second, 1);
    let prepared: Vec<_> = [first.late(0), second.late(0)]
        .into_iter()
        .flatten()
        .collect();
    let next = Total::default();
    assert_eq!(next.restore(&entries, &prepared), 4);

    // The attempt that goes on counts on from there, at another parallelism.
    let mut only = desk(&next, 0);
    refuse(&mut only, 0);
    let entries = only.snapshot(2).expect("a state");
    assert!(only.late(0).is_none(), "the state tells of all of them");
    assert_eq!(Total::default().restore(&entries, &[]), 5);
}
