//! The files of the repository.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Directories that hold no source written by people, at any depth.
const NO_SOURCE: &[&str] = &[".git", "generated", "target"];

/// Endings of files that hold text written by people.
const TEXT: &[&str] = &[
    "css",
    "html",
    "js",
    "json",
    "lock",
    "md",
    "properties",
    "rs",
    "sh",
    "sql",
    "svg",
    "toml",
    "ts",
    "yaml",
    "yml",
];

/// A text file of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Where it lies, from the root of the repository, with `/` between the parts.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every text file below `directory` in the order of paths: those with a usual ending of text, and those without any
/// ending. Build output is left out.
///
/// # Errors
/// A directory or file can't be read, or a text file is not UTF-8.
pub fn text_files(directory: &Path) -> io::Result<Vec<TextFile>> {
    let mut files = Vec::new();
    collect(directory, "", &mut files)?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn collect(directory: &Path, prefix: &str, files: &mut Vec<TextFile>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() && !NO_SOURCE.contains(&name.as_str()) {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() && is_text(&name) {
            let text = fs::read_to_string(entry.path())
                .map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
            files.push(TextFile { path, text });
        }
    }
    Ok(())
}

fn is_text(name: &str) -> bool {
    match name.trim_start_matches('.').rsplit_once('.') {
        Some((_, ending)) => TEXT.contains(&ending),
        None => true,
    }
}
