//! Who keeps what a job has: looks for its snapshots, and numbers its attempts.

use millstream_core::{Error, Lineage, Result, codes};
use millstream_protocol::Facts;
use millstream_storage::{Location, Ownership, Reached, sweep_abandoned};

/// Keeps what a job has. Called on the job's I/O thread, so it may wait for disks; what it answers to the first
/// [`look`](Self::look) counts for the preparation of the job.
pub trait Keeper: Send {
    /// Looks at what is there now. [`Facts::restored_from`] is filled in by the engine, from
    /// [`JobSpec::restore`](super::JobSpec::restore). Asked again, now and then, while the job waits for something that is
    /// missing or can't be reached; also whoever needs that for itself, such as the ownership of the checkpoints, tells it by
    /// [`Facts::unreachable`].
    fn look(&mut self) -> Facts;

    /// An attempt begins: its number, durably above those of all attempts before it in the lineage.
    ///
    /// # Errors
    /// It can't be told. The attempt fails and the restart strategy is asked.
    fn begin_run(&mut self) -> Result<Run>;

    /// Checks that nobody else has taken the job over: before a snapshot comes to be, and before output is committed.
    ///
    /// # Errors
    /// Somebody may have. Nothing is written or committed.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Notes how far output is committed: before that is done, with the snapshot in place.
    ///
    /// # Errors
    /// It can't be noted. Where there is output, it is not committed.
    fn reached(&mut self, reached: &Reached) -> Result<()>;

    /// Checks that a snapshot which was given to the job may be deleted: that no other job would go back to it.
    ///
    /// # Errors
    /// One would, or that can't be told. It is not deleted.
    fn check_claim(&self, _location: &Location) -> Result<()> {
        Ok(())
    }

    /// The job has ended, and all that was to be written or deleted is.
    fn ended(&mut self) {}
}

/// Which attempt of which lineage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// Where the job comes from.
    pub lineage: Lineage,
    /// The number of the attempt: above that of every attempt before it in the lineage.
    pub number: u64,
}

/// Keeps a job that has not run before and whose checkpoints are held already.
#[derive(Debug)]
pub struct NewJob {
    ownership: Option<Ownership>,
    lineage: Lineage,
}

impl NewJob {
    /// The job of this lineage.
    pub fn new(ownership: Ownership, lineage: Lineage) -> Self {
        Self {
            ownership: Some(ownership),
            lineage,
        }
    }
}

impl Keeper for NewJob {
    fn look(&mut self) -> Facts {
        Facts::default()
    }

    fn begin_run(&mut self) -> Result<Run> {
        let ownership = self.ownership.as_mut();
        let ownership =
            ownership.ok_or_else(|| Error::new(&codes::JOB_STATE, "the job has ended"))?;
        Ok(Run {
            lineage: self.lineage.clone(),
            number: ownership.next_run()?,
        })
    }

    fn check(&self) -> Result<()> {
        self.ownership.as_ref().map_or(Ok(()), Ownership::check)
    }

    fn reached(&mut self, reached: &Reached) -> Result<()> {
        let ownership = self.ownership.as_ref();
        ownership.map_or(Ok(()), |ownership| ownership.note_reached(reached))
    }

    fn check_claim(&self, location: &Location) -> Result<()> {
        let ownership = self.ownership.as_ref();
        // What is known of others is what lies among the checkpoints.
        ownership.map_or(Ok(()), |ownership| {
            ownership.check_claim(location, &|_| false)
        })
    }

    fn ended(&mut self) {
        let Some(ownership) = self.ownership.take() else {
            return;
        };
        let swept = sweep_abandoned(&ownership);
        if let Err(error) = swept.and(ownership.end()) {
            tracing::warn!(
                "The directory of the job's checkpoints could not be tidied up: {error}"
            );
        }
    }
}
