//! The thread of a job that waits for disks and sinks: completes snapshots, commits, recovers,
//! deletes, looks. It does one thing at a time, in the order asked for.

mod commit;
mod notes;
mod queue;
mod recover;
mod snapshots;
mod spell;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use millstream_core::{CheckpointId, JobStatus};
use millstream_protocol::{Attempt as AttemptNumber, OnLostOutput, Owed, SnapshotRef};
use millstream_storage::{Ended, Pin, Place, SnapshotLayout, discard_incomplete, mark_ended};

use super::keeper::{Keeper, Run};
use super::{Message, Restore};
use crate::connector::{Cancelled, Committable, Kept, SinkCommitter};
use crate::graph::JobGraph;
use crate::resting::{IDLE, Resting, Work};
use crate::restore::RestoredJob;
use commit::guarded;
use notes::{Moment, Owing};
use queue::{Queue, ROOM};
pub(super) use recover::{Recovered, restored_from};
pub(super) use snapshots::{Begin, Write, WrittenAs};
pub(super) use spell::spell;

/// What the thread is asked to do.
pub(super) enum IoTask {
    /// Take a number for the attempt, open the snapshot and have every sink recover from it.
    Recover {
        attempt: AttemptNumber,
        restore: Option<SnapshotRef>,
        cancelled: Cancelled,
    },
    /// Make the directories of a snapshot.
    Begin(Begin),
    /// Put `_metadata` in place.
    Write(Box<Write>),
    /// Commit prepared output, each with the uid of its sink, and note that beside the snapshots in these directories.
    Commit {
        checkpoint: CheckpointId,
        prepared: Vec<(String, Committable)>,
        /// `None`: no snapshot holds it.
        directory: Option<PathBuf>,
        savepoint: Option<PathBuf>,
    },
    /// Note that the job ended.
    MarkEnded(MarkEnded),
    /// Delete a completed snapshot. `given_up`: it was written although nobody wanted it any more, so it must be gone
    /// before an older one is gone back to.
    Dispose {
        snapshot: SnapshotRef,
        given_up: bool,
    },
    /// Delete what an incomplete snapshot left in these directories.
    Discard(Vec<PathBuf>),
    /// Look again at what there is to go on from.
    Look,
}

/// The end of a job: with this savepoint, or with its last snapshot deleted.
pub(super) struct MarkEnded {
    pub(super) status: JobStatus,
    /// The time of day.
    pub(super) at: u64,
    pub(super) savepoint: Option<String>,
    /// The number of that savepoint, or the highest that any snapshot has had.
    pub(super) number: CheckpointId,
}

/// The end of a job that has nothing under way waits this long for a thread that only looks.
const LOOKS: Duration = Duration::from_secs(2);

/// The thread.
pub(super) struct IoThread {
    queue: Queue,
    resting: Arc<Resting<IoWorker>>,
    /// Nothing is asked for any more.
    stopped: Arc<AtomicBool>,
    /// Closed when the thread has ended.
    done: Receiver<()>,
}

/// What the thread knows when it starts.
pub(super) struct IoStart {
    pub(super) graph: Arc<JobGraph>,
    pub(super) layout: SnapshotLayout,
    pub(super) keeper: Box<dyn Keeper>,
    /// The snapshot that the user gave.
    pub(super) given: Option<Restore>,
    /// The same, opened and checked already.
    pub(super) first: Option<Arc<RestoredJob>>,
    pub(super) on_lost: OnLostOutput,
}

impl IoThread {
    /// A thread that answers with `answers`. It is started when there is something to do.
    pub(super) fn new(start: IoStart, answers: Sender<Box<Message>>) -> Self {
        let (tasks, received) = crossbeam_channel::bounded(ROOM);
        let (at_the_end, done) = crossbeam_channel::bounded(1);
        let stopped: Arc<AtomicBool> = Arc::default();
        let worker = IoWorker {
            start,
            tasks: received,
            stopped: Arc::clone(&stopped),
            answers,
            run: None,
            pin: None,
            end_is_unknown: false,
            undeleted: Vec::new(),
            left: VecDeque::new(),
            unmade: None,
            savepoints: VecDeque::new(),
            owed: Owed::default(),
            notes: Vec::new(),
            committers: BTreeMap::new(),
            _at_the_end: at_the_end,
        };
        Self {
            queue: Queue::new(tasks),
            resting: Resting::new(worker),
            stopped,
            done,
        }
    }

    /// Has `task` done after everything asked for before. Never waits.
    pub(super) fn submit(&mut self, task: IoTask) {
        self.queue.push(task);
        self.wake();
    }

    /// Hands the thread what there is room for, and answers whether anything still waits.
    pub(super) fn send_waiting(&mut self) -> bool {
        while self.queue.send() {}
        self.wake() || self.queue.is_waiting()
    }

    /// Sees to it that there is a thread; whether there is none yet.
    fn wake(&self) -> bool {
        if self.queue.is_empty() {
            return false;
        }
        let woken = self.resting.wake();
        if let Err(error) = &woken {
            tracing::warn!("The job's I/O thread can't be started, which is tried again: {error}");
        }
        woken.is_err()
    }

    /// Ends the thread once everything asked for is done. `looks_only`: it has done nothing yet but looked, which may take
    /// for ever on a disk that hangs and is not waited for.
    pub(super) fn stop(&mut self, looks_only: bool) {
        self.queue.close();
        if self.stopped.swap(true, Ordering::AcqRel) {
            return;
        }
        // It has to see the end, too.
        if let Err(error) = self.resting.wake() {
            tracing::debug!("the job's I/O is done without a thread: {error}");
            self.resting.run();
        }
        let hangs = || self.done.recv_timeout(LOOKS) == Err(RecvTimeoutError::Timeout);
        if looks_only && hangs() {
            tracing::warn!("the disk of the job's snapshots does not answer; it is not waited for");
            return;
        }
        if !self.resting.join() {
            tracing::warn!("the job's I/O thread panicked");
        }
    }
}

impl Drop for IoThread {
    /// A job that never ran gives back what it holds, too; it is not waited for.
    fn drop(&mut self) {
        self.queue.close();
        self.stopped.store(true, Ordering::Release);
        if let Err(error) = self.resting.wake() {
            tracing::warn!("The directory of the job's checkpoints is not tidied up: {error}");
        }
    }
}

struct IoWorker {
    start: IoStart,
    tasks: Receiver<Box<IoTask>>,
    stopped: Arc<AtomicBool>,
    answers: Sender<Box<Message>>,
    /// The attempt that has begun last.
    run: Option<(AttemptNumber, Run)>,
    /// The snapshot that the attempt would go back to, until the job has completed one.
    pin: Option<Pin>,
    /// The job has ended, and that could not be noted.
    end_is_unknown: bool,
    /// Checkpoints that were given up, got written or may have been, and are not deleted. Later ones make them superfluous.
    undeleted: Vec<SnapshotRef>,
    /// Snapshots that are not needed any more and could not be deleted.
    left: VecDeque<SnapshotRef>,
    /// Where the snapshot that was begun last was to have its savepoint, if that was not made.
    unmade: Option<PathBuf>,
    /// The savepoints that were begun last, and what they lie in.
    savepoints: VecDeque<(PathBuf, Place)>,
    /// What is prepared and must outlive the job.
    owed: Owed<Committable>,
    /// Beside which savepoints it is still to be noted that their output is committed.
    notes: Vec<Owing>,
    /// By the uid of the sink.
    committers: BTreeMap<String, Box<dyn SinkCommitter>>,
    /// Dropped with the worker.
    _at_the_end: Sender<()>,
}

impl Work for IoWorker {
    const NAME: &'static str = "job-io";

    fn work(&mut self) -> bool {
        loop {
            match self.tasks.recv_timeout(IDLE) {
                Ok(task) => {
                    let commits = matches!(*task, IoTask::Recover { .. } | IoTask::Commit { .. });
                    if let Some(message) = self.perform(*task) {
                        // A driver that has ended needs no answer.
                        drop(self.answers.send(Box::new(message)));
                    }
                    if commits {
                        self.make_notes(Moment::Commit);
                    }
                }
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => {
                    self.end();
                    return false;
                }
            }
        }
    }

    fn is_called_for(&self) -> bool {
        !self.tasks.is_empty() || self.stopped.load(Ordering::Acquire)
    }
}

impl IoWorker {
    /// Nobody asks for anything any more.
    fn end(&mut self) {
        // A checkpoint that the end overtook may have left shared files, and no attempt comes that would find them.
        let is_own = self.start.keeper.check().is_ok();
        if self.run.is_some() && is_own {
            self.delete_left(self.left.len());
            self.sweep();
        }
        self.end_sinks(is_own);
        self.make_notes(Moment::End);
        self.start.keeper.ended();
    }

    /// Has sinks give up what is prepared and nobody wants any more. `is_own`: nobody else has taken the job over.
    fn end_sinks(&mut self, is_own: bool) {
        let kept = self.owed.kept().filter(|_| is_own);
        let kept = kept.map_or(Kept::All, Kept::Only);
        for (uid, mut committer) in std::mem::take(&mut self.committers) {
            if let Err(error) = guarded(|| committer.ended(&kept)) {
                tracing::warn!("The sink with uid {uid} may have left something behind: {error}");
            }
        }
    }

    fn perform(&mut self, task: IoTask) -> Option<Message> {
        match task {
            IoTask::Recover {
                attempt,
                restore,
                cancelled,
            } => Some(self.recover(attempt, restore, cancelled)),
            IoTask::Begin(begin) => {
                // Nothing is made where the job's own directory is not.
                let held = self.start.keeper.check();
                let make = || begin.make(&self.start.layout);
                let targets = held.and_then(|()| guarded(make)?);
                let Begin {
                    attempt,
                    checkpoint,
                    then,
                    savepoint,
                    ..
                } = begin;
                self.unmade = None;
                match (savepoint, &targets) {
                    (Some((savepoint, _)), Ok(_)) => self.remember(savepoint),
                    (savepoint, Err(_)) => self.unmade = savepoint.map(|(unmade, _)| unmade),
                    (None, Ok(_)) => {}
                }
                Some(Message::Begun {
                    attempt,
                    checkpoint,
                    then,
                    targets,
                })
            }
            IoTask::Write(mut write) => {
                let checkpoint = write.checkpoint;
                let savepoint = write.savepoint_directory();
                let place = savepoint.and_then(|savepoint| self.place_of(&savepoint));
                write.owe(self.owed_notes(), place);
                let (directories, prepared) = (write.directories(), write.prepared());
                let held = self.start.keeper.check();
                let is_tried = held.is_ok();
                let result = held.and_then(|()| guarded(|| write.put())?);
                if result.is_ok() {
                    self.owed.in_place(checkpoint, prepared);
                } else if is_tried {
                    self.doubt(checkpoint, prepared, &directories);
                }
                if result.is_ok() {
                    // From now on this is what the job would go back to.
                    self.pin = None;
                }
                Some(Message::Written { checkpoint, result })
            }
            IoTask::Commit {
                checkpoint,
                prepared,
                directory,
                savepoint,
            } => {
                let directories = (directory.as_deref(), savepoint.as_deref());
                let result = self.commit_all(checkpoint, &prepared, directories);
                Some(Message::Committed { checkpoint, result })
            }
            IoTask::MarkEnded(end) => {
                self.pin = None;
                self.end_is_unknown = !self.mark_ended(end);
                None
            }
            IoTask::Dispose { snapshot, given_up } => {
                match self.end_is_unknown && !given_up {
                    // Without it whoever goes on by the job's name would go back behind it.
                    true => tracing::warn!(
                        "{snapshot} stays, because the end of the job could not be noted."
                    ),
                    false => {
                        if let Err(error) = guarded(|| self.dispose(snapshot, given_up)) {
                            tracing::error!("A snapshot stays: {error}");
                        }
                    }
                }
                None
            }
            IoTask::Discard(directories) => {
                // What lies away from the checkpoints and was not made is not waited for a second time.
                let unmade = self.unmade.as_ref();
                for directory in directories.iter().filter(|it| Some(*it) != unmade) {
                    let held = self.start.keeper.check();
                    if let Err(error) = held.and_then(|()| discard_incomplete(directory)) {
                        tracing::debug!("{} stays: {error}", directory.display());
                    }
                }
                None
            }
            IoTask::Look => Some(Message::Looked(Box::new(self.look()))),
        }
    }

    /// Whether the end of the job is noted.
    fn mark_ended(&mut self, end: MarkEnded) -> bool {
        let run = match &self.run {
            Some((_, run)) => Ok(run.clone()),
            // It was cancelled before it began.
            None => self.start.keeper.begin_run(),
        };
        // Where another directory stands in the place of the job's own, a note would be made in that one.
        let run = run.and_then(|run| {
            self.start.keeper.check()?;
            Ok(run)
        });
        let layout = &self.start.layout;
        let noted = run.and_then(|run| {
            let ended = Ended {
                job_id: layout.job(),
                job_name: self.start.graph.name.clone(),
                status: end.status.name().to_owned(),
                ended: end.at,
                savepoint: end.savepoint,
                number: Some(end.number),
                run: Some(run.number),
                lineage: run.lineage,
            };
            mark_ended(layout.checkpoints(), &ended)
        });
        if let Err(error) = &noted {
            tracing::warn!("The end of the job could not be noted: {error}");
        }
        noted.is_ok()
    }
}
