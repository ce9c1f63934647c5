//! Output that was committed behind the snapshot which a run goes on from: then that is not the newest, whatever lies among the
//! checkpoints, which may have been put back from an older copy, all of them with their notes.
//!
//! A run that takes the place of another one (`-s latest`) asks for what that one has committed, and every run for what its own job
//! has. Who names a snapshot of another job by its path may well name an older one.

use std::collections::HashSet;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::lineage::{Ancestor, Kin};
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_hdfs::{Clusters, HdfsError, HdfsUrl, Trouble};

use super::disk_error;
use super::hdfs::hdfs_error;
use super::names::Visible;

/// Names that are asked for at once.
const SLICE: usize = 1_000;

/// Where a run goes on from: what names of files are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Boundary<'a> {
    pub(super) kin: &'a Kin,
    /// The snapshot; none: the run begins anew.
    pub(super) restored: Option<CheckpointId>,
}

impl Boundary<'_> {
    /// Whether nothing can lie behind it: in its first run a job that begins anew has committed nothing.
    fn is_first(&self) -> bool {
        self.restored.is_none() && self.kin.author.run <= 1
    }

    /// Whether a visible file of this name was committed behind it.
    fn is_before(&self, name: &str) -> bool {
        let Some(file) = Visible::parse(name) else {
            return false;
        };
        let Kin {
            author,
            family,
            generation,
            ..
        } = self.kin;
        let own = Ancestor {
            job: author.job,
            left_at: self.restored.unwrap_or_default(),
            owned: true,
        };
        let before = self.kin.left_at();
        file.is_of(&own) || before.is_some_and(|left| file.is_behind(&left, *family, *generation))
    }

    /// How far the job came, as the snapshots say.
    fn described(&self) -> String {
        let own = self.kin.author.job;
        match (self.restored, self.kin.left_at()) {
            (_, Some(left)) => format!(
                "the newest snapshot that is there, checkpoint {} of job {}",
                left.left_at, left.job
            ),
            (Some(number), None) => {
                format!("the newest snapshot that job {own} has to go on from, checkpoint {number}")
            }
            (None, None) => format!("what is known of job {own}, of which no snapshot is there"),
        }
    }
}

/// Whether a directory below that of the sink may hold visible files: those of values of columns do.
fn is_partition(name: &str) -> bool {
    name.contains('=')
}

/// Checks that nothing lies in a directory, and in partitions below it, that was committed behind the boundary. One that
/// is not there, or may not be listed, tells nothing.
///
/// # Errors
/// Something does; names it. Or the directory can't be listed.
pub(super) fn check_directory(boundary: Boundary<'_>, directory: &Path) -> Result<()> {
    if boundary.is_first() {
        return Ok(());
    }
    let found = find(boundary, directory, &mut HashSet::new());
    let found = found.map_err(|error| disk_error("list the directory", directory, &error))?;
    refuse(boundary, found.map(|path| path.display().to_string()))
}

/// The same of a directory of HDFS.
///
/// # Errors
/// Those of [`check_directory`].
pub(super) fn check_hdfs(
    boundary: Boundary<'_>,
    url: &HdfsUrl,
    clusters: Option<&Clusters>,
) -> Result<()> {
    if boundary.is_first() {
        return Ok(());
    }
    let found = find_in_hdfs(boundary, url, clusters);
    let found = found.map_err(|error| hdfs_error("list", url, &error))?;
    refuse(boundary, found.map(|url| url.to_string()))
}

/// Whether a directory that can't be listed is no reason to wait.
fn tells_nothing(why: io::ErrorKind) -> bool {
    matches!(
        why,
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied
    )
}

/// `seen`: the directories that were looked at, by device and inode, as links may go round in circles.
fn find(
    boundary: Boundary<'_>,
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
        if boundary.is_before(name) {
            return Ok(Some(entry.path()));
        }
        // Also behind a link: the sink writes there, too.
        if is_partition(name) && entry.path().is_dir() {
            let found = find(boundary, &entry.path(), seen)?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

fn find_in_hdfs(
    boundary: Boundary<'_>,
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
            if boundary.is_before(&entry.name) {
                return Ok(Some(place));
            }
            if is_partition(&entry.name) && entry.is_directory {
                let found = find_in_hdfs(boundary, &place, clusters)?;
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

fn refuse(boundary: Boundary<'_>, found: Option<String>) -> Result<()> {
    let Some(found) = found else {
        return Ok(());
    };
    let message = format!(
        "{found} was committed behind {}: going on from that would write output twice",
        boundary.described()
    );
    Err(Error::new(&codes::OUTPUT_BEHIND, message).next(
        "bring its checkpoints back as they were; to have written again what is left of the input since then start it with -s PATH, the path \
         of the snapshot",
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
        let again = Kin::new(B, 2, &Lineage::fresh(1), []);
        let (older, newer) = ("part-0a0a0a0a-7-0-0.json", "part-0a0a0a0a-8-0-0.json");
        let (own, own_newer) = ("part-0b0b0b0b-8-0-0.json", "part-0b0b0b0b-9-0-0.json");
        for (kin, restored, name, expected) in [
            (&latest, Some(7), newer, true),
            (&latest, Some(7), older, false),
            (&latest, Some(7), "part-0c0c0c0c-8-0-0.json", false),
            (&latest, Some(7), "report.json", false),
            // Of a run that was not known where this one began, and of one that was and has been gone back behind.
            (
                &latest,
                Some(7),
                "part-0a0a0a0a-2-0c0c0c0c-8-0-0.json",
                true,
            ),
            (
                &latest,
                Some(7),
                "part-0a0a0a0a-3-0c0c0c0c-8-0-0.json",
                true,
            ),
            (
                &latest,
                Some(7),
                "part-0a0a0a0a-2-0c0c0c0c-7-0-0.json",
                false,
            ),
            (
                &latest,
                Some(7),
                "part-0a0a0a0a-1-0c0c0c0c-8-0-0.json",
                false,
            ),
            (
                &latest,
                Some(7),
                "part-0c0c0c0c-2-0d0d0d0d-8-0-0.json",
                false,
            ),
            (
                &further,
                Some(7),
                "part-0c0c0c0c-2-0a0a0a0a-8-0-0.json",
                true,
            ),
            (
                &further,
                Some(7),
                "part-0c0c0c0c-2-0a0a0a0a-7-0-0.json",
                false,
            ),
            (&further, Some(7), "part-0c0c0c0c-9-0-0.json", false),
            (
                &further,
                Some(7),
                "part-0c0c0c0c-3-0d0d0d0d-8-0-0.json",
                true,
            ),
            (&with_its_own, Some(8), newer, false),
            (&by_path, Some(7), newer, false),
            (&anew, None, newer, false),
            // What a job has committed itself it has a snapshot of, wherever it came from.
            (&latest, Some(7), own, true),
            (&by_path, Some(7), own, true),
            (
                &by_path,
                Some(7),
                "part-0a0a0a0a-2-0b0b0b0b-8-0-0.json",
                true,
            ),
            (&with_its_own, Some(8), own, false),
            (&with_its_own, Some(8), own_newer, true),
            (&again, Some(8), own, false),
            (&again, Some(8), own_newer, true),
            (&again, None, own, true),
        ] {
            let boundary = Boundary { kin, restored };
            assert_eq!(boundary.is_before(name), expected, "{name} {boundary:?}");
        }
        let begins = |kin| {
            Boundary {
                kin,
                restored: None,
            }
            .is_first()
        };
        assert!(begins(&anew) && !begins(&again));
    }

    #[test]
    fn it_is_found_in_partitions_and_places_that_are_away_tell_nothing() {
        let place = tempfile::tempdir().expect("a directory");
        let kin = Kin::new(B, 5, &Lineage::fresh(1).behind(A, 7, 2).owned(), [A]);
        let out = place.path().join("out");
        let boundary = Boundary {
            kin: &kin,
            restored: Some(7),
        };
        let look = || check_directory(boundary, &out);
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
