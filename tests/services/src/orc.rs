//! What other programs read in files of ORC: ORC's own reader in Java, and that in C++, which pyarrow has.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::java::said;
use crate::maven::{Libraries, java};
use crate::{Doing, Result, wheel};

/// ORC's command line, with all that it needs in one file.
const TOOLS: &str = "org.apache.orc:orc-tools:1.9.5:uber";
const TOOLS_VERSION: &str = "1.9.5";
/// The class of that command line.
const DRIVER: &str = "org.apache.orc.tools.Driver";

/// Begins to read at groups of rows.
const SEEK: &str = include_str!("../SeekOrc.java");

/// Python's binding of Arrow, with ORC's reader in C++.
const PYARROW: &str = "pyarrow";
const PYARROW_VERSION: &str = "26.0.1";
/// Prints the rows of a file as the command line in Java does.
const READ: &str = include_str!("../read_orc.py");

/// The rows of a file as ORC's reader in Java has them in a time zone, an object of JSON each: decimals and times as texts, bytes
/// as lists of numbers, maps as lists of `_key` and `_value`.
///
/// # Errors
/// The file can't be read, or the program can't be got.
pub fn rows_in_java(file: &Path, zone: &str) -> Result<Vec<String>> {
    let said = tools("data", file, zone)?;
    let rows = said.lines().filter(|line| line.starts_with('{'));
    Ok(rows.map(str::to_owned).collect())
}

/// What ORC's command line in Java tells of a file: its type, its stripes and their statistics.
///
/// # Errors
/// The file can't be read, or the program can't be got.
pub fn told_by_java(file: &Path) -> Result<String> {
    tools("meta", file, "UTC")
}

fn tools(verb: &str, file: &Path, zone: &str) -> Result<String> {
    let libraries = Libraries::listed("orc-tools", TOOLS, TOOLS_VERSION)?;
    let mut command = Command::new(java());
    command
        .arg(format!("-Duser.timezone={zone}"))
        .args(["-cp", &libraries.class_path(), DRIVER, verb])
        .arg(file);
    said(&mut command)
}

/// What ORC's reader in Java finds by the index of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// Rows that it began to read with, by their numbers, as [`rows_in_java`] has them.
    pub rows: Vec<(u64, String)>,
    /// How many rows it had to look at for those with a value.
    pub looked_at: u64,
}

/// Has ORC's reader in Java begin with each row whose number is a multiple of `each`, the last one first, and look for the rows of
/// which the number in a column is `value`.
///
/// # Errors
/// The file can't be read so, or the program can't be got.
pub fn sought_in_java(file: &Path, each: u64, column: &str, value: i64) -> Result<Sought> {
    let libraries = Libraries::listed("orc-tools", TOOLS, TOOLS_VERSION)?;
    let work = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
    let source = work.path().join("SeekOrc.java");
    fs::write(&source, SEEK).doing(|| format!("write {}", source.display()))?;
    let mut command = Command::new(java());
    command
        .args(["-Duser.timezone=UTC", "-Dstdout.encoding=UTF-8"])
        .args(["-cp", &libraries.class_path()])
        .args([&source, file])
        .args([&each.to_string(), column, &value.to_string()]);
    let said = said(&mut command)?;
    let mut sought = Sought {
        rows: Vec::new(),
        looked_at: 0,
    };
    for line in said.lines() {
        match line.split_once(' ') {
            Some(("looked", rest)) => {
                let count = rest.trim_start_matches("at ").parse();
                sought.looked_at = count.doing(|| format!("read `{line}`"))?;
            }
            // What Hadoop's libraries say besides has no number before it.
            Some((number, row)) => {
                let number = number.parse().ok();
                sought
                    .rows
                    .extend(number.map(|number| (number, row.to_owned())));
            }
            None => {}
        }
    }
    Ok(sought)
}

/// The rows of a file as pyarrow has them, written as [`rows_in_java`] are.
///
/// # Errors
/// The file can't be read, or the program can't be got.
pub fn rows_in_python(file: &Path) -> Result<Vec<String>> {
    let libraries = wheel::resolve(PYARROW, PYARROW_VERSION)?;
    let work = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
    let script = work.path().join("read_orc.py");
    fs::write(&script, READ).doing(|| format!("write {}", script.display()))?;
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", libraries).arg(script).arg(file);
    Ok(said(&mut command)?.lines().map(str::to_owned).collect())
}
