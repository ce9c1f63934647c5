//! What a new process finds.

use millstream_core::CheckpointId;
use millstream_protocol::{Condition, Facts, Offer, RestoredFrom, SnapshotRef, UnfinishedStop};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::world::{Away, Stored, World};

const AWAY: &str = "not mounted";

pub(crate) fn snapshot(place: &str, number: CheckpointId) -> SnapshotRef {
    SnapshotRef {
        checkpoint: number,
        path: format!("/{place}/{number}"),
        savepoint: place != "c",
    }
}

fn offer(snapshot: SnapshotRef, stored: &Stored, away: bool) -> Offer {
    let condition = if away {
        Condition::Unreachable(AWAY.to_owned())
    } else if stored.damaged.is_set() {
        Condition::Damaged("a file is short".to_owned())
    } else {
        Condition::Usable
    };
    Offer {
        snapshot,
        condition,
        committed: stored.noted.is_set() && !away,
    }
}

impl World {
    /// What is found now; how it shows that a place is away, and what is on record, is a matter of luck.
    pub(crate) fn facts(&self, rng: &mut StdRng) -> Facts {
        let mut facts = self.facts_with(self.away);
        facts.next_checkpoint = if rng.random_bool(0.5) {
            self.highest_number + 1
        } else {
            0
        };
        facts.completed_up_to = self.recorded.filter(|_| rng.random_bool(0.5));
        let newest = self.checkpoints.keys().next_back().copied();
        let is_recorded = facts.completed_up_to.is_some() && facts.completed_up_to >= newest;
        if self.away.checkpoints {
            match rng.random_range(0..3) {
                0 => facts.unreachable = Some(AWAY.to_owned()),
                // An empty directory in place of the one that is to be mounted there.
                1 if is_recorded => facts.offered.retain(|offer| offer.snapshot.savepoint),
                _ if newest.is_none() => facts.unreachable = Some(AWAY.to_owned()),
                _ => {}
            }
        }
        facts
    }

    /// What is found with these places away.
    pub(crate) fn facts_with(&self, away: Away) -> Facts {
        let own = self.checkpoints.iter();
        let mut offered: Vec<Offer> = own
            .map(|(number, stored)| offer(snapshot("c", *number), stored, away.checkpoints))
            .collect();
        let stop = self.stop.as_ref();
        let failed = stop.filter(|stop| stop.ended && stop.written);
        let failed = failed.map(|stop| stop.checkpoint);
        let gone_on_from = failed.into_iter().chain(stop.and_then(|stop| stop.earlier));
        offered.extend(gone_on_from.map(|number| self.savepoint(number, away)));
        let unfinished = stop.filter(|stop| !stop.ended).map(|stop| UnfinishedStop {
            id: stop.id,
            savepoint: self.savepoint(stop.checkpoint, away),
            written: stop.written,
        });
        let restored_from = self.foreign.as_ref().map(|foreign| {
            let mut found = snapshot("f", foreign.number);
            if away.savepoints {
                found.checkpoint = 0;
            }
            RestoredFrom {
                offer: offer(found, &foreign.stored, away.savepoints),
                claim: foreign.claim,
            }
        });
        Facts {
            offered,
            unreachable: None,
            taken: None,
            restored_from,
            completed_up_to: None,
            next_checkpoint: 0,
            unfinished_stop: unfinished,
        }
    }

    fn savepoint(&self, number: CheckpointId, away: Away) -> Offer {
        let found = snapshot("s", number);
        match self.savepoints.get(&number) {
            Some(stored) => offer(found, stored, away.savepoints),
            None => Offer {
                condition: Condition::Unreachable("it is not there".to_owned()),
                ..Offer::usable(found)
            },
        }
    }
}
