//! HDFS that a job reads and writes: whether it is there, and whether the job may.

use std::path::Path;

use millstream_connectors::files_source::{AfterCommit, Bad, Intake};
use millstream_connectors::hdfs::{Cluster, Clusters, HdfsError, HdfsUrl, Trouble};
use millstream_core::{Error, Finding, codes, counted};

/// A name that nobody reads: it begins with a dot.
const PROBE: &str = ".millstream-doctor";
/// Names that are asked for.
const NAMES: usize = 1_000;

/// What is found out at a place.
fn at(
    what: &str,
    path: &Path,
    clusters: &Clusters,
    look: impl FnOnce(&Cluster, &HdfsUrl) -> Result<String, HdfsError>,
) -> Finding {
    let shown = path.display();
    let Some(url) = HdfsUrl::of_path(path) else {
        return Finding::well(what, shown.to_string());
    };
    let looked = clusters.open(&url).and_then(|cluster| look(&cluster, &url));
    match looked {
        Ok(told) => Finding::well(what, format!("{shown}, {told}")),
        Err(error) => {
            let message = format!("{shown} can't be used");
            let code = match error.is_of_login() {
                true => &codes::KERBEROS,
                false => &codes::SOURCE_PATH,
            };
            let told = Error::new(code, message).cause(&error);
            Finding::wrong(what, &told.next(error.next_step()))
        }
    }
}

/// What there is to find out about a source.
pub(super) fn source(path: &Path, intake: &Intake, clusters: &Clusters) -> Vec<Finding> {
    let mut findings = vec![readable(path, clusters)];
    let is_quarantined = matches!(intake.bad, Some(Bad::Quarantine(_)));
    if is_quarantined || intake.after_commit != AfterCommit::Keep {
        findings.push(writable("source.path", path, clusters));
    }
    if let Some(Bad::Quarantine(target)) = &intake.bad {
        findings.push(writable("source.file.bad.path", target, clusters));
    }
    if let AfterCommit::Move(target) = &intake.after_commit {
        findings.push(writable("source.after.commit.path", target, clusters));
    }
    findings
}

/// Whether what lies at a place can be listed.
fn readable(path: &Path, clusters: &Clusters) -> Finding {
    at("source.path", path, clusters, |cluster, url| {
        let absent = || HdfsError::new(Trouble::Absent, format!("there is no {url}"));
        if !cluster.look(url.path())?.ok_or_else(absent)?.is_directory {
            return Ok("one file".to_owned());
        }
        let names = cluster.list(url.path()).next(NAMES)?.len();
        let more = if names == NAMES { " and more" } else { "" };
        Ok(format!("{}{more}", counted(names as u64, "name")))
    })
}

/// Whether files can be made at a place: one that nobody reads is, and removed, in the nearest directory that is there.
pub(super) fn writable(what: &str, path: &Path, clusters: &Clusters) -> Finding {
    at(what, path, clusters, |cluster, url| {
        let (directory, is_there) = nearest(cluster, url)?;
        let probe = directory.join(PROBE);
        // One that is there was left behind by a look that was cut off.
        cluster.remove(probe.path())?;
        drop(cluster.create(probe.path())?);
        cluster.remove(probe.path())?;
        Ok(if is_there {
            "files can be made and removed".to_owned()
        } else {
            format!("not there yet; files can be made and removed in {directory}")
        })
    })
}

/// The nearest directory above a place, or the place itself where it is one; and whether it is.
fn nearest(cluster: &Cluster, url: &HdfsUrl) -> Result<(HdfsUrl, bool), HdfsError> {
    let mut place = url.clone();
    loop {
        match cluster.look(place.path())? {
            Some(found) if found.is_directory => {
                let is_there = place == *url;
                return Ok((place, is_there));
            }
            Some(_) if place != *url => {
                let what = format!("{place} is a file");
                return Err(HdfsError::new(Trouble::Refused, what));
            }
            // A file that is named as the source: it is the directory that counts.
            Some(_) | None => {}
        }
        place = match place.parent() {
            Some((above, _)) => above,
            None => return Ok((place, false)),
        };
    }
}
