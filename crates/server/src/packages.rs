//! Job packages: the built-in one, and executables that were uploaded.

mod ask;
mod directory;
mod found;
mod left_behind;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use millstream_core::{Error, Result, codes};

use crate::background::{blocking, unbroken};
use crate::package_names::check_name;
use crate::registry::Registry;
use crate::store::{delete_package, save_package};
use crate::views::{PackageEntry, PackageView};
use crate::{clock, files};
pub(crate) use ask::run as run_program;
pub(crate) use directory::{check_named, tidy_uploads};
pub(crate) use found::take_up_found;

/// The id of the package that is built into the server.
pub(crate) const BUILT_IN: &str = "ingest";
/// The entry classes of the built-in package.
const BUILT_IN_ENTRIES: &[&str] = &["com._4paradigm.csp.operator.Main", BUILT_IN];

/// Refuses an entry class that a package does not have: the built-in one, or one that has described itself when it was uploaded.
///
/// # Errors
/// [`codes::ENTRY_UNKNOWN`]: there is none of that name.
pub(crate) fn check_entry(package: &PackageView, entry: Option<&str>) -> Result<()> {
    let is_built_in = package.path.is_none();
    let described = package.entries.iter().map(|entry| entry.name.as_str());
    let names: Vec<&str> = match is_built_in {
        true => BUILT_IN_ENTRIES.to_vec(),
        false => described.collect(),
    };
    // An uploaded program takes the last part of a name for the whole, too. One that describes no jobs is asked itself.
    let is_last_part = |name: &str, entry: &str| name.rsplit('.').next() == Some(entry);
    let has =
        |name: &str, entry: &str| name == entry || (!is_built_in && is_last_part(name, entry));
    let is_unknown = |entry: &&str| !names.is_empty() && !names.iter().any(|name| has(name, entry));
    let Some(entry) = entry.filter(is_unknown) else {
        return Ok(());
    };
    let message = format!(
        "the package {} has no entry class {}",
        package.name,
        entry.escape_debug()
    );
    let all = names.join(" and ");
    let next = match names.as_slice() {
        [only] => format!("leave it away, or give {only}"),
        // Both mean the same job.
        _ if is_built_in => format!("leave it away, or give one of {all}"),
        _ => format!("give one of {all}"),
    };
    Err(Error::new(&codes::ENTRY_UNKNOWN, message).next(next))
}

/// The built-in package, before it has been asked about its parameters.
pub(crate) fn built_in(now: u64) -> PackageView {
    let entry = |name: &&str| PackageEntry {
        name: (*name).to_owned(),
        description: "The ingestion job.".to_owned(),
        parameters: Vec::new(),
    };
    PackageView {
        id: BUILT_IN.to_owned(),
        name: BUILT_IN.to_owned(),
        uploaded: now,
        entries: BUILT_IN_ENTRIES.iter().map(entry).collect(),
        path: None,
    }
}

/// Asks the built-in package about its parameters. Without an answer it stays listed without them.
pub(crate) async fn describe_built_in(registry: Registry) {
    match describe(None).await {
        Ok(entries) => registry.shared.with_packages(|packages| {
            if let Some(package) = packages.get_mut(BUILT_IN) {
                package.entries = entries;
            }
        }),
        Err(error) => tracing::warn!("The built-in package does not describe itself: {error}"),
    }
}

impl Registry {
    /// Every package; the built-in one is among them.
    pub fn packages(&self) -> Vec<PackageView> {
        self.shared
            .with_packages(|packages| packages.values().cloned().collect())
    }

    /// A package.
    ///
    /// # Errors
    /// [`codes::ENTRY_UNKNOWN`]: there is none of that id.
    pub fn package(&self, id: &str) -> Result<PackageView> {
        let package = self
            .shared
            .with_packages(|packages| packages.get(id).cloned());
        package.ok_or_else(|| {
            Error::new(&codes::ENTRY_UNKNOWN, format!("there is no package {id}"))
                .next("list the packages with GET /jars; upload one, or run `ingest`")
        })
    }

    /// Makes a package of an executable that was uploaded as `name` and lies in `file`, which is moved or deleted.
    ///
    /// # Errors
    /// The name is no file name, or the file is not a job package.
    pub async fn upload(&self, name: &str, file: PathBuf) -> Result<PackageView> {
        let taken = self.take(name, &file).await;
        if taken.is_err() {
            // Moved away already, if it was not the file that was wrong.
            drop(fs::remove_file(&file));
        }
        taken
    }

    async fn take(&self, name: &str, file: &Path) -> Result<PackageView> {
        check_name(name)?;
        let executable = fs::Permissions::from_mode(0o700);
        fs::set_permissions(file, executable)
            .map_err(|cause| files::unusable(file, "made executable", cause))?;
        let entries = describe(Some(file)).await?;
        let id = format!("{}_{name}", uuid(clock::random_id()));
        let path = self.upload_directory()?.join(&id);
        let (from, to) = (file.to_path_buf(), path.clone());
        blocking(move || move_file(&from, &to)).await?;
        let package = PackageView {
            id: id.clone(),
            name: name.to_owned(),
            uploaded: clock::now(),
            entries,
            path: Some(path),
        };
        let row = package.clone();
        self.shared
            .store
            .durable(move |transaction| save_package(transaction, &row))
            .await?;
        self.shared
            .with_packages(|packages| packages.insert(id, package.clone()));
        Ok(package)
    }

    /// Deletes a package. Jobs that were started from it keep their executable.
    ///
    /// # Errors
    /// There is none of that id, or it is the built-in one.
    pub async fn delete_package(&self, id: &str) -> Result<()> {
        let Some(path) = self.package(id)?.path else {
            return Err(Error::new(
                &codes::OPTION_CONFLICT,
                format!("the package {id} is built in and can't be deleted"),
            )
            .next("delete packages that were uploaded"));
        };
        let (shared, id) = (Arc::clone(&self.shared), id.to_owned());
        unbroken(async move {
            let key = id.clone();
            shared
                .store
                .durable(move |transaction| delete_package(transaction, &key))
                .await?;
            shared.with_packages(|packages| packages.remove(&id));
            blocking(move || Ok(files::remove(&path)?)).await
        })
        .await
    }
}

fn move_file(from: &Path, to: &Path) -> Result<()> {
    let moved = fs::rename(from, to).or_else(|_| {
        // Another file system.
        files::copy(from, to)?;
        fs::remove_file(from)
    });
    let synced = moved.and_then(|()| to.parent().map_or(Ok(()), files::sync));
    synced.map_err(|cause| files::unusable(to, "written", cause))
}

/// The bytes of an id as a version 4 UUID.
fn uuid(mut bytes: [u8; 16]) -> String {
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    [
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32),
    ]
    .join("-")
}

/// The entry points that a program describes; `None`: the built-in package.
async fn describe(program: Option<&Path>) -> Result<Vec<PackageEntry>> {
    let answer = ask::ask(program, &["--millstream-describe"]).await?;
    if !answer.succeeded {
        return Err(not_a_package(&answer.error));
    }
    serde_json::from_slice(&answer.output).map_err(not_a_package)
}

pub(crate) fn not_a_package(cause: impl std::fmt::Display) -> Error {
    Error::new(
        &codes::PACKAGE_INVALID,
        "the file is not a job package for this machine: it does not describe its jobs",
    )
    .cause(cause)
    .next("upload the executable of a program that links the `millstream` crate")
}

/// The plan of the submission in `file`.
pub(crate) async fn plan(program: Option<&Path>, file: &Path) -> Result<serde_json::Value> {
    let file = file.to_string_lossy();
    let answer = ask::ask(program, &["--millstream-plan-of", &file]).await?;
    if !answer.succeeded {
        return Err(of_program(&answer.error));
    }
    serde_json::from_slice(&answer.output).map_err(not_a_package)
}

/// The error that a program has printed, as `CODE: message` behind what it warns of.
fn of_program(printed: &str) -> Error {
    let lines = printed.trim().lines();
    let lines: Vec<&str> = lines
        .skip_while(|line| line.starts_with("WARNING: "))
        .collect();
    let text = lines.join("\n");
    let known = text.split_once(": ").and_then(|(id, message)| {
        let code = codes::ALL.iter().find(|code| code.id == id)?;
        Some(Error::new(code, message))
    });
    known.unwrap_or_else(|| {
        let last = lines.last().copied().unwrap_or("it printed nothing");
        Error::new(
            &codes::PROGRAM_FAILED,
            format!("the program could not plan its job: {last}"),
        )
        .next("mend the program, or its arguments")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_packages_are_version_4_uuids() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn an_entry_class_is_one_that_the_package_has_described() {
        let mut package = PackageView {
            id: "184c_words".to_owned(),
            name: "words".to_owned(),
            path: Some(PathBuf::from("/packages/184c_words")),
            entries: Vec::new(),
            ..built_in(1)
        };
        check_entry(&package, Some("Any")).expect("its program knows");
        let entry = |name: &str| PackageEntry {
            name: name.to_owned(),
            description: String::new(),
            parameters: Vec::new(),
        };
        package.entries = vec![entry("com.example.WordCount")];
        for entry in [None, Some("com.example.WordCount"), Some("WordCount")] {
            check_entry(&package, entry).expect("it has that");
        }
        let error = check_entry(&package, Some("example.WordCount")).expect_err("it has not");
        assert_eq!(
            error.to_string(),
            "MS-1007: the package words has no entry class example.WordCount; leave it away, or give com.example.WordCount"
        );
        package.entries.push(entry("com.example.Other"));
        let error = check_entry(&package, Some("Nope")).expect_err("it has not");
        assert_eq!(
            error.next_step(),
            "give one of com.example.WordCount and com.example.Other"
        );
        // The built-in one takes no part of a name.
        check_entry(&built_in(1), Some("Main")).expect_err("it has not");
    }

    #[test]
    fn the_error_of_a_program_keeps_its_code() {
        let error = of_program("MS-8001: nothing to read; give --csv.source.path\n");
        assert_eq!(error.code(), "MS-8001");
        assert_eq!(error.message(), "nothing to read; give --csv.source.path");
        let error = of_program("WARNING: a wins over --b\nMS-8001: 2 problems:\n  one\n  two\n");
        assert_eq!(error.code(), "MS-8001");
        assert_eq!(error.message(), "2 problems:\n  one\n  two");
        let error = of_program("thread 'main' panicked\nboom");
        assert_eq!(error.code(), codes::PROGRAM_FAILED.id);
        assert!(error.message().contains("boom"), "{error}");
    }
}
