//! What the command says of itself, in Flink's form.

use super::{ACTIONS, Action};
use crate::session::PLANNED_TARGETS;

/// The answer to `--version`.
pub(super) fn version() -> String {
    format!(
        "Version: {}, Commit ID: {}\n",
        env!("CARGO_PKG_VERSION"),
        env!("MILLSTREAM_COMMIT")
    )
}

/// The answer to an action that there is not.
pub(super) fn not_an_action(given: &str) -> String {
    format!(
        "\"{given}\" is not a valid action.\n\nValid actions are {}.\n\n\
        Specify the version option (-v or --version) to print Millstream version.\n\n\
        Specify the help option (-h or --help) to get help on the command.\n",
        actions(),
    )
}

/// The names of all actions.
pub(super) fn actions() -> String {
    let mut names: Vec<String> = ACTIONS
        .iter()
        .map(|action| format!("\"{}\"", action.name))
        .collect();
    let last = names.pop().unwrap_or_default();
    format!("{}, or {last}", names.join(", "))
}

/// The answer to `--help`.
pub(super) fn text() -> String {
    let mut text = "\
millstream <ACTION> [OPTIONS] [ARGUMENTS]

The following actions are available:

"
    .to_owned();
    for Action {
        name,
        meaning,
        syntax,
        ..
    } in ACTIONS
    {
        text.push_str(&format!(
            "Action \"{name}\" {meaning}.\n\n  Syntax: {syntax}\n\n"
        ));
    }
    text.push_str(&format!(
        "\
\"millstream <ACTION> --help\" shows the options of an action, \"millstream run ingest --help\" the parameters of the ingestion job.

The targets {} of \"--target\" are not there yet.

Options before the action:

     -h,--help       Show this help.
     -v,--version    Print version and commit.
     --verbose       Show the cause of an error, and what its code means.
     --json          Print one JSON value on standard output.
",
        PLANNED_TARGETS.join(", ")
    ));
    text
}
