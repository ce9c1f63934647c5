//! `docs/guide/options.md` is written from the definitions of the options. `UPDATE_DOCS=1` in the environment rewrites it.

use std::fs;

use millstream_core::options::{self, OptionSummary};
use millstream_house::files::root;

const PAGE: &str = "docs/guide/options.md";

/// Sections of the page, and how the names of their options begin. The first that fits takes an option.
const SECTIONS: &[(&str, &[&str])] = &[
    (
        "The job",
        &["pipeline.", "parallelism.", "execution.target"],
    ),
    ("Checkpoints and savepoints", &["execution.checkpointing."]),
    ("Going on from a snapshot", &["execution.state-recovery."]),
    ("Restarts", &["restart-strategy."]),
    (
        "The server and its clients",
        &["rest.", "security.", "web.", "jobstore.", "client."],
    ),
    ("Object stores", &["s3."]),
    ("HDFS", &["hadoop."]),
    ("Everything else", &[""]),
];

const HEAD: &str = "\
# Options

Options of a job are set with `-D key=value` on the command line of `millstream run` or of a job package, or in the program with
`Environment::set`. The command line wins over the program. Names and meanings are those of Flink's `config.yaml` where
there is one. `millstream run` refuses an option that is not on this page. Options of the server stand in its `config.yaml` or
are set with `-D` on the command line of `millstream server`; those of jobs that stand there too hold for every job. An option that has
a second key (*also*) has one value all the same: what is set last counts, and the command line before the file, under whichever key.
What is marked *live* can be changed while a job of a server runs: `millstream set JOB key=value`, or `PATCH /jobs/:jobid/settings`.

This page is written from the definitions in `crates/core/src/options/`:
`UPDATE_DOCS=1 cargo test --release -p millstream-house --test the_guide_names_every_option`.
";

fn page() -> String {
    let mut page = String::from(HEAD);
    for (section, (title, _)) in SECTIONS.iter().enumerate() {
        let options: Vec<&OptionSummary> = all()
            .filter(|option| section_of(option) == Some(section))
            .collect();
        if options.is_empty() {
            continue;
        }
        page.push_str(&format!(
            "\n## {title}\n\n| option | type | default | meaning | since |\n|---|---|---|---|---|\n"
        ));
        page.extend(options.into_iter().map(row));
    }
    page
}

fn all() -> impl Iterator<Item = &'static OptionSummary> {
    options::ALL.iter().chain(options::SERVER)
}

fn section_of(option: &OptionSummary) -> Option<usize> {
    SECTIONS
        .iter()
        .position(|(_, starts)| starts.iter().any(|start| option.name.starts_with(start)))
}

fn row(option: &OptionSummary) -> String {
    let also = option
        .aliases
        .iter()
        .map(|alias| format!("<br>also `{alias}`"))
        .collect::<String>();
    let default = option
        .default
        .map_or_else(|| "not set".to_owned(), |default| format!("`{default}`"));
    let OptionSummary {
        name,
        type_name,
        meaning,
        since,
        ..
    } = option;
    let live = if option.is_live { "<br>*live*" } else { "" };
    let cells = [
        &format!("`{name}`{also}{live}"),
        *type_name,
        &default,
        *meaning,
        *since,
    ];
    format!(
        "| {} |\n",
        cells.map(|cell| cell.replace('|', "\\|")).join(" | ")
    )
}

#[test]
fn the_page_is_what_the_definitions_say() {
    let path = root().join(PAGE);
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

#[test]
fn every_option_stands_on_the_page_once() {
    let page = page();
    for option in all() {
        let start = format!("| `{}`", option.name);
        let rows = page.lines().filter(|line| line.starts_with(&start));
        assert_eq!(rows.count(), 1, "{}", option.name);
    }
}
