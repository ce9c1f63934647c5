//! What the server knows, and what can be asked of it.
//!
//! Reading is cheap and never waits: the newest view of everything lies in memory. What changes a job goes to the
//! job's supervisor, one request after the other; what somebody is promised is on record before it is answered.

mod cell;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use millstream_core::{Configuration, Error, JobId, Result, TriggerId, codes};
use millstream_protocol::OperationResult;
use tokio::sync::{Notify, oneshot, watch};

pub(crate) use cell::{Command, JobCell};

use crate::background::blocking;
use crate::data_directory::DataDirectory;
use crate::files;
use crate::outcomes::note_end;
use crate::store::{Store, delete_job};
use crate::views::{JobView, OperationView, PackageView, ServerFacts};

/// The server's knowledge; cloning is cheap.
#[derive(Clone)]
pub struct Registry {
    pub(crate) shared: Arc<Shared>,
}

/// What all parts of a server share.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) data: DataDirectory,
    /// The settings, with secrets.
    pub(crate) settings: Configuration,
    configuration: Configuration,
    facts: ServerFacts,
    /// So many ended snapshots of each job are remembered.
    pub(crate) history: usize,
    /// So long a process may take to report its job; `None`: as long as it likes.
    pub(crate) start_limit: Option<Duration>,
    jobs: RwLock<HashMap<JobId, Arc<JobCell>>>,
    /// Jobs that were submitted and have not reported yet.
    starting: Mutex<HashSet<JobId>>,
    operations: RwLock<BTreeMap<TriggerId, OperationView>>,
    packages: RwLock<BTreeMap<String, PackageView>>,
    /// A job has ended: there may be one too many.
    pub(crate) job_ended: Notify,
    shut_down: watch::Sender<bool>,
}

/// What a registry begins with.
pub(crate) struct Beginning {
    pub(crate) store: Store,
    pub(crate) data: DataDirectory,
    pub(crate) settings: Configuration,
    pub(crate) facts: ServerFacts,
    pub(crate) history: usize,
    pub(crate) start_limit: Option<Duration>,
    pub(crate) operations: Vec<OperationView>,
    pub(crate) packages: Vec<PackageView>,
}

impl Registry {
    pub(crate) fn new(beginning: Beginning) -> Self {
        let Beginning {
            store,
            data,
            settings,
            facts,
            history,
            start_limit,
            operations,
            packages,
        } = beginning;
        let configuration = settings.without_secrets();
        let operations = operations.into_iter().map(|o| (o.id, o)).collect();
        let packages = packages.into_iter().map(|p| (p.id.clone(), p)).collect();
        let shared = Shared {
            store,
            data,
            settings,
            configuration,
            facts,
            history,
            start_limit,
            jobs: RwLock::default(),
            starting: Mutex::default(),
            operations: RwLock::new(operations),
            packages: RwLock::new(packages),
            job_ended: Notify::new(),
            shut_down: watch::Sender::new(false),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Every job, the newest first.
    pub fn jobs(&self) -> Vec<Arc<JobView>> {
        // A view may have to be read first: nobody else waits for that.
        let cells = self.cells();
        let mut views: Vec<Arc<JobView>> = cells.iter().map(|cell| cell.view()).collect();
        views.sort_by_key(|view| (std::cmp::Reverse(view.start_time), view.id));
        views
    }

    /// Every job in no order, as far as it is known without reading anything: names, statuses and times, and all of those that
    /// have not ended.
    pub(crate) fn known_jobs(&self) -> Vec<Arc<JobView>> {
        let cells = self.cells();
        cells.iter().map(|cell| cell.glance()).collect()
    }

    pub(crate) fn cells(&self) -> Vec<Arc<JobCell>> {
        self.shared
            .read_jobs(|jobs| jobs.values().cloned().collect())
    }

    /// A job.
    ///
    /// # Errors
    /// [`codes::JOB_UNKNOWN`]: there is no such job.
    pub fn job(&self, id: JobId) -> Result<Arc<JobView>> {
        self.cell(id).map(|cell| cell.view())
    }

    pub(crate) fn cell(&self, id: JobId) -> Result<Arc<JobCell>> {
        let cell = self.shared.read_jobs(|jobs| jobs.get(&id).cloned());
        cell.ok_or_else(|| {
            Error::new(&codes::JOB_UNKNOWN, format!("Job {id} not found"))
                .next("list the jobs with `millstream list -a`")
        })
    }

    /// Whether a job has this id, or one that is being submitted.
    pub(crate) fn is_taken(&self, id: JobId) -> bool {
        let is_starting = lock(&self.shared.starting).contains(&id);
        is_starting || self.shared.read_jobs(|jobs| jobs.contains_key(&id))
    }

    /// Waits until a view of the job satisfies `until`, and answers the newest view, whether or not it did within
    /// `timeout`.
    ///
    /// # Errors
    /// [`codes::JOB_UNKNOWN`]: there is no such job.
    pub async fn wait_for(
        &self,
        id: JobId,
        until: impl Fn(&JobView) -> bool,
        timeout: Duration,
    ) -> Result<Arc<JobView>> {
        let cell = self.cell(id)?;
        let mut views = cell.subscribe();
        let satisfied = views.wait_for(|view| until(view));
        // Late, or the job was forgotten meanwhile: the newest view tells all there is.
        drop(tokio::time::timeout(timeout, satisfied).await);
        Ok(cell.view())
    }

    /// An operation; `None`: there is none of that id.
    pub fn operation(&self, id: TriggerId) -> Option<OperationView> {
        self.shared.read_operations(|all| all.get(&id).cloned())
    }

    /// The operations of a job, or all, the newest first.
    pub fn operations(&self, job: Option<JobId>) -> Vec<OperationView> {
        let mut found: Vec<OperationView> = self.shared.read_operations(|all| {
            let wanted = all
                .values()
                .filter(|operation| job.is_none() || operation.job == job);
            wanted.cloned().collect()
        });
        found.sort_by_key(|operation| (std::cmp::Reverse(operation.requested), operation.id));
        found
    }

    /// The settings of the server as they count, without secrets.
    pub fn configuration(&self) -> &Configuration {
        &self.shared.configuration
    }

    /// The server itself.
    pub fn server(&self) -> &ServerFacts {
        &self.shared.facts
    }

    /// Ends the server. Jobs go on; the next server on the data directory finds them.
    pub fn shut_down(&self) {
        self.shared.shut_down.send_replace(true);
    }

    pub(crate) fn shutting_down(&self) -> watch::Receiver<bool> {
        self.shared.shut_down.subscribe()
    }
}

/// Forgets a job that could not be started: nobody was told of it.
pub(crate) async fn forget(registry: &Registry, job: JobId, directory: &Path) {
    let gone = directory.to_path_buf();
    let removed = blocking(move || match std::fs::remove_dir_all(&gone) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(files::unusable(&gone, "deleted", cause))
        }
        _ => Ok(()),
    });
    if let Err(error) = removed.await {
        tracing::warn!("{error}");
    }
    let store = &registry.shared.store;
    store
        .soon(move |transaction| delete_job(transaction, job))
        .await;
}

/// A new id for a job, an operation or anything else.
pub fn new_trigger_id() -> TriggerId {
    TriggerId::from_bytes(crate::clock::random_id())
}

/// A job that was submitted and has not reported yet: its id is taken.
pub(crate) struct Reservation {
    shared: Arc<Shared>,
    job: JobId,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        lock(&self.shared.starting).remove(&self.job);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn read_jobs<T>(&self, read: impl FnOnce(&HashMap<JobId, Arc<JobCell>>) -> T) -> T {
        read(&self.jobs.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn read_operations<T>(&self, read: impl FnOnce(&BTreeMap<TriggerId, OperationView>) -> T) -> T {
        read(
            &self
                .operations
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    pub(crate) fn with_packages<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, PackageView>) -> T,
    ) -> T {
        change(
            &mut self
                .packages
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Takes an id for a job that is being submitted.
    pub(crate) fn reserve(self: &Arc<Self>, job: JobId) -> Result<Reservation> {
        let mut starting = lock(&self.starting);
        let is_known = self.read_jobs(|jobs| jobs.contains_key(&job));
        if is_known || !starting.insert(job) {
            return Err(Error::new(
                &codes::JOB_DUPLICATE,
                format!("there is a job {job} already"),
            )
            .next("leave the id out to have a new one chosen"));
        }
        drop(starting);
        Ok(Reservation {
            shared: Arc::clone(self),
            job,
        })
    }

    /// From now on the job is listed.
    pub(crate) fn list(&self, job: JobId, cell: Arc<JobCell>) {
        let mut jobs = self.jobs.write().unwrap_or_else(PoisonError::into_inner);
        jobs.insert(job, cell);
    }

    /// From now on the job, and what was asked of it, is not known any more.
    pub(crate) fn forget(&self, job: JobId) {
        let mut jobs = self.jobs.write().unwrap_or_else(PoisonError::into_inner);
        jobs.remove(&job);
        drop(jobs);
        self.change_operations(|all| all.retain(|_, operation| operation.job != Some(job)));
    }

    pub(crate) fn change_operations(
        &self,
        change: impl FnOnce(&mut BTreeMap<TriggerId, OperationView>),
    ) {
        let all = self.operations.write();
        change(&mut all.unwrap_or_else(PoisonError::into_inner));
    }

    /// Shows an operation as ended, and notes it; it must be on record before.
    pub(crate) fn show_end(&self, id: TriggerId, at: u64, result: OperationResult) {
        let mut ended = None;
        self.change_operations(|all| {
            if let Some(operation) = all.get_mut(&id).filter(|o| o.ended.is_none()) {
                operation.ended = Some(at);
                operation.result = Some(result);
                ended = Some(operation.clone());
            }
        });
        if let Some(operation) = ended {
            note_end(&operation);
        }
    }

    /// Sends a request to a job's supervisor and waits for its answer; `None`: the job has ended.
    pub(crate) async fn command<T>(
        &self,
        cell: &JobCell,
        command: impl FnOnce(oneshot::Sender<Result<T>>) -> Command,
    ) -> Option<Result<T>> {
        let (answer, answered) = oneshot::channel();
        cell.send(command(answer)).await.ok()?;
        answered.await.ok()
    }
}
