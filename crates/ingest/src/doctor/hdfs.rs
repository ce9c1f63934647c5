//! HDFS that a job reads and writes: whether it is there, and whether the job may.

use std::path::Path;

use millstream_connectors::files_source::{AfterCommit, Bad, Intake};
use millstream_connectors::hdfs::{
    Cluster, Clusters, FileState, HdfsError, HdfsFile, HdfsUrl, Status, Trouble,
};
use millstream_core::{Error, Finding, codes, counted};

use super::patience::{Patience, unanswered};

/// A name that nobody reads: it begins with a dot.
const PROBE: &str = ".millstream-doctor";
/// Names that are asked for.
const NAMES: usize = 1_000;
/// Files that are tried where others write them.
const FILES: usize = 10;

/// Who is asked, and for how long.
pub(super) type Asking<'a> = (&'a Clusters, &'a Patience);

/// What is found out at a place.
fn at(
    what: &str,
    path: &Path,
    (clusters, patience): Asking<'_>,
    look: impl FnOnce(&Cluster, &HdfsUrl) -> Result<String, HdfsError> + Send + 'static,
) -> Finding {
    let shown = path.display();
    let Some(url) = HdfsUrl::of_path(path) else {
        return Finding::well(what, shown.to_string());
    };
    let (clusters, place) = (clusters.clone(), url.clone());
    let looked = patience.look_at(&url, move || {
        let opened = clusters.open(&place);
        opened.and_then(|cluster| look(&cluster, &place))
    });
    let Some(looked) = looked else {
        let message = format!("{shown} can't be used");
        return Finding::wrong(what, &unanswered(&codes::SOURCE_PATH, message));
    };
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
pub(super) fn source(path: &Path, intake: &Intake, asking: Asking<'_>) -> Vec<Finding> {
    let mut findings = vec![readable(path, asking)];
    let is_quarantined = matches!(intake.bad, Some(Bad::Quarantine(_)));
    if is_quarantined || intake.after_commit != AfterCommit::Keep {
        findings.push(writable("source.path", path, asking));
    }
    if let Some(Bad::Quarantine(target)) = &intake.bad {
        findings.push(writable("source.file.bad.path", target, asking));
    }
    if let AfterCommit::Move(target) = &intake.after_commit {
        findings.push(writable("source.after.commit.path", target, asking));
    }
    findings
}

/// Whether what lies at a place can be listed, and a file of it read: bytes are asked of DataNodes.
fn readable(path: &Path, asking: Asking<'_>) -> Finding {
    at("source.path", path, asking, |cluster, url| {
        let absent = || HdfsError::new(Trouble::Absent, format!("there is no {url}"));
        let found = cluster.look(url.path())?.ok_or_else(absent)?;
        if !found.is_directory {
            is_read(cluster, url, &found)?;
            return Ok("one file".to_owned());
        }
        let found = cluster.list(url.path()).next(NAMES)?;
        let is_hidden = |name: &str| name.starts_with(['.', '_']);
        let files = found.iter().filter(|entry| !entry.is_directory);
        let files = files.filter(|file| file.size > 0 && !is_hidden(&file.name));
        for file in files.take(FILES) {
            if is_read(cluster, &url.join(&file.name), file)? {
                break;
            }
        }
        let names = found.len();
        let more = if names == NAMES { " and more" } else { "" };
        Ok(format!("{}{more}", counted(names as u64, "name")))
    })
}

/// Whether the first byte of a file can be read, if it has any. That it can't is nothing wrong where somebody writes the file: the block
/// in which it lies is for others to read when it is whole.
fn is_read(cluster: &Cluster, file: &HdfsUrl, status: &Status) -> Result<bool, HdfsError> {
    if status.size == 0 {
        return Ok(true);
    }
    let path = file.path();
    let error = match HdfsFile::open(cluster, path, 1, 1).and_then(|opened| opened.bytes(0, 1)) {
        Ok(_) => return Ok(true),
        Err(error) => error,
    };
    let is_open = || matches!(cluster.state_of(path, status), Ok(FileState::Open));
    match error.trouble() {
        // It may be taken away or replaced at any time.
        Trouble::Absent | Trouble::Changed => Ok(true),
        Trouble::Unreachable if is_open() => Ok(false),
        _ => Err(error),
    }
}

/// Whether files can be written at a place: one of a byte that nobody reads is, and removed, in the nearest directory that is there.
pub(super) fn writable(what: &str, path: &Path, asking: Asking<'_>) -> Finding {
    at(what, path, asking, |cluster, url| {
        let (directory, is_there) = nearest(cluster, url)?;
        let probe = directory.join(PROBE);
        // One that is there was left behind by a look that was cut off.
        cluster.remove(probe.path())?;
        let written = cluster.put(probe.path(), "1".into(), true).wait();
        let removed = cluster.remove(probe.path());
        written?;
        removed?;
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
