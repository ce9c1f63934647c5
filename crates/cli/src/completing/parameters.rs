//! The parameters of the ingestion job.

use millstream_ingest::parameters::{self, ParameterSummary};

use super::Candidate;
use super::values::of_type;

/// How the names of all parameters of the source begin.
const SOURCE: &str = "source.";

/// What may stand behind `run ingest` and `before`.
pub(super) fn behind(before: &[String], current: &str) -> Vec<Candidate> {
    values(before, current).unwrap_or_else(|| {
        let mut found = names("");
        found.push(Candidate::new("--config", "File of parameters"));
        found.push(Candidate::new("--help", "Print the table of parameters"));
        found
    })
}

/// What may stand behind the input that `infer` looks at and `before`: parameters of the source.
pub(super) fn behind_input(before: &[String], current: &str) -> Vec<Candidate> {
    values(before, current).unwrap_or_else(|| names(SOURCE))
}

/// The values of the parameter that waits for one. `None`: a name may stand there.
fn values(before: &[String], current: &str) -> Option<Vec<Candidate>> {
    if let Some(parameter) = waiting(before) {
        return Some(of_type(parameter.type_name));
    }
    let (name, _) = current.split_once('=')?;
    let mut found = match named(name) {
        Some(parameter) => of_type(parameter.type_name),
        None => Vec::new(),
    };
    for candidate in &mut found {
        candidate.value.insert_str(0, &format!("{name}="));
    }
    Some(found)
}

/// The parameters whose names begin so.
fn names(beginning: &str) -> Vec<Candidate> {
    parameters::all()
        .filter(|parameter| parameter.name.starts_with(beginning))
        .map(|parameter| {
            let name = parameter.name.trim_end_matches('*');
            Candidate::new(format!("--{name}"), parameter.meaning)
        })
        .collect()
}

/// The parameter whose value comes next: the last word names it, and is no value itself.
fn waiting(before: &[String]) -> Option<&'static ParameterSummary> {
    let mut waiting = None;
    for word in before {
        waiting = match waiting {
            None => named(word),
            Some(_) => None,
        };
    }
    waiting
}

fn named(word: &str) -> Option<&'static ParameterSummary> {
    parameters::find(word.strip_prefix("--")?)
}
