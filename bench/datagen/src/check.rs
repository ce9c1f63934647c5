//! Compares output with the truth as multisets of lines: what is missing, what is there too often.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::people::{expected_line, read_record};

/// How many lines of each kind of difference are shown.
const SHOWN: usize = 3;

/// Whether `outputs` hold exactly what the query makes of the files in `input`, each record once. Prints the
/// differences.
///
/// # Errors
/// A file can't be read.
pub fn check(input: &Path, outputs: &[PathBuf]) -> Result<bool> {
    let mut balance: HashMap<u128, i64> = HashMap::new();
    let mut expected = 0_u64;
    for path in files(input)? {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut rest = text.split_once('\n').map_or("", |(_, rest)| rest);
        while let Some((fields, after)) = read_record(rest) {
            rest = after;
            if let Some(line) = expected_line(&fields)? {
                *balance.entry(digest(line.as_bytes())).or_default() += 1;
                expected += 1;
            }
        }
    }
    let mut found = 0_u64;
    let mut surplus = Vec::new();
    for path in all_files(outputs)? {
        let text = fs::read(&path).with_context(|| path.display().to_string())?;
        for line in text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            found += 1;
            let left = balance.entry(digest(line)).or_default();
            *left -= 1;
            if *left < 0 && surplus.len() < SHOWN {
                surplus.push(format!(
                    "{}: {}",
                    path.display(),
                    String::from_utf8_lossy(line)
                ));
            }
        }
    }
    let missing: i64 = balance.values().filter(|left| **left > 0).sum();
    let doubled: i64 = -balance.values().filter(|left| **left < 0).sum::<i64>();
    println!("expected {expected} records, found {found}: {missing} missing, {doubled} too many");
    for line in &surplus {
        println!("  too often or foreign: {line}");
    }
    Ok(missing == 0 && doubled == 0 && expected == found)
}

fn all_files(directories: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for directory in directories {
        all.extend(files(directory)?);
    }
    Ok(all)
}

/// The visible files of a directory.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let entry = entry?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type()?.is_file() && !is_hidden {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// 128 bits of FNV-1a: no two of some million lines share it but by design.
fn digest(bytes: &[u8]) -> u128 {
    let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    for byte in bytes {
        hash = (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B);
    }
    hash
}
