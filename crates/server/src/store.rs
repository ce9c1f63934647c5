//! The server's records: a SQLite file that survives a crash of the server and of the machine.
//!
//! One thread owns the connection; others send it what to do. What somebody is promised (a submission, an operation
//! and its end) is on disk before it is answered; what can be told again by a job's process is written soon.

mod checkpoints;
mod jobs;
mod named;
mod opened;
mod operations;
mod packages;
mod place;
mod processes;
mod reserve;
mod restored;
mod schema;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use millstream_core::{Error, Result, codes};
use rusqlite::{Connection, ErrorCode, Transaction};
use tokio::sync::{mpsc, oneshot};

use crate::views::PackageView;
pub(crate) use checkpoints::{keep_checkpoints, save_checkpoint};
pub(crate) use jobs::{JobRecord, ProcessCounts, Tally, delete_job, save_job};
use opened::{LOOKS, Opened};
pub(crate) use operations::{
    OperationRecord, delete_operation, end_operation, insert_operation, known_operation,
};
pub(crate) use packages::{delete_package, save_package};
pub(crate) use processes::{process_ended, process_started};
use reserve::Reserve;
pub(crate) use restored::end_open_jobs;
pub(crate) use schema::connect;
use values::{from_json, id, json, signed, unsigned};

/// So many writes may wait for the thread.
const WAITING: usize = 256;

type Work = Box<dyn FnOnce(&mut Opened) + Send>;

/// Everything that is on record.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) jobs: Vec<JobRecord>,
    pub(crate) operations: Vec<OperationRecord>,
    pub(crate) packages: Vec<PackageView>,
}

/// The records, for writing.
#[derive(Clone)]
pub(crate) struct Store {
    work: mpsc::Sender<Work>,
    reserve: Arc<Reserve>,
}

/// The thread that writes. It ends when every [`Store`] is gone.
pub(crate) struct StoreThread {
    handle: JoinHandle<()>,
}

impl StoreThread {
    /// Waits until everything is written.
    pub(crate) fn join(self) {
        if self.handle.join().is_err() {
            tracing::error!("The thread of the records has panicked.");
        }
    }
}

impl Store {
    /// Opens the file at `path`, brings it to the present version, and reads what is in it.
    pub(crate) fn open(path: &Path) -> Result<(Self, StoreThread, Records)> {
        let opened = Opened::over(path, schema::open(path)?);
        let records = read(opened.connection()).map_err(|cause| failed("read", cause))?;
        let (work, waiting) = mpsc::channel::<Work>(WAITING);
        let reserve = Arc::new(Reserve::beside(path));
        let kept = Arc::clone(&reserve);
        let handle = std::thread::Builder::new()
            .name("records".to_owned())
            .stack_size(512 << 10)
            .spawn(move || run(opened, waiting, &kept))
            .map_err(|cause| {
                Error::new(
                    &codes::RECORDS,
                    "the thread of the records can't be started",
                )
                .cause(cause)
                .next("see that the machine has processes and memory left")
            })?;
        let store = Self { work, reserve };
        Ok((store, StoreThread { handle }, records))
    }

    /// Writes in one transaction, and answers when it is on disk.
    pub(crate) async fn durable<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.written(move |opened| opened.perform("FULL", work))
            .await
    }

    /// Has the thread write, and answers when it has.
    async fn written<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Opened) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |opened| {
            if answer.send(write(opened)).is_err() {
                tracing::debug!("Nobody waits for this write any more; it stands.");
            }
        });
        if self.work.send(work).await.is_err() {
            return Err(gone());
        }
        match answer_of(answered).await {
            Ok(result) => result.map_err(|cause| failed("written", cause)),
            Err(_) => Err(gone()),
        }
    }

    /// The same for what must be possible on a full disk, too, where a piece of the space is used that is kept for that.
    pub(crate) async fn durable_if_full<T: Send + 'static>(
        &self,
        work: impl Fn(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let reserve = Arc::clone(&self.reserve);
        self.written(move |opened| {
            // What follows from the record, a job's last report for example, needs some as well.
            if reserve.is_needed() && reserve.give_up_some() {
                opened.try_anew();
            }
            let mut result = opened.perform("FULL", &work);
            while result.as_ref().is_err_and(|cause| is_full(cause, &reserve))
                && reserve.give_up_some()
            {
                opened.try_anew();
                result = opened.perform("FULL", &work);
            }
            result
        })
        .await
    }

    /// Gives up a piece of what is kept for a full disk, where it is full; answers whether it did.
    pub(crate) fn make_room(&self) -> bool {
        self.reserve.is_needed() && self.reserve.give_up_some()
    }

    /// Keeps space for a full disk again, where there is plenty.
    pub(crate) fn refill_reserve(&self) {
        self.reserve.refill();
    }

    /// Waits for an answer of the thread that writes, behind what was asked of it before: whether records can be read and written.
    pub(crate) async fn is_there(&self) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        let reserve = Arc::clone(&self.reserve);
        let work: Work = Box::new(move |opened| {
            drop(answer.send(opened.probe(&reserve)));
        });
        if self.work.send(work).await.is_err() {
            return Err(gone());
        }
        answered.await.map_err(|_| gone())?
    }

    /// Writes in one transaction some time soon. What can't be written is logged.
    pub(crate) async fn soon(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()> + Send + 'static,
    ) {
        let work: Work = Box::new(move |opened| {
            if let Err(cause) = opened.perform("NORMAL", work) {
                tracing::warn!("{}", failed("written", cause));
            }
        });
        if self.work.send(work).await.is_err() {
            tracing::warn!("{}", gone());
        }
    }
}

/// Waits for an answer, and says so where it takes long: everybody who asks for something does then.
async fn answer_of<T>(mut answered: oneshot::Receiver<T>) -> Result<T, oneshot::error::RecvError> {
    const LONG: Duration = Duration::from_secs(5);
    if let Ok(answer) = tokio::time::timeout(LONG, &mut answered).await {
        return answer;
    }
    tracing::warn!(
        "The disk of the data directory has not taken a record for {} s.",
        LONG.as_secs()
    );
    answered.await
}

/// Does what is asked of the thread, until nobody is there to ask.
fn run(mut opened: Opened, mut waiting: mpsc::Receiver<Work>, reserve: &Reserve) {
    let waker = Waker::from(Arc::new(Rouse(std::thread::current())));
    loop {
        match next(&mut waiting, &mut Context::from_waker(&waker)) {
            // What was begun is rolled back; whoever waits for it is told that it was not done.
            Poll::Ready(Some(work)) => {
                if catch_unwind(AssertUnwindSafe(|| work(&mut opened))).is_err() {
                    tracing::error!("A write to the records has panicked.");
                }
            }
            Poll::Ready(None) => break,
            Poll::Pending => {}
        }
        opened.look(reserve);
    }
    opened.settle();
}

/// What is asked next, where something is asked in the time until the files are to be looked at.
fn next(waiting: &mut mpsc::Receiver<Work>, context: &mut Context<'_>) -> Poll<Option<Work>> {
    let asked = waiting.poll_recv(context);
    if asked.is_pending() {
        std::thread::park_timeout(LOOKS);
        return waiting.poll_recv(context);
    }
    asked
}

/// Goes on with a thread that is parked.
struct Rouse(Thread);

impl Wake for Rouse {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Whether there was no space. Some writes tell it as an error of the disk.
fn is_full(cause: &rusqlite::Error, reserve: &Reserve) -> bool {
    match cause.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => true,
        Some(ErrorCode::SystemIoFailure) => reserve.is_needed(),
        _ => false,
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Records> {
    Ok(Records {
        jobs: jobs::all(connection)?,
        operations: operations::all(connection)?,
        packages: packages::all(connection)?,
    })
}

fn failed(verb: &str, cause: rusqlite::Error) -> Error {
    Error::new(
        &codes::RECORDS,
        format!("records of the server can't be {verb}"),
    )
    .next(next_step(&cause))
    .cause(cause)
}

/// What helps where the file of the records is damaged.
const DAMAGED: &str = "the file is damaged: end the server and put a backup in its place (`millstream server restore`), or move it away: jobs that run are taken up";

/// What is wrong with the file of the records; `None`: it is sound.
///
/// # Errors
/// So much that it can't be looked at.
pub(crate) fn damage(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let said: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((said != "ok").then(|| said.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// What helps where the records can't be used, because of `cause`: another try does where the disk is the reason, and none where
/// what is written in them is.
fn next_step(cause: &rusqlite::Error) -> &'static str {
    if place::is_moved(cause) {
        return place::MOVED;
    }
    let is_damaged = match cause {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..) => true,
        _ => matches!(
            cause.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ),
    };
    if is_damaged {
        DAMAGED
    } else {
        "see that the disk of the data directory is not full and writable, then ask again"
    }
}

fn gone() -> Error {
    Error::new(&codes::RECORDS, "the server is ending").next("ask the next server")
}

#[cfg(test)]
mod tests;
