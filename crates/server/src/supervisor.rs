//! One task for each job that has not ended: it starts, adopts and restarts the job's process, keeps the record,
//! and passes requests on.
//!
//! What is to be done is decided by [`millstream_protocol::supervision`]; this does it. Everything that happens to a job
//! comes to its supervisor one after the other, so a request is either taken before the job's end, and ends with it,
//! or refused.

mod adoption;
mod book;
mod connection;
mod course;
mod ending;
mod holder;
mod left;
mod past;
mod patience;
mod process;
mod requests;
mod settings;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use millstream_core::{Error, JobStatus, Result, TriggerId};
use millstream_protocol::link::{CheckpointReport, JobReport, Submission};
use millstream_protocol::restart::{Jitter, Restarts};
use millstream_protocol::supervision::{self, Course, Outcome};
use tokio::process::Child;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::registry::{Command, JobCell, Registry, Reservation};
use crate::store::{JobRecord, OperationRecord, keep_checkpoints, save_checkpoint, save_job};
use crate::{clock, configuration};
pub(crate) use adoption::adopt;
use book::Book;
use connection::Connection;
use course::LONGEST_SETBACK;
use holder::Held;
pub(crate) use holder::Holders;
pub(crate) use past::{list_ended, resume};
use patience::Unheard;
pub(crate) use process::{PROGRAM, RUNNING_PROGRAM, without_ingest_variables};
use requests::Pending;

/// Whoever has submitted the job waits for its first report.
type Submitted = oneshot::Sender<Result<()>>;

/// How long the connection of a process that has ended may still say what was on its way.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What to do about a process that has not said why it is gone, of a job that is listed.
const LOOK: &str = "look at its log and output with `millstream logs`";

enum Phase {
    /// A process should be there: it is connected to at `at`.
    Connecting { at: Instant, wait: Duration },
    /// Reports come in.
    Connected(Connection),
    /// There is no process; the next one is started at `at`.
    Waiting { at: Instant },
    /// The job's directory could not be looked into; it is tried again at `at`.
    Unclear { at: Instant, matter: Matter },
    /// The job has ended, or was never begun.
    Ended,
}

/// What was to be found out.
#[derive(Clone)]
enum Matter {
    /// What the server before this one has left.
    TakeOver,
    /// What follows from the end of the process, which is told.
    End(String),
}

/// What a supervisor waits for.
enum Wake {
    Command(Box<Command>),
    Report(Box<JobReport>),
    /// The process has closed the connection.
    Closed,
    /// The process has ended.
    Exited(Option<ExitStatus>),
    /// It is time to connect, or to start a process.
    Due,
    /// The process was waited for long enough.
    Late,
    /// Ends of operations that could not be recorded are to be tried again.
    Unrecorded,
}

/// Everything about one job while it has not ended.
struct Supervisor {
    registry: Registry,
    book: Book,
    cell: Arc<JobCell>,
    commands: mpsc::Receiver<Command>,
    directory: PathBuf,
    submitted: Option<Submitted>,
    /// Keeps the job's id until the job is listed or forgotten.
    reservation: Option<Reservation>,
    pending: BTreeMap<TriggerId, Pending>,
    restarts: Option<Restarts>,
    /// Since when this server has the job: the clock of its restarts.
    watched: Instant,
    jitter: Jitter,
    phase: Phase,
    /// The process, where this server started it.
    child: Option<Child>,
    /// The process, where it is known.
    pid: Option<u32>,
    /// By then the process is to have said something; `None`: its job is built, or it may take as long as it likes.
    report_by: Option<Instant>,
    /// The process died between the job's end and the outcome.
    is_cut_off: bool,
    /// Why this server has killed the process.
    brought_down: Option<Error>,
    /// A process of a former server can't be connected to.
    unheard: Option<Unheard>,
    /// Who may have held the job's lock when this server started; `None`: a process has reported since, or was started.
    held: Option<Held>,
    /// A process was started to finish this stop, which the one before it had begun.
    stop_retried: Option<TriggerId>,
    /// Whether the process knows the settings that were changed while it ran.
    settings_told: bool,
    /// When ends of operations are to be recorded again, which could not be.
    record_at: Option<Instant>,
    /// What the job was submitted as could not be read.
    is_unread: bool,
    /// How long was waited since something failed that may pass.
    setback: Duration,
    /// What has failed so, as it was told last, and when.
    setback_told: Option<(String, Instant)>,
    /// The job was stopped on behalf of a cancel with savepoint, so it ends as CANCELED.
    stopped_to_cancel: bool,
}

/// Starts the supervisor of a job that was just submitted, or that a server before this one had.
pub(crate) fn start(
    registry: &Registry,
    record: JobRecord,
    submission: Arc<Submission>,
    reservation: Reservation,
    submitted: Submitted,
) {
    let mut supervisor = Supervisor::new(registry, record, submission, Vec::new());
    supervisor.reservation = Some(reservation);
    supervisor.submitted = Some(submitted);
    tokio::spawn(async move {
        supervisor.launch().await;
        supervisor.run().await;
    });
}

impl Supervisor {
    fn new(
        registry: &Registry,
        record: JobRecord,
        submission: Arc<Submission>,
        open: Vec<OperationRecord>,
    ) -> Self {
        let directory = registry.shared.data.job(record.id);
        let history = registry.shared.history;
        let pending = requests::pending(open);
        let book = Book::new(record, submission, directory.clone(), history)
            .resolving(configuration::of_supervision)
            .cancelled(requests::is_cancel_among(&pending));
        let (cell, commands) = JobCell::new(book.view());
        Self {
            registry: registry.clone(),
            book,
            cell,
            commands,
            directory,
            submitted: None,
            reservation: None,
            pending,
            restarts: None,
            watched: Instant::now(),
            jitter: Jitter::new(clock::random_number()),
            phase: Phase::Ended,
            child: None,
            pid: None,
            report_by: None,
            is_cut_off: false,
            brought_down: None,
            unheard: None,
            held: None,
            stop_retried: None,
            settings_told: true,
            record_at: None,
            is_unread: false,
            setback: Duration::ZERO,
            setback_told: None,
            stopped_to_cancel: false,
        }
    }

    async fn run(mut self) {
        while !matches!(self.phase, Phase::Ended) {
            match self.wake().await {
                Wake::Command(command) => self.take_command(*command).await,
                Wake::Report(report) => self.take_report(*report).await,
                Wake::Closed => self.connection_closed().await,
                Wake::Exited(how) => self.process_exited(how).await,
                Wake::Due => self.due().await,
                Wake::Late => self.out_of_patience().await,
                Wake::Unrecorded => self.record_ended_operations().await,
            }
        }
    }

    async fn wake(&mut self) -> Wake {
        let at = match &self.phase {
            Phase::Connecting { at, .. } | Phase::Waiting { at } | Phase::Unclear { at, .. } => {
                Some(*at)
            }
            Phase::Connected(_) | Phase::Ended => None,
        };
        let (due, late) = (until(at), until(self.patience()));
        let unrecorded = until(self.record_at);
        let connection = match &mut self.phase {
            Phase::Connected(connection) => Some(connection),
            _ => None,
        };
        let report = async move {
            match connection {
                Some(connection) => connection.report().await,
                None => std::future::pending().await,
            }
        };
        let exit = process::exit(&mut self.child);
        tokio::select! {
            biased;
            Some(command) = self.commands.recv() => Wake::Command(Box::new(command)),
            report = report => report.map_or(Wake::Closed, Wake::Report),
            how = exit => Wake::Exited(how),
            () = late => Wake::Late,
            () = due => Wake::Due,
            () = unrecorded => Wake::Unrecorded,
        }
    }

    /// Looks at what the server before this one has left.
    async fn take_over(&mut self) {
        let found = match self.found() {
            Ok(found) => found,
            Err(trouble) => return self.in_trouble(trouble, Matter::TakeOver).await,
        };
        // When the server started, that could perhaps not be told.
        if found.was_accepted && !self.book.record().accepted {
            self.book.set_accepted(true);
            self.list();
        }
        let course = supervision::take_over(found);
        let how = match self.phase {
            Phase::Connecting { .. } => "was dying when the server started",
            _ => "was gone when the server started",
        };
        self.follow(course, how.to_owned()).await;
    }

    async fn due(&mut self) {
        match &self.phase {
            Phase::Waiting { .. } => self.launch().await,
            Phase::Connecting { .. } => self.connect().await,
            Phase::Unclear { matter, .. } => match matter.clone() {
                Matter::TakeOver => self.take_over().await,
                Matter::End(how) => self.process_over(how).await,
            },
            Phase::Connected(_) | Phase::Ended => {}
        }
    }

    async fn connect(&mut self) {
        match Connection::open(&self.directory).await {
            Ok(connection) => {
                self.pid = connection.pid().or(self.pid);
                for pending in self.pending.values_mut() {
                    pending.was_sent = false;
                }
                self.settings_told = false;
                self.unheard = None;
                self.phase = Phase::Connected(connection);
            }
            // Its end is waited for; until then it may still be on its way to listen.
            Err(_) if self.child.is_some() => self.connect_later(),
            Err(_) => match process::is_alive(&self.directory) {
                Ok(true) => self.not_heard().await,
                Ok(false) if self.was_dying() => self.take_over().await,
                Ok(false) => self.process_over("went away".to_owned()).await,
                Err(trouble) if trouble.may_pass && self.cancel_waits() => {
                    self.cancel_unseen().await;
                }
                Err(trouble) if trouble.may_pass => {
                    let at = self.set_back(&trouble.error);
                    let wait = Duration::from_millis(1);
                    self.phase = Phase::Connecting { at, wait };
                }
                Err(trouble) => self.lost(trouble.error).await,
            },
        }
    }

    /// Tries again soon, and less often the longer it takes.
    fn connect_later(&mut self) {
        const LONGEST: Duration = Duration::from_millis(100);
        let wait = match self.phase {
            Phase::Connecting { wait, .. } => (wait * 3 / 2).min(LONGEST),
            _ => Duration::from_millis(1),
        };
        let at = Instant::now() + wait;
        self.phase = Phase::Connecting { at, wait };
    }

    async fn take_report(&mut self, report: JobReport) {
        let was_accepted = self.book.record().accepted;
        if !was_accepted && self.brought_down.is_some() {
            // It is refused; what its process still says changes nothing.
            return;
        }
        // Until its job is built, the process must go on telling how far it is.
        let is_built = report.status != JobStatus::Initializing;
        match is_built {
            true => self.report_by = None,
            false => self.expect_report(),
        }
        self.setback = Duration::ZERO;
        // One that only begins may meet the same fault a moment later.
        if report.status == JobStatus::Running {
            self.setback_told = None;
        }
        self.held = None;
        // Whoever looks at the job sees again what it was submitted as, once that can be read.
        drop(self.read_submission());
        let changes = self.book.report(clock::now(), report);
        if is_built
            && !was_accepted
            && let Err(error) = self.accept().await
        {
            return self.bring_down(error).await;
        }
        if changes.is_worth_saving {
            self.save(changes.ended).await;
        }
        self.show();
        self.record_ended_operations().await;
        self.send_due_requests().await;
    }

    /// The process has built the job: once that is on record, whoever submitted it is told, and it is listed.
    async fn accept(&mut self) -> Result<()> {
        self.book.set_accepted(true);
        let record = self.book.record().clone();
        let store = self.registry.shared.store.clone();
        let saved = store
            .durable(move |transaction| save_job(transaction, &record))
            .await;
        if let Err(error) = saved {
            self.book.set_accepted(false);
            return Err(error);
        }
        self.show();
        self.list();
        Ok(())
    }

    /// From now on the job can be asked after, and whoever submitted it knows.
    fn list(&mut self) {
        let shared = &self.registry.shared;
        shared.list(self.book.id(), Arc::clone(&self.cell));
        drop(self.reservation.take());
        if let Some(answer) = self.submitted.take()
            && answer.send(Ok(())).is_err()
        {
            tracing::debug!("Whoever submitted job {} has gone away.", self.book.id());
        }
    }

    async fn save(&mut self, ended: Vec<CheckpointReport>) {
        let record = self.book.record().clone();
        let write = move |transaction: &rusqlite::Transaction<'_>| {
            save_job(transaction, &record)?;
            for checkpoint in &ended {
                save_checkpoint(transaction, record.id, checkpoint)?;
            }
            keep_checkpoints(transaction, record.id, &record.checkpoints)
        };
        self.registry.shared.store.soon(write).await;
    }

    fn show(&self) {
        self.cell.show(self.book.view());
    }

    /// The process has closed the connection, mostly because it has ended.
    async fn connection_closed(&mut self) {
        self.phase = Phase::Ended;
        match self.outcome() {
            Ok(Some(outcome)) if Outcome::of(&outcome).was_built => self.end(outcome).await,
            _ => self.connect_later(),
        }
    }

    async fn process_exited(&mut self, how: Option<ExitStatus>) {
        self.child = None;
        if let Phase::Connected(connection) = &mut self.phase {
            let mut last = None;
            let words = async {
                while let Some(report) = connection.report().await {
                    last = Some(report);
                }
            };
            drop(tokio::time::timeout(LAST_WORDS, words).await);
            if let Some(report) = last {
                self.take_report(*report).await;
            }
        }
        self.process_over(process::describe(how)).await;
    }

    /// There is no process any more. `how` says what became of it.
    async fn process_over(&mut self, how: String) {
        self.phase = Phase::Ended;
        let found = self.found();
        let found = found.and_then(|found| Ok((found, process::stop_begun(&self.directory)?)));
        let (found, stop) = match found {
            Ok(found) => found,
            Err(trouble) => return self.in_trouble(trouble, Matter::End(how)).await,
        };
        if let Some(fault) = self.fault_of_directory(found) {
            self.note_end_of_process(&how).await;
            // The next one takes its number: there may be one every few seconds for days.
            self.book.no_process_began();
            // The report of a process that gets as far as that has ended the setback.
            return self.hold_up(&fault, LONGEST_SETBACK);
        }
        let stop = stop
            .map(|stop| stop.id)
            .filter(|id| self.stop_retried != Some(*id));
        let course = self.after(found, stop.is_some());
        if matches!(course, Course::Launch { .. }) {
            self.stop_retried = stop.or(self.stop_retried);
        }
        self.note_end_of_process(&how).await;
        self.follow(course, how).await;
    }
}

/// Waits until `at`; `None`: for ever.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
