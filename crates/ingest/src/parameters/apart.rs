//! Directories into which a job puts files, and that must be kept apart from its output and from what it reads.

use std::path::{Path, PathBuf};

use millstream_core::Error;

use super::choices::{AfterCommit, BadFile, SinkType, SourceType};
use super::definition::Parameter;
use super::given::Given;
use super::paths::{is_met, is_same, place_of};
use super::{contradiction, dead_letters, table};

/// A directory into which the job puts files.
struct Target {
    /// The parameter that names it.
    name: &'static str,
    /// Where that leads.
    place: PathBuf,
    /// What is put there.
    what: &'static str,
}

/// What is wrong with where such directories lie. That nothing is written below what is read is seen to elsewhere.
pub(super) fn of(given: &Given) -> Vec<Error> {
    let moved = moved(given);
    let mut problems = Vec::new();
    if let Some(source) = place_of(given, &table::SOURCE_PATH) {
        let among = moved.iter().filter_map(|to| among_the_input(to, &source));
        problems.extend(among);
    }
    if let Some(output) = output(given) {
        let others = dead_letters_of(given).into_iter().chain(moved);
        problems.extend(others.filter_map(|other| among_the_output(&other, &output)));
    }
    problems
}

/// Where output is written to, where that is files.
fn output(given: &Given) -> Option<Target> {
    let is_used = given.get(&table::SINK_TYPE) == Some(SinkType::File);
    target(given, is_used, &table::SINK_PATH, "output")
}

/// Where dead letters are.
fn dead_letters_of(given: &Given) -> Option<Target> {
    let are_files = dead_letters::are_files(given);
    target(given, are_files, &table::DEAD_LETTER_PATH, "dead letters")
}

/// Where files of the source are moved to.
fn moved(given: &Given) -> Vec<Target> {
    let source = given.get(&table::SOURCE_TYPE);
    let are_files = source.is_some_and(|source| SourceType::FILES.contains(&source));
    let is_bad = given.get(&table::FILE_BAD) == Some(BadFile::Quarantine);
    let is_done = given.get(&table::AFTER_COMMIT) == Some(AfterCommit::Move);
    let bad = target(
        given,
        are_files && is_bad,
        &table::FILE_BAD_PATH,
        "files that can't be read",
    );
    let done = target(
        given,
        are_files && is_done,
        &table::AFTER_COMMIT_PATH,
        "files that are done with",
    );
    bad.into_iter().chain(done).collect()
}

/// The directory that the parameter names, where files are put there at all.
fn target(
    given: &Given,
    is_used: bool,
    parameter: &Parameter<String>,
    what: &'static str,
) -> Option<Target> {
    let place = place_of(given, parameter).filter(|_| is_used)?;
    Some(Target {
        name: parameter.name(),
        place,
        what,
    })
}

/// What is moved out of the way must not be met again where it is read.
fn among_the_input(to: &Target, source: &Path) -> Option<Error> {
    let name = to.name;
    // One file may be named, which lies in its directory.
    let of_file = source.parent().filter(|_| source.is_file());
    if of_file.is_some_and(|directory| is_same(&to.place, directory)) {
        let message = format!(
            "{name} is the directory of source.path, which is a file, so it would stay there"
        );
        return Some(contradiction(message, "give a directory of its own"));
    }
    is_met(&to.place, source).then(|| {
        let message = format!(
            "{name} lies in source.path, so the job would meet again what it has moved there"
        );
        let next = "give a directory outside of source.path, or one in it whose name begins with `_` or `.`";
        contradiction(message, next)
    })
}

/// Whoever reads the output must not read for it what is put into `other`.
fn among_the_output(other: &Target, output: &Target) -> Option<Error> {
    is_same(&other.place, &output.place).then(|| {
        let message = format!(
            "{} is the directory of {}, so {} would lie among the output",
            other.name, output.name, other.what
        );
        contradiction(message, "give a directory of its own")
    })
}
