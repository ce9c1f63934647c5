//! `docs/guide/commands.md` is written from the definitions of the options. `UPDATE_DOCS=1` in the environment rewrites it.

use std::fs;
use std::path::Path;

use clap::{Arg, Command};

use super::super::{ACTIONS, Action};

const PAGE: &str = "docs/guide/commands.md";

const HEAD: &str = "\
# Commands

`millstream <action> [options] [arguments]`. Actions, options, messages and exit codes are those of Apache Flink's command line where it has them;
`ln -s millstream flink` gives the command Flink's name. Long options may begin with one dash, options may stand behind the arguments (not
behind the program of `run`, `run-application`, `info` and `doctor`, whose arguments are its own).

- **Standard output** has the answer only; errors, notes and progress go to standard error. `--json` prints one JSON value on standard
  output and nothing else there; an error is `{\"error\": {\"code\", \"message\", \"cause\", \"help\"}}`. What goes on prints one a line: `list --watch --json`
  the list at each look, `logs --follow --json` `{\"line\"}` for each line of the log.
- **An error** says how its page is shown: `millstream explain MS-1016`, also `explain 1016`. The pages are in the command; where the documents are installed with it, the end of a page says where it lies.
- **Exit code**: 0 where what was asked for is done; 1 with one line on standard error where it is not; 130 after Ctrl-C, but 0 of `list --watch`,
  `logs --follow` and `server`, which are ended by it, and 1 of
  `run --target local`, whose job was cancelled. `list --watch` and `logs --follow` also end when nobody reads their output any more.
- **An option without effect** where it is given is named on standard error, and its value is looked at all the same. Of an option that is given twice the
  last counts.
- **The server** is found by `-m`, else by `rest.address` and `rest.port` of the configuration, else at 127.0.0.1:8081. The token is `rest.auth.token`, or
  MILLSTREAM_TOKEN in the environment, which wins.
- **A job** is named by its id, by the first digits of it (at least 4, unique), or by its name (unique among running jobs, else among
  ended ones).
- **Paths** that are relative are taken from the directory of the command, also where a server uses them. A savepoint directory that is not given is
  that of `execution.checkpointing.savepoint-dir`.
- **Waiting** for a savepoint, checkpoint, stop or cancellation ends after `client.timeout`; the operation goes on, and `millstream operations` tells
  what became of it. A server that goes away meanwhile is waited for as long. Ctrl-C ends the wait too, except in `run`, where it cancels the job.

This page is written from the definitions in `crates/cli/src/`: `UPDATE_DOCS=1 cargo test --release --workspace --bin millstream guide`.

## Options of every action

";

fn page() -> String {
    let mut page = String::from(HEAD);
    let list = ACTIONS.iter().find(|action| action.name == "list");
    let of_list = list.map(|action| (action.command)()).unwrap_or_default();
    let shared: Vec<Arg> = of_list
        .get_arguments()
        .filter(|option| ACTIONS.iter().all(|action| has(action, option)))
        .cloned()
        .collect();
    page.push_str(&options(shared.iter()));
    for action in ACTIONS {
        let command = (action.command)();
        let Action { name, syntax, .. } = action;
        let about = command.get_about().map(ToString::to_string);
        page.push_str(&format!(
            "\n## {name}\n\n{}.\n\n```text\nmillstream {syntax}\n```\n",
            about.unwrap_or_default()
        ));
        let own = command
            .get_arguments()
            .filter(|option| !shared.iter().any(|known| known.get_id() == option.get_id()));
        let own = options(own);
        if !own.is_empty() {
            page.push_str(&format!("\n{own}"));
        }
        if let Some(after) = after_help(&command) {
            page.push_str(&format!("\n{after}\n"));
        }
    }
    page
}

fn has(action: &Action, option: &Arg) -> bool {
    let command = (action.command)();
    command
        .get_arguments()
        .any(|other| other.get_id() == option.get_id())
}

fn after_help(command: &Command) -> Option<String> {
    command.get_after_help().map(ToString::to_string)
}

/// A table of the options that are shown.
fn options<'a>(options: impl Iterator<Item = &'a Arg>) -> String {
    let rows: String = options
        .filter(|option| !option.is_hide_set())
        .map(row)
        .collect();
    if rows.is_empty() {
        return rows;
    }
    format!("| option | meaning |\n|---|---|\n{rows}")
}

fn row(option: &Arg) -> String {
    let mut names: Vec<String> = Vec::new();
    let shorts = option.get_short().into_iter();
    let shorts = shorts.chain(option.get_visible_short_aliases().unwrap_or_default());
    names.extend(shorts.map(|short| format!("`-{short}`")));
    let longs = option.get_long().into_iter();
    let longs = longs.chain(option.get_visible_aliases().unwrap_or_default());
    names.extend(longs.map(|long| format!("`--{long}`")));
    let values = option.get_value_names().unwrap_or_default();
    let value = values
        .first()
        .filter(|_| option.get_action().takes_values());
    let value = value.map(|value| format!(" `{value}`")).unwrap_or_default();
    let help = option
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let cell = format!("{}{value}", names.join(", "));
    format!(
        "| {} | {} |\n",
        cell.trim().replace('|', "\\|"),
        help.replace('|', "\\|")
    )
}

#[test]
fn the_guide_is_what_the_definitions_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(PAGE);
    let wanted = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &wanted).expect("the page can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{PAGE} is not what the options say; rewrite it as its first lines tell"
    );
}
