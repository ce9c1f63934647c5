//! A path that names a host without a port may mean a name service. Whether there is such a host is looked up before the client tries it
//! for long, and what the path may mean is told.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::error::{HdfsError, Trouble};
use crate::settings::HdfsSettings;
use crate::site::Site;

/// How long the look may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// So many signs are wrong in a name that is meant for another one.
const SLIPS: usize = 2;
/// What the system says where it was answered that there is no such host: glibc, and musl. All else may be for want of an answer.
const NO_HOST: [&str; 2] = ["Name or service not known", "Name does not resolve"];

/// A host that may be meant for a name service.
#[derive(Debug)]
pub(crate) struct Host {
    /// As it is written.
    name: String,
    /// With its port.
    address: String,
    /// The name services that the settings describe.
    services: Vec<String>,
    /// The directory of the settings, for people.
    directory: Option<PathBuf>,
    /// Whether there is such a host.
    is_known: AtomicBool,
}

impl Host {
    /// The host `name`, which is at `address`; `None`: it is a name service, or has a port, which none has.
    pub(crate) fn of(
        name: &str,
        address: &str,
        site: &Site,
        settings: &HdfsSettings,
    ) -> Option<Self> {
        if name.contains(':') || site.is_service(name) {
            return None;
        }
        Some(Self {
            name: name.to_owned(),
            address: address.to_owned(),
            services: site.services().map(str::to_owned).collect(),
            directory: settings.directory.clone(),
            is_known: AtomicBool::new(false),
        })
    }

    /// Looks whether there is such a host, until there has been one. What can't be told now is for the client to try.
    ///
    /// # Errors
    /// There is none, or not yet.
    pub(crate) async fn check(&self) -> Result<(), HdfsError> {
        if self.is_known.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Ok(found) = timeout(PATIENCE, lookup_host(self.address.as_str())).await else {
            return Ok(());
        };
        let Err(error) = found.map(drop) else {
            self.is_known.store(true, Ordering::Relaxed);
            return Ok(());
        };
        self.judge(&error)
    }

    /// What it means that a host can't be looked up. One that is called nearly as a name service is none; any other may be one of
    /// which nobody knows yet, as those of containers that begin beside the job, and is waited for.
    ///
    /// # Errors
    /// There is no such host, or not yet.
    fn judge(&self, error: &io::Error) -> Result<(), HdfsError> {
        let said = error.to_string();
        let is_answer = NO_HOST.iter().any(|words| said.contains(words));
        match (is_answer, self.nearest().is_some()) {
            (false, false) => Ok(()),
            (true, true) => Err(HdfsError::of_settings(Trouble::Refused, self.unknown()).next(
                "correct the name in the path, describe the name service in hdfs-site.xml, or write hdfs://host:port/path",
            )),
            _ => Err(HdfsError::new(Trouble::Unreachable, self.unknown()).next(
                "see that the host is there and that its name can be looked up from here; if another one is meant, correct the name in \
                 the path, or describe the name service in hdfs-site.xml",
            )),
        }
    }

    /// The name service that may be meant.
    fn nearest(&self) -> Option<&str> {
        let name = self.name.to_lowercase();
        let far = |service: &&String| slips(&name, &service.to_lowercase());
        let near = self.services.iter().min_by_key(far)?;
        let is_near = far(&near) <= SLIPS && far(&near) < near.chars().count();
        is_near.then_some(near.as_str())
    }

    /// What is said of it where it can't be looked up.
    fn unknown(&self) -> String {
        let place = match &self.directory {
            Some(directory) => format!("hdfs-site.xml in {}", directory.display()),
            None => "hdfs-site.xml".to_owned(),
        };
        let services = match (self.services.as_slice(), &self.directory) {
            ([], None) => {
                "no settings of Hadoop are read that could describe it (HADOOP_CONF_DIR, or hadoop.home.dir)"
                    .to_owned()
            }
            ([], Some(_)) => format!("{place} describes none"),
            (all, _) => format!("{place} describes {}", all.join(", ")),
        };
        let meant = match self.nearest() {
            Some(near) => format!("; is {near} meant?"),
            None => String::new(),
        };
        let name = &self.name;
        format!(
            "`{name}` is no host that can be looked up, and no name service: {services}{meant} (dfs.ha.namenodes.{name} would make it one)"
        )
    }
}

/// How many signs have to be changed, left out or put in to make one text of another.
fn slips(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, sign) in one.chars().enumerate() {
        let mut next = vec![place + 1];
        for ((before, own), above) in row.iter().zip(&other).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or_default();
            let changed = before + usize::from(sign != *own);
            next.push(changed.min(left + 1).min(above + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
