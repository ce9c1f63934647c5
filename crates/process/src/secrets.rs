//! What the [references](millstream_core::options::reference) in values stand for: the one place where they are looked
//! up, in the environment and the files of this process.
//!
//! Nothing that is found here is kept, logged or part of an error.

use std::cell::RefCell;
use std::io::{self, Read};

use millstream_core::options::reference::{self, Hidden, Reference};
use millstream_core::{Configuration, Result};

use crate::regular;

/// A secret is shorter; a longer file was named by mistake.
const LONGEST: u64 = 1 << 20;

/// `text`, the value of `place` (an option or parameter), with what its references stand for.
///
/// # Errors
/// [`REFERENCE`](millstream_core::codes::REFERENCE): it has no reference where one begins, or what one stands for is not to
/// be had.
pub fn resolve(place: &str, text: &str) -> Result<String> {
    reference::resolve(place, text, &find)
}

/// The same, and keeps in `hidden` what must not be shown of it.
///
/// # Errors
/// Those of [`resolve`].
pub fn resolve_hiding(place: &str, text: &str, hidden: &mut Hidden) -> Result<String> {
    let noted = RefCell::new(hidden);
    reference::resolve(place, text, &|reference: &Reference<'_>| {
        let found = find(reference)?;
        noted.borrow_mut().add(reference, &found);
        Ok(found)
    })
}

/// Resolves the references in all settings.
///
/// # Errors
/// Those of [`resolve`], with the key of the setting.
pub fn resolve_settings(configuration: &mut Configuration) -> Result<()> {
    configuration.resolve(|_| true, &find)
}

/// Resolves the references in the settings whose keys are `wanted`.
///
/// # Errors
/// Those of [`resolve`], with the key of the setting.
pub fn resolve_some(
    configuration: &mut Configuration,
    wanted: impl Fn(&str) -> bool,
) -> Result<()> {
    configuration.resolve(wanted, &find)
}

fn find(reference: &Reference<'_>) -> Result<String, String> {
    match reference {
        Reference::Variable(name) => match std::env::var(name) {
            Ok(value) => Ok(value),
            Err(std::env::VarError::NotPresent) => {
                Err("an environment variable that is not set".to_owned())
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                Err("an environment variable that is no text".to_owned())
            }
        },
        Reference::File(path) => read(path),
    }
}

fn read(path: &str) -> Result<String, String> {
    let unreadable = |cause: io::Error| format!("a file that can't be read ({cause})");
    let file = regular::open(path).map_err(unreadable)?;
    let file = file
        .ok_or_else(|| "which is no regular file but a directory, a pipe or a device".to_owned())?;
    let mut bytes = Vec::new();
    let length = file.take(LONGEST + 1).read_to_end(&mut bytes);
    if length.map_err(unreadable)? as u64 > LONGEST {
        return Err(format!("a file of more than {LONGEST} bytes"));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| "a file that is no text".to_owned())?;
    // What an editor or `echo` has put behind it.
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::process::Command;

    use super::*;

    fn of_file(path: &Path) -> Result<String> {
        resolve("rest.auth.token", &format!("${{file:{}}}", path.display()))
    }

    #[test]
    fn a_link_stands_for_its_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        // As Kubernetes lays secrets out.
        fs::create_dir(path.join("..2026")).expect("made");
        fs::write(path.join("..2026/token"), "secret\n").expect("written");
        symlink("..2026", path.join("..data")).expect("linked");
        symlink("..data/token", path.join("token")).expect("linked");
        let found = of_file(&path.join("token")).expect("it is there");
        assert_eq!(found, "secret");
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let pipe = directory.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo").success());
        let link = directory.path().join("link");
        symlink(&pipe, &link).expect("linked");
        let (pipe, link) = (pipe.as_path(), link.as_path());
        for path in [pipe, link, directory.path(), Path::new("/dev/zero")] {
            let error = of_file(path).expect_err("no file");
            assert_eq!(error.code(), "MS-1022");
            let why = format!("{}}}, which is no regular file", path.display());
            assert!(error.message().contains(&why), "{error}");
        }
    }

    #[test]
    fn files_are_read_up_to_a_length() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("secret");
        let length = usize::try_from(LONGEST).expect("it is small");
        fs::write(&path, vec![b'a'; length]).expect("written");
        assert_eq!(of_file(&path).expect("short enough").len(), length);
        fs::write(&path, vec![b'a'; length + 1]).expect("written");
        let error = of_file(&path).expect_err("too long");
        let why = "a file of more than 1048576 bytes";
        assert!(error.message().ends_with(why), "{error}");
    }

    #[test]
    fn files_are_read_without_the_line_break_at_their_end() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("secret");
        for (content, expected) in [
            ("", ""),
            ("a b", "a b"),
            ("ab\n", "ab"),
            ("ab\r\n", "ab"),
            ("ab\n\n", "ab\n"),
        ] {
            std::fs::write(&path, content).expect("written");
            let text = format!("x${{file:{}}}y", path.display());
            let found = resolve("rest.auth.token", &text).expect("it is there");
            assert_eq!(found, format!("x{expected}y"));
        }
        std::fs::write(&path, [0xff]).expect("written");
        let text = format!("${{file:{}}}", path.display());
        let error = resolve("rest.auth.token", &text).expect_err("no text");
        assert_eq!(error.code(), "MS-1022");
    }

    #[test]
    fn what_is_not_there_is_named_with_the_place_that_wants_it() {
        let mut settings = Configuration::new();
        settings.set("rest.auth.token", "${env:MILLSTREAM_TEST_NOT_SET}");
        let error = resolve_settings(&mut settings).expect_err("it is not set");
        assert_eq!(
            error.message(),
            "rest.auth.token is given by ${env:MILLSTREAM_TEST_NOT_SET}, an environment variable that is not set"
        );
        resolve_some(&mut settings, |key| key == "rest.port").expect("nothing to resolve");
    }
}
