//! Paths among the values of options. A relative one means another place to each process that reads it: whoever is given it takes it
//! from a directory once and for all before it is kept or sent.

use std::path::{Path, PathBuf};

use super::reference::escape;
use super::{
    CHECKPOINT_DIRECTORY, Configuration, DATA_DIRECTORY, HADOOP_HOME, KERBEROS_KEYTAB,
    RESTORE_PATH, SAVEPOINT_DIRECTORY, kept_under,
};
use crate::error::Result;

/// Options whose values are paths of a machine.
const PATHS: [&str; 3] = [DATA_DIRECTORY.name, HADOOP_HOME.name, KERBEROS_KEYTAB.name];

/// Options whose values are places of snapshots.
const PLACES: [&str; 3] = [
    CHECKPOINT_DIRECTORY.name,
    SAVEPOINT_DIRECTORY.name,
    RESTORE_PATH.name,
];

/// What [`RESTORE_PATH`] may be beside a path.
const LATEST: &str = "latest";

impl Configuration {
    /// Takes each relative path among the settings of jobs from the directory that `here` answers, which is asked only where there is
    /// one. One that begins with a reference is left: what it stands for is known where the job runs, and whole there.
    ///
    /// # Errors
    /// Those of `here`.
    pub fn make_paths_whole(&mut self, here: impl FnOnce() -> Result<PathBuf>) -> Result<()> {
        let relative: Vec<(String, String)> = self
            .iter()
            .filter_map(|(key, value)| {
                let path = relative_path(key, value)?;
                Some((key.to_owned(), path.to_owned()))
            })
            .collect();
        if relative.is_empty() {
            return Ok(());
        }
        let here = here()?;
        // The directory itself, whatever is in its name.
        let here = escape(&here.to_string_lossy());
        for (key, path) in relative {
            let whole = below(Path::new(&here), &path);
            self.set(key, whole);
        }
        Ok(())
    }
}

/// `text`, which names a place of snapshots by a path or a URL: a relative path is taken from the directory that `here` answers, which
/// is asked only then.
///
/// # Errors
/// Those of `here`.
pub fn whole_place(text: &str, here: impl FnOnce() -> Result<PathBuf>) -> Result<String> {
    match relative_place(text.trim()) {
        Some(path) => Ok(below(&here()?, path)),
        None => Ok(text.to_owned()),
    }
}

/// The path in `value`, that of the option `key`, if it is relative.
fn relative_path<'a>(key: &str, value: &'a str) -> Option<&'a str> {
    let (key, value) = (kept_under(key), value.trim());
    // A reference may be a whole path.
    let is_relative = |path: &&str| is_relative(path) && !path.starts_with("${");
    if PLACES.contains(&key) {
        let is_word = key == RESTORE_PATH.name && value == LATEST;
        return relative_place(value)
            .filter(is_relative)
            .filter(|_| !is_word);
    }
    Some(value)
        .filter(|_| PATHS.contains(&key))
        .filter(is_relative)
}

/// The path in the name of a place of snapshots, if it is relative: as it is, or behind `file:`.
fn relative_place(text: &str) -> Option<&str> {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(letters)
    };
    let path = match text.split_once(':') {
        Some((scheme, path)) if scheme.eq_ignore_ascii_case("file") => path,
        // Any other URL is whole.
        Some((scheme, _)) if is_scheme(scheme) => return None,
        _ => text,
    };
    is_relative(path).then_some(path)
}

fn is_relative(path: &str) -> bool {
    !path.is_empty() && !path.starts_with('/')
}

/// The path below `directory`, without needless parts.
fn below(directory: &Path, path: &str) -> String {
    let whole: PathBuf = directory.join(path).components().collect();
    whole.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Result<PathBuf> {
        Ok(PathBuf::from("/srv/${x}"))
    }

    /// Nobody needs to know where this is.
    fn nowhere() -> Result<PathBuf> {
        Err(crate::Error::new(&crate::codes::INTERNAL, "it is asked"))
    }

    #[test]
    fn relative_paths_are_taken_from_where_they_were_given() {
        for (key, value, expected) in [
            (CHECKPOINT_DIRECTORY.name, "cp", "/srv/$${x}/cp"),
            ("state.checkpoints.dir", " ./cp/ ", "/srv/$${x}/cp"),
            (SAVEPOINT_DIRECTORY.name, "file:sp", "/srv/$${x}/sp"),
            (RESTORE_PATH.name, "../sp/a", "/srv/$${x}/../sp/a"),
            (DATA_DIRECTORY.name, "data", "/srv/$${x}/data"),
            (HADOOP_HOME.name, "hadoop", "/srv/$${x}/hadoop"),
            (KERBEROS_KEYTAB.name, "my:tab", "/srv/$${x}/my:tab"),
            (
                CHECKPOINT_DIRECTORY.name,
                "cp/${env:WHO}",
                "/srv/$${x}/cp/${env:WHO}",
            ),
        ] {
            let mut settings = Configuration::new();
            settings.set(key, value);
            settings.make_paths_whole(here).expect("it is known");
            assert_eq!(settings.written(key), Some(expected), "{key} {value}");
        }
    }

    #[test]
    fn what_is_whole_stays_as_it_is() {
        let mut settings = Configuration::new();
        for (key, value) in [
            (CHECKPOINT_DIRECTORY.name, "s3://bucket/cp"),
            (SAVEPOINT_DIRECTORY.name, "${env:WHERE}/sp"),
            (RESTORE_PATH.name, "latest"),
            (DATA_DIRECTORY.name, "/data"),
            (HADOOP_HOME.name, ""),
            ("pipeline.name", "orders"),
        ] {
            settings.set(key, value);
        }
        let before = settings.clone();
        settings.make_paths_whole(nowhere).expect("nobody asks");
        assert_eq!(settings, before);
        for whole in ["/sp", "file:///sp", "hdfs:///sp", ""] {
            assert_eq!(whole_place(whole, nowhere).expect("nobody asks"), whole);
        }
        let taken = whole_place("sp", here).expect("it is known");
        assert_eq!(taken, "/srv/${x}/sp");
    }
}
