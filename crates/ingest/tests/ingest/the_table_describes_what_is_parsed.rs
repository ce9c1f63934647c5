//! Help and guide are made from the definitions that parse, and the definitions hold together.

use std::path::Path;

use millstream_ingest::parameters::{DefaultValue, all, help, markdown_tables};

const BEGIN: &str =
    "<!-- parameters: begin; written by `UPDATE_DOCS=1 cargo test -p millstream-ingest` -->\n";
const END: &str = "<!-- parameters: end -->";

#[test]
fn every_default_and_example_is_a_value_of_its_parameter() {
    for parameter in all() {
        if let DefaultValue::Text(text) = parameter.default {
            assert_eq!(
                parameter.check(text),
                Ok(()),
                "default of {}",
                parameter.name
            );
        }
        if !parameter.example.is_empty() {
            assert_eq!(
                parameter.check(parameter.example),
                Ok(()),
                "example of {}",
                parameter.name
            );
        }
        assert!(
            !parameter.meaning.is_empty() && !parameter.since.is_empty(),
            "{}",
            parameter.name
        );
    }
}

#[test]
fn help_shows_every_parameter() {
    let help = help();
    for parameter in all() {
        assert!(
            help.contains(&format!("\n  --{} <", parameter.name)),
            "{}",
            parameter.name
        );
    }
    let longest = help.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(120), "{longest:?}");
}

#[test]
fn the_guide_holds_the_tables_of_the_definitions() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/ingest-parameters.md");
    let guide = std::fs::read_to_string(&path).expect("the guide is there");
    let (before, rest) = guide
        .split_once(BEGIN)
        .expect("the guide marks where the tables begin");
    let (tables, after) = rest
        .split_once(END)
        .expect("the guide marks where the tables end");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let guide = format!("{before}{BEGIN}{}{END}{after}", markdown_tables());
        std::fs::write(&path, guide).expect("the guide can be written");
    } else {
        assert!(
            tables == markdown_tables(),
            "run UPDATE_DOCS=1 cargo test -p millstream-ingest"
        );
    }
}
