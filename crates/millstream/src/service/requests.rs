//! Requests to the job, from the moment on from which the process can be reached: those that come before the job is built
//! wait for it.

use std::sync::{Arc, Mutex, PoisonError};

use millstream_core::Result;
use millstream_core::options::LiveSettings;
use millstream_engine::job::JobControl;
use millstream_protocol::Request;

/// So many requests wait for the job to be built: more than one server asks for.
const WAITING: usize = 1_000;

/// Where requests go; cloning is cheap.
#[derive(Clone, Default)]
pub(super) struct Requests {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    job: Option<JobControl>,
    waiting: Vec<Request>,
    /// What the settings are to be once the job is built.
    settings: LiveSettings,
}

impl Requests {
    /// Passes a request on, now or once the job is built.
    ///
    /// # Errors
    /// The job has ended.
    pub(super) fn request(&self, request: Request) -> Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match &inner.job {
            Some(job) => job.request(request),
            None => {
                if inner.waiting.len() < WAITING {
                    inner.waiting.push(request);
                }
                Ok(())
            }
        }
    }

    /// Changes settings of the job, now or once it is built.
    ///
    /// # Errors
    /// The job has ended.
    pub(super) fn change(&self, settings: LiveSettings) -> Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(job) = &inner.job else {
            let LiveSettings {
                checkpoint_interval,
                records,
                bytes,
            } = settings;
            let waiting = &mut inner.settings;
            waiting.checkpoint_interval = checkpoint_interval.or(waiting.checkpoint_interval);
            waiting.records = records.or(waiting.records);
            waiting.bytes = bytes.or(waiting.bytes);
            return Ok(());
        };
        job.change(settings)
    }

    /// The job is built: it takes the requests from now on.
    ///
    /// # Errors
    /// It has ended.
    pub(super) fn connect(&self, job: JobControl) -> Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for request in std::mem::take(&mut inner.waiting) {
            job.request(request)?;
        }
        job.change(std::mem::take(&mut inner.settings))?;
        inner.job = Some(job);
        Ok(())
    }
}
