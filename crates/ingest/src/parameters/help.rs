//! The table of parameters as help on a terminal and as the tables of the guide.

use super::definition::{DefaultValue, Group, ParameterSummary};
use super::table;

const WIDTH: usize = 100;

const INTRODUCTION: &str = "\
Usage: millstream run [OPTIONS] ingest --<parameter> <value> ...

Reads records, puts them through SQL, and writes them: the ingestion job.

  millstream run --target local ingest --job.name orders --source.type csv --source.path /data/orders \\
      --source.firstLine.schema true --sink.type file --sink.path /data/orders-json

--name value, --name=value, and whole lines of them in one argument ('--a b --c \"d e\"') all work. The
environment (MILLSTREAM_INGEST_ and the name in capitals with _ for each . and -) wins over arguments, these
over a file in the syntax of Java properties: --config FILE, else application.properties in the working
directory. An empty value counts as not given.

Durations: 500 ms, 10 s, 5 min, 2 h, 1 d. Sizes: 64 kb, 32 mb, 1 gb.
";

/// The help text: every parameter with its type, default and meaning.
pub fn help() -> String {
    let mut text = INTRODUCTION.to_owned();
    for group in Group::ALL {
        text.push_str(&format!("\n{}:\n", group.title()));
        for parameter in table::all().filter(|parameter| parameter.group == *group) {
            entry(&mut text, parameter);
        }
    }
    text
}

fn entry(text: &mut String, parameter: &ParameterSummary) {
    let name = parameter.name;
    let kind = kind(parameter).replace('`', "");
    let kind = kind.strip_prefix("one of ").unwrap_or(&kind);
    text.push_str(&format!("  --{name} <{kind}>\n"));
    wrap(text, &parameter.meaning.replace('`', ""));
    let mut facts = vec![default_words(parameter)];
    if let Some(condition) = parameter.scope.condition() {
        facts.push(format!("only with {condition}"));
    }
    if !parameter.example.is_empty() {
        facts.push(format!("example: {}", parameter.example));
    }
    facts.push(format!("since {}", parameter.since));
    wrap(text, &format!("({})", facts.join("; ").replace('`', "")));
}

/// The type, with the unit of a bare number.
fn kind(parameter: &ParameterSummary) -> String {
    let name = parameter.type_name;
    match parameter.unit {
        // The examples in the names of durations and sizes are told once, above the tables.
        Some(unit) => {
            format!(
                "{}; bare: {unit}",
                name.split_once(" such as").map_or(name, |(name, _)| name)
            )
        }
        None => name.to_owned(),
    }
}

fn default_words(parameter: &ParameterSummary) -> String {
    match parameter.default {
        DefaultValue::None => "no default".to_owned(),
        DefaultValue::Text(text) => format!("default: `{text}`"),
        DefaultValue::Depends(words) => format!("default: {words}"),
        DefaultValue::Required("") => "required".to_owned(),
        DefaultValue::Required(when) => format!("required {when}"),
    }
}

fn wrap(text: &mut String, words: &str) {
    const INDENT: &str = "      ";
    let mut column = 0;
    for word in words.split_whitespace() {
        let width = word.chars().count();
        if column == 0 {
            text.push_str(INDENT);
            column = INDENT.len();
        } else if column + 1 + width > WIDTH {
            text.push('\n');
            text.push_str(INDENT);
            column = INDENT.len();
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text.push('\n');
}

/// The tables of `docs/guide/ingest-parameters.md`, one for each group.
pub fn markdown_tables() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        text.push_str(&format!("### {}\n\n", group.title()));
        text.push_str("| parameter | type | default | meaning | example | since |\n|---|---|---|---|---|---|\n");
        for parameter in table::all().filter(|parameter| parameter.group == *group) {
            text.push_str(&row(parameter));
        }
        text.push('\n');
    }
    text
}

fn row(parameter: &ParameterSummary) -> String {
    let mut meaning = parameter.meaning.to_owned();
    if let Some(condition) = parameter.scope.condition() {
        meaning.push_str(&format!(" Only with {condition}."));
    }
    let example = match parameter.example {
        "" => String::new(),
        example => format!("`{example}`"),
    };
    let cells = [
        format!("`{}`", parameter.name),
        kind(parameter),
        default_words(parameter)
            .trim_start_matches("default: ")
            .to_owned(),
        meaning,
        example,
        parameter.since.to_owned(),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}
