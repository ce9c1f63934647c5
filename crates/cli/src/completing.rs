//! What may stand at the end of a command line that is being written. The scripts of `millstream completion` ask for it, as
//! `millstream __complete SHELL …`; an empty answer leaves the word to the shell, which completes paths.

mod line;
mod options;
mod parameters;
mod values;

use std::process::ExitCode;

use clap::Command;

use crate::report;
use line::Line;

/// The first argument of a line that is to be completed.
pub(crate) const ACTION: &str = "__complete";

/// A word that may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The word.
    pub(crate) value: String,
    /// What it means; may be empty.
    pub(crate) meaning: String,
}

impl Candidate {
    fn new(value: impl Into<String>, meaning: &str) -> Self {
        // A line of a menu has no room for more than a sentence.
        let line = meaning.lines().next().unwrap_or_default();
        let sentence = line.split(". ").next().unwrap_or_default();
        Self {
            value: value.into(),
            meaning: sentence
                .trim_end_matches('.')
                .replace(char::is_control, " "),
        }
    }
}

/// Prints what may stand at the end of the line that `arguments` tell: the shell, and what it knows of the line.
///
/// `tree` has the actions as sub-commands; `has_program` says which of them have a program behind their options.
pub(crate) fn answer(
    arguments: &[String],
    tree: &Command,
    has_program: fn(&str) -> bool,
) -> ExitCode {
    let Some(line) = Line::of(arguments) else {
        return ExitCode::FAILURE;
    };
    let mut text = String::new();
    for candidate in candidates(&line, tree, has_program) {
        text.push_str(&line.shown(&candidate));
        text.push('\n');
    }
    report::output(&text)
}

fn candidates(line: &Line, tree: &Command, has_program: fn(&str) -> bool) -> Vec<Candidate> {
    let own = line.before.iter().take_while(|word| word.starts_with('-'));
    let mut found = match line.before.get(own.count()..).and_then(<[_]>::split_first) {
        None if line.current.starts_with('-') => options::names(tree, &line.current),
        None => actions(tree),
        Some((action, rest)) => match tree.find_subcommand(action) {
            Some(command) => options::behind(command, has_program(action), rest, &line.current),
            None => Vec::new(),
        },
    };
    // An answer is lines, and no shell takes other control characters on its line as they are.
    found.retain(|Candidate { value, .. }| {
        value.starts_with(&line.current) && !value.contains(char::is_control)
    });
    found
}

fn actions(tree: &Command) -> Vec<Candidate> {
    let all = tree.get_subcommands().map(|action| {
        let about = action.get_about().map(ToString::to_string);
        Candidate::new(action.get_name(), &about.unwrap_or_default())
    });
    all.collect()
}
