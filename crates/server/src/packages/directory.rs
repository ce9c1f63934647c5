//! The directory of uploaded packages. What lies there is run, so nobody else may put anything there.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::options::WEB_UPLOAD_DIRECTORY;
use millstream_core::{Error, Result, codes};

use crate::files;
use crate::registry::Registry;

/// How the name of a file begins that is being received.
pub(crate) const UNFINISHED: &str = ".upload-";

impl Registry {
    /// Where uploaded packages are kept. A file that is to be given to [`Self::upload`] is best written here.
    ///
    /// # Errors
    /// The directory can't be made, or others may write into it.
    pub fn upload_directory(&self) -> Result<PathBuf> {
        let directory = self.located_upload_directory()?;
        files::make_directory(&directory)?;
        check(&directory)?;
        Ok(directory)
    }

    /// The same without making it.
    pub(super) fn located_upload_directory(&self) -> Result<PathBuf> {
        let directory = match self.shared.settings.get(&WEB_UPLOAD_DIRECTORY)? {
            // The name of the directory in it is Flink's.
            Some(named) => Path::new(&named).join("flink-web-upload"),
            None => self.shared.data.packages(),
        };
        std::path::absolute(&directory)
            .map_err(|cause| files::unusable(&directory, "located", cause))
    }
}

/// Before the server answers: refuses an upload directory that is open to others, and takes away what was being received when the
/// last server died.
///
/// # Errors
/// Others may write into the directory.
pub(crate) fn tidy_uploads(registry: &Registry) -> Result<()> {
    let directory = registry.located_upload_directory()?;
    check(&directory)?;
    let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
    for entry in entries {
        let is_unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        if is_unfinished && let Err(trouble) = files::remove(&entry.path()) {
            tracing::warn!("{}", trouble.error);
        }
    }
    Ok(())
}

/// Refuses a directory into which others may write, or that they may put another one in the place of. One that is not there is
/// none such where nobody else may make it.
fn check(directory: &Path) -> Result<()> {
    let own = rustix::process::geteuid().as_raw();
    look_at(directory, &[own], 0o022)?;
    let above = directory.parent();
    above.map_or(Ok(()), |above| look_at(above, &[own, 0], 0o022))
}

/// `owners`: whose it may be; `writable`: the bits of its mode that may be there only if what is in it is its owner's to move (as
/// in `/tmp`).
fn look_at(directory: &Path, owners: &[u32], writable: u32) -> Result<()> {
    const STICKY: u32 = 0o1000;
    let about = match fs::metadata(directory) {
        Ok(about) => about,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(files::unusable(directory, "looked at", cause)),
    };
    let what = if !owners.contains(&about.uid()) {
        format!("it belongs to user {}", about.uid())
    } else if about.mode() & writable != 0 && about.mode() & STICKY == 0 {
        format!("its mode is {:03o}", about.mode() & 0o777)
    } else {
        return Ok(());
    };
    let message = format!(
        "others may put programs into the upload directory {}: {what}",
        directory.display()
    );
    Err(Error::new(&codes::SERVER_DIRECTORY, message).next(format!(
        "let the server's user alone write there (`chmod go-w`), or name another directory with {}",
        WEB_UPLOAD_DIRECTORY.name
    )))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_directory_that_others_may_write_into_is_refused() {
        let root = tempfile::tempdir().expect("a directory");
        let above = root.path().join("above");
        let directory = above.join("flink-web-upload");
        fs::create_dir_all(&directory).expect("made");
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
        };
        for (mode_above, mode, is_well) in [
            (0o755, 0o700, true),
            (0o755, 0o755, true),
            (0o1777, 0o700, true),
            (0o755, 0o777, false),
            (0o755, 0o770, false),
            (0o777, 0o700, false),
            (0o775, 0o700, false),
        ] {
            set(&above, mode_above);
            set(&directory, mode);
            let checked = check(&directory);
            assert_eq!(checked.is_ok(), is_well, "{mode_above:o} {mode:o}");
            let Err(error) = checked else { continue };
            assert_eq!(error.code(), "MS-1010");
        }
        check(&above.join("none/flink-web-upload")).expect("it is not there");
    }
}
