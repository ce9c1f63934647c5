//! Output that was committed behind the snapshot which a run goes on from: then that is not the newest, whatever lies among the
//! checkpoints, which may have been put back from an older copy, all of them with their notes.
//!
//! Only a run that takes the place of another one (`-s latest`) asks. Who names a snapshot by its path may well name an older one, and
//! a job that is started again has records of its own of how far it was.

use std::collections::HashSet;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::lineage::Kin;
use millstream_core::{Error, Result, codes};
use millstream_hdfs::{Clusters, HdfsError, HdfsUrl, Trouble};

use super::disk_error;
use super::hdfs::hdfs_error;
use super::names::Visible;

/// Names that are asked for at once.
const SLICE: usize = 1_000;

/// Whether a visible file of this name lies behind where the job before was left.
fn is_behind(kin: &Kin, name: &str) -> bool {
    let before = kin.left_at();
    before.is_some_and(|before| {
        Visible::parse(name).is_some_and(|it| it.is_behind(&before, kin.family, kin.generation))
    })
}

/// Whether a directory below that of the sink may hold visible files: those of values of columns do.
fn is_partition(name: &str) -> bool {
    name.contains('=')
}

/// Checks that nothing lies in a directory, and in partitions below it, that the job before has committed behind the snapshot. One that
/// is not there, or may not be listed, tells nothing.
///
/// # Errors
/// Something does; names it. Or the directory can't be listed.
pub(super) fn check_directory(kin: &Kin, directory: &Path) -> Result<()> {
    if kin.left_at().is_none() {
        return Ok(());
    }
    let found = find(kin, directory, &mut HashSet::new());
    let found = found.map_err(|error| disk_error("list the directory", directory, &error))?;
    refuse(kin, found.map(|path| path.display().to_string()))
}

/// The same of a directory of HDFS.
///
/// # Errors
/// Those of [`check_directory`].
pub(super) fn check_hdfs(kin: &Kin, url: &HdfsUrl, clusters: Option<&Clusters>) -> Result<()> {
    if kin.left_at().is_none() {
        return Ok(());
    }
    let found = find_in_hdfs(kin, url, clusters);
    let found = found.map_err(|error| hdfs_error("list", url, &error))?;
    refuse(kin, found.map(|url| url.to_string()))
}

/// Whether a directory that can't be listed is no reason to wait.
fn tells_nothing(why: io::ErrorKind) -> bool {
    matches!(
        why,
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
    )
}

/// `seen`: the directories that were looked at, by device and inode, as links may go round in circles.
fn find(
    kin: &Kin,
    directory: &Path,
    seen: &mut HashSet<(u64, u64)>,
) -> io::Result<Option<PathBuf>> {
    let looked = directory.metadata();
    let entries = match looked.and_then(|about| Ok((about, directory.read_dir()?))) {
        Err(error) if tells_nothing(error.kind()) => return Ok(None),
        Ok((about, _)) if !seen.insert((about.dev(), about.ino())) => return Ok(None),
        looked => looked?.1,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            continue;
        };
        if is_behind(kin, name) {
            return Ok(Some(entry.path()));
        }
        // Also behind a link: the sink writes there, too.
        if is_partition(name) && entry.path().is_dir() {
            let found = find(kin, &entry.path(), seen)?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

fn find_in_hdfs(
    kin: &Kin,
    url: &HdfsUrl,
    clusters: Option<&Clusters>,
) -> Result<Option<HdfsUrl>, HdfsError> {
    let none = || HdfsError::new(Trouble::Refused, "this job has no settings of HDFS");
    let cluster = clusters.ok_or_else(none)?.open(url)?;
    let mut listing = cluster.list(url.path());
    loop {
        let slice = match listing.next(SLICE) {
            Err(error) if matches!(error.trouble(), Trouble::Absent | Trouble::Denied) => {
                return Ok(None);
            }
            slice => slice?,
        };
        for entry in &slice {
            let place = url.join(&entry.name);
            if is_behind(kin, &entry.name) {
                return Ok(Some(place));
            }
            if is_partition(&entry.name) && entry.is_directory {
                let found = find_in_hdfs(kin, &place, clusters)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        if slice.len() < SLICE {
            return Ok(None);
        }
    }
}

fn refuse(kin: &Kin, found: Option<String>) -> Result<()> {
    let (Some(found), Some(before)) = (found, kin.left_at()) else {
        return Ok(());
    };
    let message = format!(
        "{found} was committed behind the newest snapshot that is there, checkpoint {} of job {}: going on from that would write \
         output twice",
        before.left_at, before.job
    );
    Err(Error::new(&codes::OUTPUT_BEHIND, message).next(
        "bring its checkpoints back as they were; to have output written again name the snapshot with -s PATH, or move that file away",
    ))
}

#[cfg(test)]
mod tests {
    use millstream_core::{JobId, Lineage};

    use super::*;

    const A: JobId = JobId::from_bytes([0xa; 16]);
    const B: JobId = JobId::from_bytes([0xb; 16]);
    const C: JobId = JobId::from_bytes([0xc; 16]);

    #[test]
    fn output_that_is_newer_than_the_snapshot_is_told() {
        let goes_on = Lineage::fresh(1).behind(A, 7, 2);
        let latest = Kin::new(B, 5, &goes_on.clone().owned(), [A]);
        // The job before had gone on from another one itself.
        let further = Lineage::fresh(1).behind(C, 3, 2).behind(A, 7, 3).owned();
        let further = Kin::new(B, 5, &further, [A]);
        let with_its_own = Kin::new(B, 6, &goes_on.clone().owned(), [B]);
        let by_path = Kin::new(B, 5, &goes_on, [A]);
        let anew = Kin::new(B, 1, &Lineage::fresh(1), []);
        let (older, newer) = ("part-0a0a0a0a-7-0-0.json", "part-0a0a0a0a-8-0-0.json");
        for (kin, name, expected) in [
            (&latest, newer, true),
            (&latest, older, false),
            (&latest, "part-0b0b0b0b-8-0-0.json", false),
            (&latest, "report.json", false),
            // Of a run that was not known where this one began, and of one that was and has been gone back behind.
            (&latest, "part-0a0a0a0a-2-0c0c0c0c-8-0-0.json", true),
            (&latest, "part-0a0a0a0a-3-0c0c0c0c-8-0-0.json", true),
            (&latest, "part-0a0a0a0a-2-0c0c0c0c-7-0-0.json", false),
            (&latest, "part-0a0a0a0a-1-0c0c0c0c-8-0-0.json", false),
            (&latest, "part-0c0c0c0c-2-0d0d0d0d-8-0-0.json", false),
            (&further, "part-0c0c0c0c-2-0a0a0a0a-8-0-0.json", true),
            (&further, "part-0c0c0c0c-2-0a0a0a0a-7-0-0.json", false),
            (&further, "part-0c0c0c0c-9-0-0.json", false),
            (&further, "part-0c0c0c0c-3-0d0d0d0d-8-0-0.json", true),
            (&with_its_own, newer, false),
            (&by_path, newer, false),
            (&anew, newer, false),
        ] {
            assert_eq!(is_behind(kin, name), expected, "{name} {kin:?}");
        }
    }

    #[test]
    fn it_is_found_in_partitions_and_places_that_are_away_tell_nothing() {
        let place = tempfile::tempdir().expect("a directory");
        let kin = Kin::new(B, 5, &Lineage::fresh(1).behind(A, 7, 2).owned(), [A]);
        let out = place.path().join("out");
        let look = || check_directory(&kin, &out);
        look().expect("it is not there");
        let partition = out.join("day=1/city=x");
        std::fs::create_dir_all(&partition).expect("made");
        let put = |path: PathBuf| std::fs::write(path, "").expect("written");
        put(out.join("part-0a0a0a0a-7-0-0.json"));
        put(partition.join("part-0a0a0a0a-6-0-0.json"));
        look().expect("all of it is older");
        // A partition may lie elsewhere, behind a link, and links may lead back.
        let real = place.path().join("real");
        std::fs::create_dir(&real).expect("made");
        std::os::unix::fs::symlink(&real, partition.join("part=1")).expect("a link");
        std::os::unix::fs::symlink(&out, real.join("round=1")).expect("a link");
        look().expect("all of it is older");
        put(real.join("part-0a0a0a0a-8-0-0.json"));
        let error = look().expect_err("it is newer");
        assert!(error.message().contains("part=1"), "{error}");
        std::fs::remove_file(real.join("part-0a0a0a0a-8-0-0.json")).expect("removed");
        put(partition.join("part-0a0a0a0a-8-0-0.json"));
        let error = look().expect_err("it is newer");
        assert_eq!(error.code(), "MS-3017");
        assert!(
            error.message().contains("city=x/part-0a0a0a0a-8"),
            "{error}"
        );
    }
}
