//! Notes beside savepoints that their output is committed. Where a savepoint is away its note is owed: by the job until it is made, and
//! by whoever goes on from what the job has written meanwhile.

use std::path::{Path, PathBuf};

use millstream_core::Error;
use millstream_storage::{
    Location, METADATA_FILE, OwedNote, Place, SnapshotMetadata, is_in_store, is_there,
    mark_committed,
};

use super::IoWorker;

/// So many savepoints may wait for their commits.
const SAVEPOINTS: usize = 16;

/// The most commits that pass before a note that could not be made is tried again.
const PASSED: u32 = 15;

/// A note that is owed by a job.
pub(super) struct Owing {
    note: OwedNote,
    /// Whether it was warned of it.
    is_told: bool,
    /// Whether it may have been made before, so that nothing is said of it.
    is_quiet: bool,
    /// How often it was tried in vain.
    tries: u32,
    /// How many commits pass before it is tried again: a store or share that does not answer holds the output up each time.
    passes: u32,
}

impl Owing {
    /// It was tried in vain, again.
    fn postpone(&mut self) {
        self.is_told = true;
        self.passes = (1_u32 << self.tries.min(u32::BITS - 2))
            .saturating_sub(1)
            .min(PASSED);
        self.tries += 1;
    }
}

/// When notes are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Behind a commit.
    Commit,
    /// At the job's end.
    End,
}

/// What is found where a savepoint was written.
#[derive(Debug)]
enum Found {
    /// The savepoint.
    Savepoint,
    /// Not the savepoint, and what it would lie in, if that is there.
    Nothing(Option<Place>),
    /// Not the savepoint, in a store: that has answered.
    NothingInStore,
    /// That can't be told.
    Unknown(Error),
}

/// When a note is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Its savepoint is there.
    Now,
    /// It is away.
    Later,
    /// It was taken away.
    Never,
}

/// When the note beside a savepoint is to be made that was written into the directory `place`, as far as that is known.
fn due(found: &Found, place: Option<Place>) -> Due {
    match (found, place) {
        (Found::Savepoint, _) => Due::Now,
        (Found::NothingInStore, _) => Due::Never,
        (Found::Nothing(Some(now)), Some(place)) if *now == place => Due::Never,
        // As versions before left it: nothing more will be known of it.
        (Found::Nothing(Some(_)), None) => Due::Never,
        (Found::Nothing(_) | Found::Unknown(_), _) => Due::Later,
    }
}

/// The notes that whoever goes on from a snapshot owes, which lists these. `own`: the savepoint at its boundary. `is_owed`: it is committed by this, and not before.
/// Else its note may have been made or not, which making it again does no harm to.
fn inherited(listed: &[OwedNote], own: Option<&str>, is_owed: bool) -> Vec<OwedNote> {
    let is_own = |note: &OwedNote| Some(note.savepoint.as_str()) == own;
    let mut notes = listed.to_vec();
    if let Some(own) = own.filter(|_| is_owed && !listed.iter().any(is_own)) {
        // Versions before did not list it.
        notes.push(OwedNote {
            savepoint: own.to_owned(),
            place: None,
        });
    }
    notes
}

/// Looks where a savepoint was written.
fn look(savepoint: &Path) -> Found {
    // Before and behind, so that no disk comes or goes in between unseen.
    let place = Place::above(savepoint);
    match is_there(&savepoint.join(METADATA_FILE)) {
        Ok(true) => Found::Savepoint,
        // What a store answers is of the one store.
        Ok(false) if is_in_store(savepoint) => Found::NothingInStore,
        Ok(false) => Found::Nothing(place.filter(|place| Place::above(savepoint) == Some(*place))),
        Err(error) => Found::Unknown(error),
    }
}

/// Makes a note where its savepoint is there; whether that was so, or it was taken away. An error says why the note is still owed.
fn make(note: &OwedNote) -> Result<bool, String> {
    let told = |error: Error| error.to_string();
    let location: Location = note.savepoint.parse().map_err(told)?;
    let found = look(location.path());
    match (due(&found, note.place), found) {
        (Due::Now, _) => mark_committed(location.path()).map(|()| true).map_err(told),
        (Due::Never, _) => Ok(false),
        (Due::Later, Found::Unknown(error)) => Err(told(error)),
        (Due::Later, _) => Err("the directory that it was written into is away".to_owned()),
    }
}

impl IoWorker {
    /// Keeps in mind where a savepoint is put.
    pub(super) fn remember(&mut self, savepoint: PathBuf) {
        if let Some(place) = Place::above(&savepoint) {
            self.savepoints.push_back((savepoint, place));
        }
        while self.savepoints.len() > SAVEPOINTS {
            self.savepoints.pop_front();
        }
    }

    /// What a savepoint of this process was put into.
    pub(super) fn place_of(&self, savepoint: &Path) -> Option<Place> {
        let mut known = self.savepoints.iter();
        let known = known.find(|(path, _)| path == savepoint);
        known.map(|(_, place)| *place)
    }

    /// Whether a savepoint of this process was taken away: what it was written into is there, and it is not. Where a disk is
    /// away, what stands in its place is another directory, or none.
    pub(super) fn has_gone(&self, savepoint: &Path) -> bool {
        let place = self.place_of(savepoint);
        let can_be_told = place.is_some() || is_in_store(savepoint);
        can_be_told && due(&look(savepoint), place) == Due::Never
    }

    /// The notes that are owed: whoever goes on from what is written now owes them as well.
    pub(super) fn owed_notes(&self) -> Vec<OwedNote> {
        self.notes.iter().map(|owing| owing.note.clone()).collect()
    }

    /// The job goes on from this snapshot, and owes what that lists. `is_owed`: it is committed by this, and not before.
    pub(super) fn inherit_notes(&mut self, metadata: &SnapshotMetadata, is_owed: bool) {
        let own = metadata.savepoint.as_deref();
        let told: Vec<OwedNote> = std::mem::take(&mut self.notes)
            .into_iter()
            .filter(|owing| owing.is_told)
            .map(|owing| owing.note)
            .collect();
        let notes = inherited(&metadata.owed_notes, own, is_owed);
        let notes = notes.into_iter().map(|note| Owing {
            is_told: told.contains(&note),
            is_quiet: !is_owed && Some(note.savepoint.as_str()) == own,
            note,
            tries: 0,
            passes: 0,
        });
        self.notes = notes.collect();
    }

    /// Makes the notes that are owed where their savepoints are there. Nothing waits for this.
    pub(super) fn make_notes(&mut self, moment: Moment) {
        for mut owing in std::mem::take(&mut self.notes) {
            if moment == Moment::Commit && owing.passes > 0 {
                owing.passes -= 1;
                self.notes.push(owing);
                continue;
            }
            let savepoint = &owing.note.savepoint;
            match make(&owing.note) {
                Ok(true) if owing.is_told && !owing.is_quiet => {
                    tracing::info!("That its output is committed is now noted beside {savepoint}.");
                }
                Ok(false) if owing.is_told && !owing.is_quiet => {
                    tracing::info!("{savepoint} is gone, so nothing is noted beside it.");
                }
                Ok(_) => {}
                Err(why) => {
                    if !owing.is_told && !owing.is_quiet {
                        tracing::warn!(
                            "That its output is committed can't be noted beside {savepoint} yet, which is tried again with later checkpoints: {why}"
                        );
                    }
                    owing.postpone();
                    self.notes.push(owing);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
