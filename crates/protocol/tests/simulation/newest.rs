//! Which snapshot of the name somebody finds who goes on from the newest.

use millstream_core::CheckpointId;
use millstream_core::lineage::GoneOn;

use crate::ground::{OutputId, OutputState, id_of};
use crate::world::{Stored, World};

/// Of two at one boundary the later of these counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Savepoint,
    Checkpoint,
    /// The savepoint that the job was to end with.
    Last,
    /// The job has ended, and what it ended with is deleted.
    Deleted,
}

/// The last point of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Top {
    /// The run that wrote it.
    run: u64,
    pub(crate) number: CheckpointId,
    pub(crate) rank: Rank,
}

impl World {
    /// The last point of this job, wherever that lies.
    fn top(&self) -> Option<Top> {
        let checkpoint = self.checkpoints.iter().next_back();
        let checkpoint = checkpoint.map(|(number, stored)| (stored.run, *number, Rank::Checkpoint));
        let savepoints = self.savepoints.iter();
        let savepoint = savepoints.map(|(number, stored)| match stored.last {
            true => (stored.run, *number, Rank::Last),
            false => (stored.run, *number, Rank::Savepoint),
        });
        let end = self.end_note.map(|end| match end.savepoint {
            true => (end.run, end.number, Rank::Last),
            false => (end.run, end.number, Rank::Deleted),
        });
        let all = [checkpoint, savepoint.max(), end].into_iter().flatten();
        let tops = all.map(|(run, number, rank)| Top { run, number, rank });
        tops.max()
    }

    /// Whether a point is a savepoint that nobody was told of, that was given up while its place was away, and whose output the
    /// job has removed since. Nothing is doubled by that: who goes on from there is told that the output is lost.
    pub(crate) fn was_given_up(&self, top: Top) -> bool {
        let stored = self.stored(top).filter(|stored| !stored.noted.is_set());
        let ground = self.ground();
        let is_removed = |id: &OutputId| ground.outputs[*id].state == OutputState::Removed;
        matches!(top.rank, Rank::Savepoint | Rank::Last)
            && !self.reported.contains(&top.number)
            && !self.checkpoints.contains_key(&top.number)
            && stored.is_some_and(|stored| stored.outputs.iter().any(is_removed))
    }

    /// The snapshot at a point; `None`: it is deleted.
    pub(crate) fn stored(&self, top: Top) -> Option<&Stored> {
        match top.rank {
            Rank::Deleted => None,
            Rank::Checkpoint => self.checkpoints.get(&top.number),
            Rank::Savepoint | Rank::Last => self.savepoints.get(&top.number),
        }
    }
}

/// The newest point of all jobs: from which nobody has gone on, and of the highest generation.
pub(crate) fn newest<'a>(worlds: impl Iterator<Item = &'a World>) -> Option<(&'a World, Top)> {
    let tops: Vec<(&World, Top)> = worlds
        .filter_map(|world| world.top().map(|top| (world, top)))
        .collect();
    let gone_on = GoneOn::of(tops.iter().map(|(world, _)| &world.lineage));
    let heads = tops
        .into_iter()
        .filter(|(world, top)| !gone_on.is_behind(id_of(world.job), Some(top.number)));
    heads.max_by_key(|(world, _)| world.lineage.generation)
}
