//! A cluster of HDFS that does not answer is waited for only so long, and once: until the client has told by itself what is wrong, and not
//! at each place anew, as a job does, which has time.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread::Builder;
use std::time::Duration;

use millstream_connectors::hdfs::HdfsUrl;
use millstream_core::{Configuration, Error, Result, codes};

/// What has not answered by then does not answer.
const LONGEST: Duration = Duration::from_secs(30);
/// What to do about that.
const NEXT: &str = "see that its NameNode and its DataNodes run, and that their addresses are right and can be reached from here (firewall, HADOOP_CONF_DIR)";

/// Which clusters have not answered.
#[derive(Debug, Default)]
pub struct Patience {
    silent: RefCell<BTreeSet<String>>,
}

impl Patience {
    /// What `look` finds out of the cluster in which a place lies. `None`: that does not answer, now or when it was asked before.
    pub(super) fn look_at<T: Send + 'static>(
        &self,
        place: &HdfsUrl,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        if self.is_silent(place) {
            return None;
        }
        let (tell, told) = sync_channel(1);
        // Nobody waits any more for what comes too late: the thread ends with the command.
        let looks = move || drop(tell.send(look()));
        let begun = Builder::new().name("doctor".to_owned()).spawn(looks);
        let found = begun.ok().and_then(|_| told.recv_timeout(LONGEST).ok());
        if found.is_none() {
            let cluster = place.authority().to_owned();
            self.silent.borrow_mut().insert(cluster);
        }
        found
    }

    /// Whether the cluster in which a place lies was asked and has not answered.
    pub(super) fn is_silent(&self, place: &HdfsUrl) -> bool {
        self.silent.borrow().contains(place.authority())
    }

    /// Whether snapshots can be kept at `place`, as [`millstream::directories::check_store`] finds out.
    ///
    /// # Errors
    /// They can't.
    pub fn check_store(&self, configuration: &Configuration, place: &str) -> Result<bool> {
        let Some(url) = HdfsUrl::of_path(Path::new(place)) else {
            return millstream::directories::check_store(configuration, place);
        };
        let (settings, named) = (configuration.clone(), place.to_owned());
        let looked = self.look_at(&url, move || {
            millstream::directories::check_store(&settings, &named)
        });
        looked.unwrap_or_else(|| {
            let message = format!("snapshots can't be kept in {place}");
            Err(unanswered(&codes::SNAPSHOT_WRITE, message))
        })
    }
}

/// The error of what was asked of a cluster that does not answer.
pub(super) fn unanswered(code: &'static codes::Code, message: String) -> Error {
    let cause = format!("there was no answer for {} s", LONGEST.as_secs());
    Error::new(code, message).cause(cause).next(NEXT)
}
