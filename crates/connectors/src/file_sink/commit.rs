//! The committer: gives prepared files their visible names.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use millstream_core::lineage::Kin;
use millstream_core::{CheckpointId, Error, JobId, Result, codes};
use millstream_engine::connector::{
    Cancelled, CommitOutcome, Committable, CommitterContext, Kept, SinkCommitter, StateEntry,
};
use millstream_hdfs::{Clusters, HdfsUrl};
use millstream_objects::Stores;

use super::behind::{Boundary, check_directory, check_hdfs};
use super::destination::Destination;
use super::directory::{MOUNT, away};
use super::disk_error;
use super::hdfs::HdfsPlaces;
use super::kin::{KeptOutput, When};
use super::leftovers::Leftovers;
use super::objects::{PreparedObject, settle_objects};
use super::place::{BRING_BACK, Place};
use super::prepared::{Differs, PreparedFile, SinkState};
use super::spot::open;
use super::stand::{Held, Own, Stands, judge};

/// How often a file is looked at again that has changed its name in between.
const LOOKS: usize = 4;

/// Behind which snapshot of which job an attempt in this process has looked for output, and found none.
pub(super) type Looked = Arc<Mutex<Option<(JobId, Option<CheckpointId>)>>>;

pub(super) struct FileCommitter {
    context: CommitterContext,
    /// Where the sink writes now.
    here: Destination,
    stores: Option<Stores>,
    clusters: Option<Clusters>,
    looked: Looked,
    /// An earlier attempt in this process has had the directory.
    was_there: Arc<AtomicBool>,
    /// Which one that was.
    held: Held,
    /// What the snapshot says of the sink that the attempt goes on from.
    restored: Vec<SinkState>,
    /// The last that was to be committed could not be: the place is away.
    is_away: bool,
}

impl FileCommitter {
    pub(super) fn new(
        context: CommitterContext,
        here: Destination,
        (stores, clusters): (Option<Stores>, Option<Clusters>),
        (looked, was_there, held): (Looked, Arc<AtomicBool>, Held),
    ) -> Self {
        Self {
            looked,
            was_there,
            held,
            context,
            here,
            stores,
            clusters,
            restored: Vec::new(),
            is_away: true,
        }
    }

    /// Whose output this attempt may remove.
    fn kin(&self) -> Kin {
        let CommitterContext {
            job, run, lineage, ..
        } = &self.context;
        let wrote = self.restored.iter().map(|state| state.job);
        Kin::new(*job, *run, lineage, wrote)
    }

    /// Removes what may be removed at that time, wherever the sink writes and has written.
    fn remove_leftovers(&self, when: When<'_>) {
        let places = SinkState::places(&self.restored).chain([self.here.clone()]);
        let remotes = (self.stores.clone(), self.clusters.clone());
        Leftovers::new(self.kin(), self.context.lineage.clone(), remotes, places).remove(when);
    }

    /// The snapshot that this attempt goes on from, as it is known to other attempts of this process.
    fn boundary(&self) -> Option<(JobId, Option<CheckpointId>)> {
        Some((self.context.job, self.context.restored))
    }

    /// Checks that the directory is there if the job has written to it: nothing is begun, and no restart used up, as long as it is
    /// away. What lies in it has to be looked at before anything is written, too.
    fn check_there(&self, committables: &[Committable]) -> Result<()> {
        let Destination::Directory(directory) = &self.here else {
            return Ok(());
        };
        let mut restored = self.restored.iter();
        let noted = restored.find(|state| state.directory == *directory);
        if noted.is_none() && !self.was_there.load(Ordering::Acquire) {
            return Ok(());
        }
        // An empty one in its place is not enough where output is to be committed.
        let next = match committables.is_empty() {
            true => MOUNT,
            false => BRING_BACK,
        };
        if let Some(error) = away(directory) {
            return Err(disk_error("open the directory", directory, &error).next(next));
        }
        let noted = || noted.and_then(SinkState::before);
        let Some(before) = self.held.at(directory).or_else(noted) else {
            return Ok(());
        };
        let own = Own::new(
            self.context.job,
            &self.context.lineage,
            self.restored.iter().map(|state| state.job),
        );
        let look = || {
            let (_, there) = open(directory)?;
            Ok::<_, io::Error>((judge(directory, &before, &there, &own)?, there))
        };
        match look() {
            Ok((Stands::Unmounted, _)) => Err(own.unmounted(directory)),
            Ok((Stands::Back | Stands::Other, there)) => {
                // One look decides for the attempt: recovery may take away what told it.
                self.held.set(directory, there);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                Err(disk_error("open the directory", directory, &error))
            }
            // What keeps it from being looked at is met again, and told, by what comes next.
            Ok((Stands::Same, _)) | Err(_) => Ok(()),
        }
    }

    /// Checks that the snapshot is the newest, by what lies where the sink writes. Objects do not tell.
    fn check_behind(&self) -> Result<()> {
        // There may be very many files, and nobody else commits behind that while this process has the job.
        if *self.looked.lock().unwrap_or_else(PoisonError::into_inner) == self.boundary() {
            return Ok(());
        }
        let kin = self.kin();
        let boundary = Boundary {
            kin: &kin,
            restored: self.context.restored,
        };
        match &self.here {
            Destination::Directory(directory) => check_directory(boundary, directory)?,
            Destination::Hdfs(url) => check_hdfs(boundary, url, self.clusters.as_ref())?,
            Destination::Objects(_) => {}
        }
        Ok(())
    }

    /// What lies where the sink writes need not be looked at again. A place that is away tells nothing.
    fn has_looked(&self) {
        let is_there = match &self.here {
            Destination::Directory(directory) => directory.is_dir(),
            Destination::Hdfs(_) | Destination::Objects(_) => true,
        };
        if is_there {
            *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = self.boundary();
        }
    }

    fn settle_files(&self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        settle_files(
            committables,
            HdfsPlaces::new(self.clusters.as_ref()),
            &self.context.cancelled,
        )
    }

    /// Brings everything to its visible name, whether it is a file or an object.
    fn settle_all(&self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        let objects: Vec<Option<_>> = committables.iter().map(PreparedObject::parse).collect();
        if objects.iter().all(Option::is_none) {
            return self.settle_files(committables);
        }
        let whole: Vec<PreparedObject> = objects
            .iter()
            .filter_map(|object| object.as_ref()?.as_ref().ok().cloned())
            .collect();
        let is_cancelled = || self.context.cancelled.is_set();
        let settled = settle_objects(self.stores.as_ref(), &whole, is_cancelled)?;
        let mut settled = settled.into_iter();
        // A job that has changed its place has both.
        let is_file = |(committable, object): (&Committable, &Option<_>)| {
            object.is_none().then(|| committable.clone())
        };
        let files: Vec<Committable> = committables
            .iter()
            .zip(&objects)
            .filter_map(is_file)
            .collect();
        let mut files = self.settle_files(&files)?.into_iter();
        let missing = || CommitOutcome::Unknown("nothing came of its commit".to_owned());
        let outcomes = objects.iter().map(|object| match object {
            None => files.next().unwrap_or_else(missing),
            Some(Ok(_)) => settled.next().unwrap_or_else(missing),
            Some(Err(why)) => CommitOutcome::Unknown(why.clone()),
        });
        Ok(outcomes.collect())
    }
}

impl SinkCommitter for FileCommitter {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        let settled = self.settle_all(committables);
        self.is_away = settled.is_err();
        settled
    }

    fn recover(
        &mut self,
        committables: &[Committable],
        restored: &[StateEntry],
    ) -> Result<Vec<CommitOutcome>> {
        self.restored = SinkState::all(restored);
        self.check_there(committables)?;
        self.check_behind()?;
        let outcomes = self.commit(committables)?;
        // Only now: the disk may have been away when it was looked at.
        self.has_looked();
        self.remove_leftovers(When::Recovering);
        Ok(outcomes)
    }

    fn ended(&mut self, kept: &Kept) {
        // Nothing is prepared while a commit waits, and nobody wants to wait for a place that is away once the job has ended.
        if let Some(kept) = KeptOutput::of(kept).filter(|_| !self.is_away) {
            self.remove_leftovers(When::Ended(&kept));
        }
    }
}

/// Brings all files to their visible names, then makes that durable, once for each directory.
fn settle_files(
    committables: &[Committable],
    mut in_hdfs: HdfsPlaces<'_>,
    cancelled: &Cancelled,
) -> Result<Vec<CommitOutcome>> {
    let mut places: BTreeMap<PathBuf, Place> = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(committables.len());
    for committable in committables {
        if cancelled.is_set() {
            return Err(given_up(committable, committables.len() - outcomes.len()));
        }
        outcomes.push(match PreparedFile::parse(committable) {
            Ok(file) if let Some(url) = HdfsUrl::of_path(file.directory()) => {
                in_hdfs.settle(&url, &file)?
            }
            Ok(file) => {
                let place = place_of(&mut places, file.directory())?;
                place.will_sync(&file.partition);
                settle(place, &file)?
            }
            Err(why) => CommitOutcome::Unknown(why),
        });
    }
    // Also where everything had its name before: whoever renamed it may have died before this.
    places.values().try_for_each(Place::sync)?;
    Ok(outcomes)
}

fn place_of<'a>(places: &'a mut BTreeMap<PathBuf, Place>, path: &Path) -> Result<&'a mut Place> {
    if !places.contains_key(path) {
        places.insert(path.to_owned(), Place::open(path)?);
    }
    places.get_mut(path).ok_or_else(|| {
        let message = format!("the directory {} was opened and is not", path.display());
        Error::new(&codes::INTERNAL, message)
    })
}

fn given_up(next: &Committable, left: usize) -> Error {
    let message = format!(
        "the job is being cancelled; {left} files from {} on wait",
        next.name
    );
    Error::new(&codes::SINK_WRITE, message)
        .next("start the job again from its newest snapshot, which commits them")
}

/// Brings one file to its visible name, or tells why that is not possible.
fn settle(place: &Place, file: &PreparedFile) -> Result<CommitOutcome> {
    for _ in 0..LOOKS {
        if let Some(outcome) = look(place, file)? {
            return Ok(outcome);
        }
    }
    let message = format!("{} changes its name again and again", file.hidden);
    Err(Error::new(&codes::SINK_WRITE, message).next("see who else renames files there"))
}

/// Tries once. `None`: another process renames the same file.
fn look(place: &Place, file: &PreparedFile) -> Result<Option<CommitOutcome>> {
    let name = file.shown();
    let (hidden, shown) = (place.find(&file.hidden)?, place.find(&name)?);
    let holds = |name: &str, bytes: u64| {
        format!(
            "{} holds {bytes} bytes where {} were written",
            place.named(name).display(),
            file.bytes
        )
    };
    let outcome = match (hidden, shown) {
        (None, None) => missing(place, file)?,
        (None, Some(shown)) if shown.bytes == file.bytes => CommitOutcome::AlreadyCommitted,
        (None, Some(shown)) => CommitOutcome::Unknown(holds(&name, shown.bytes)),
        (Some(hidden), _) if hidden.bytes != file.bytes => {
            CommitOutcome::Lost(holds(&file.hidden, hidden.bytes))
        }
        // A rename by hard link that was cut off in the middle.
        (Some(hidden), Some(shown)) if hidden.is_same_file(&shown) => {
            match place.remove(&file.hidden) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed
                    .map_err(|error| disk_error("remove", &place.named(&file.hidden), &error))?,
            }
            CommitOutcome::AlreadyCommitted
        }
        (Some(_), Some(_)) => return Err(foreign(place, file)),
        (Some(_), None) => match place.rename_into(&file.hidden, &file.partition, &name) {
            Ok(()) => CommitOutcome::Committed,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(disk_error("rename to", &place.named(&name), &error));
            }
        },
    };
    Ok(Some(outcome))
}

/// A file that has neither name is lost only if this is the directory in which it was.
fn missing(place: &Place, file: &PreparedFile) -> Result<CommitOutcome> {
    place.check_in_place()?;
    // Device numbers change when a disk is mounted again, and directories are copied to other disks: the job's output goes
    // along, an empty directory where nothing is mounted has none. What was prepared below a mount point is no part of what is mounted
    // there, whatever that holds, nor the other way round.
    let why = match file.differs(place.spot()) {
        Some(Differs::ByMount) if !place.has_any(&file.stand_in())? => Some((
            "a disk was mounted there, or taken away, since then",
            file.stand_in(),
        )),
        Some(Differs::ByNumber) if !place.has_any(file.visible_start())? => {
            Some(("none of the job's files are there", file.shown()))
        }
        Some(Differs::ByMount | Differs::ByNumber) | None => None,
    };
    if let Some((why, empty)) = why {
        let message = format!(
            "{} is not the directory in which {} was prepared: {why}",
            file.directory().display(),
            file.hidden
        );
        return Err(Error::new(&codes::SINK_WRITE, message).next(format!(
            "mount it or bring it back; if it is gone for good, put an empty file of the name {} there and go on with \
             --on-lost-output accept",
            empty
        )));
    }
    Ok(CommitOutcome::Lost(format!(
        "neither {} nor {} is there",
        place.named(&file.hidden).display(),
        place.named(&file.shown()).display()
    )))
}

fn foreign(place: &Place, file: &PreparedFile) -> Error {
    Error::new(
        &codes::SINK_WRITE,
        format!(
            "{} can't be committed: a file that this job did not write has the name {}",
            place.named(&file.hidden).display(),
            place.named(&file.shown()).display()
        ),
    )
    .next("move that file away; the commit is tried again")
}
