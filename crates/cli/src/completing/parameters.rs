//! The parameters of the ingestion job.

use millstream_ingest::parameters::{self, ParameterSummary};

use super::Candidate;
use super::values::of_type;

/// What may stand behind `run ingest` and `before`.
pub(super) fn behind(before: &[String], current: &str) -> Vec<Candidate> {
    if let Some(parameter) = waiting(before) {
        return of_type(parameter.type_name);
    }
    if let Some((name, _)) = current.split_once('=') {
        let mut found = match named(name) {
            Some(parameter) => of_type(parameter.type_name),
            None => Vec::new(),
        };
        for candidate in &mut found {
            candidate.value.insert_str(0, &format!("{name}="));
        }
        return found;
    }
    let mut found: Vec<Candidate> = parameters::all()
        .map(|parameter| {
            let name = parameter.name.trim_end_matches('*');
            Candidate::new(format!("--{name}"), parameter.meaning)
        })
        .collect();
    found.push(Candidate::new("--config", "File of parameters"));
    found.push(Candidate::new("--help", "Print the table of parameters"));
    found
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
