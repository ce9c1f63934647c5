//! What kind of files these are, as far as nobody says.

use std::path::Path;

use millstream_connectors::files_source::Charset;

use super::sample::{HEAD, Sample};

/// Lines that are looked at.
const LINES: usize = 200;
/// What may stand between fields, the likeliest first.
const DELIMITERS: [char; 5] = [',', '\t', ';', '|', '\u{1}'];

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In words.
    pub(super) kind: String,
    /// Parameters of the job that say so.
    pub(super) parameters: Vec<String>,
    /// Whether each line is an object of JSON.
    pub(super) is_json: bool,
    /// What is worth telling.
    pub(super) notes: Vec<String>,
}

/// A topic.
pub(super) fn of_kafka(topic: &str, is_given: &dyn Fn(&str) -> bool) -> Found {
    let parameters = [
        ("source.type", "kafka"),
        ("source.kafka.topic", topic),
        ("auto.offset.reset", "earliest"),
    ];
    told("messages of Kafka", &parameters, is_given)
}

/// A table of Hive, or a query: no name of a table has white space.
pub(super) fn of_hive(what: &str, is_given: &dyn Fn(&str) -> bool) -> Found {
    let name = match what.contains(char::is_whitespace) {
        true => "source.db.sql",
        false => "source.db.table",
    };
    let parameters = [("source.type", "jdbc"), (name, what)];
    told("rows of Hive", &parameters, is_given)
}

/// What is known without a look, by those of the parameters that are not given.
fn told(kind: &str, parameters: &[(&str, &str)], is_given: &dyn Fn(&str) -> bool) -> Found {
    let missing = parameters.iter().filter(|(name, _)| !is_given(name));
    Found {
        kind: kind.to_owned(),
        parameters: missing
            .map(|(name, value)| format!("--{name}={value}"))
            .collect(),
        ..Found::default()
    }
}

/// The files at `path`, of which this is the first. `charset`: the one that is given.
pub(super) fn of_files(
    path: &str,
    sample: &Sample,
    charset: Option<&str>,
    is_given: &dyn Fn(&str) -> bool,
) -> Found {
    let name = sample.name.to_lowercase();
    let plain = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let ending = Path::new(plain).extension();
    let ending = ending.map(|ending| ending.to_string_lossy().into_owned());
    let head = &sample.head;
    let mut found = Found::default();
    found.parameters.push(format!("--source.path={path}"));
    if is_given("source.type") {
        found.kind = "files of the type that is given".to_owned();
        return found;
    }
    let kind = match ending.as_deref() {
        _ if head.starts_with(b"PAR1") => "parquet",
        _ if head.starts_with(b"ORC") => "orc",
        Some("tsv") => "tsv",
        Some("csv") => "csv",
        _ => "txt",
    };
    found.kind = kind.to_owned();
    if kind == "parquet" || kind == "orc" {
        found.parameters.push(format!("--source.type={kind}"));
        return found;
    }
    let text = text_of(head, charset, &mut found);
    let mut lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    if head.len() as u64 == HEAD {
        // It may be cut off.
        lines.pop();
    }
    lines.truncate(LINES);
    let is_object =
        |line: &&str| line.trim_start().starts_with('{') && line.trim_end().ends_with('}');
    if !lines.is_empty() && lines.iter().all(is_object) {
        found.kind = "lines of JSON".to_owned();
        found.is_json = true;
        // What no line holds stands between fields, so that a line is one column.
        let more = [
            "--source.type=txt",
            "--source.field.delimiter=\\u0001",
            "--source.quote=none",
        ];
        found.parameters.extend(more.map(str::to_owned));
        return found;
    }
    found.parameters.push(format!("--source.type={kind}"));
    let usual = if kind == "tsv" { '\t' } else { ',' };
    let delimiter = delimiter(&lines).unwrap_or(usual);
    if delimiter != usual && !is_given("source.field.delimiter") {
        let written = match delimiter {
            '\t' => "\\t".to_owned(),
            '\u{1}' => "\\u0001".to_owned(),
            other => other.to_string(),
        };
        found.kind = format!("{kind} with {written} between fields");
        found
            .parameters
            .push(format!("--source.field.delimiter={written}"));
    }
    if !is_given("source.firstLine.schema") {
        first_line(&lines, delimiter, &mut found);
    }
    found
}

/// The text of a head in the charset that is given, or else in the one of which it has the mark.
fn text_of(head: &[u8], given: Option<&str>, found: &mut Found) -> String {
    let given = given.and_then(|name| Charset::parse(name).ok());
    let marked = Charset::of_mark(head).filter(|marked| *marked != Charset::UTF_8);
    if let (None, Some(marked)) = (given, marked) {
        let name = marked.name();
        found.parameters.push(format!("--source.charset={name}"));
    }
    given.or(marked).unwrap_or_default().text_of(head)
}

fn first_line(lines: &[&str], delimiter: char, found: &mut Found) {
    let Some((first, rest)) = lines.split_first() else {
        return;
    };
    let names = fields(first, delimiter);
    let is_name = |name: &String| {
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || "_- .".contains(c))
    };
    let mut sorted = names.clone();
    sorted.sort();
    sorted.dedup();
    if !names.iter().all(is_name) || sorted.len() < names.len() || rest.is_empty() {
        return;
    }
    // Below a name there is something that is none.
    let rows: Vec<Vec<String>> = rest.iter().map(|line| fields(line, delimiter)).collect();
    let tells = (0..names.len()).any(|column| {
        let values: Vec<&String> = rows.iter().filter_map(|row| row.get(column)).collect();
        !values.is_empty()
            && values
                .iter()
                .all(|value| value.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
    });
    if tells {
        found.kind.push_str(", the first line names the columns");
        found
            .parameters
            .push("--source.firstLine.schema=true".to_owned());
    } else {
        let note = "the first line may be names or values, as all columns are text: give --source.firstLine.schema true if it names the columns";
        found.notes.push(note.to_owned());
    }
}

/// The fields of a line; quotes are taken off.
fn fields(line: &str, delimiter: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c == delimiter && !quoted => fields.push(String::new()),
            c => {
                if let Some(last) = fields.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    fields.iter().map(|field| field.trim().to_owned()).collect()
}

/// What stands between the fields of most lines, as often in each.
fn delimiter(lines: &[&str]) -> Option<char> {
    let score = |delimiter: char| {
        let counts: Vec<usize> = lines
            .iter()
            .map(|line| fields(line, delimiter).len())
            .collect();
        let usual = counts.first().copied().unwrap_or(1);
        let same = counts.iter().filter(|count| **count == usual).count();
        (usual > 1 && same * 10 >= lines.len() * 9).then_some(usual)
    };
    let scored = DELIMITERS
        .iter()
        .filter_map(|delimiter| Some((score(*delimiter)?, *delimiter)));
    // Of several the one with the most fields; of as many the likeliest.
    scored
        .rev()
        .max_by_key(|(fields, _)| *fields)
        .map(|(_, delimiter)| delimiter)
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::{delimiter, fields, of_files, of_hive};

    #[test]
    fn what_has_white_space_is_a_query() {
        let table = of_hive("shop.orders", &|_| false);
        let parameters = ["--source.type=jdbc", "--source.db.table=shop.orders"];
        assert_eq!(table.parameters, parameters);
        let query = of_hive("select 1 as a", &|name| name == "source.type");
        assert_eq!(query.parameters, ["--source.db.sql=select 1 as a"]);
    }

    #[test]
    fn a_file_is_looked_at_in_the_charset_that_it_is_in() {
        let units = "id;name\n1;é\n2;ü\n".encode_utf16();
        let plain: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        let marked = [&b"\xFF\xFE"[..], plain.as_slice()].concat();
        let utf_8 = b"\xEF\xBB\xBFid;name\n1;a\n2;b\n".to_vec();
        for (head, given, said) in [
            (plain, Some("UTF-16LE"), false),
            (marked, None, true),
            (utf_8, None, false),
        ] {
            let sample = Sample {
                name: "a.csv".to_owned(),
                head,
            };
            let found = of_files("in", &sample, given, &|_| false);
            let has = |word: &str| found.parameters.iter().any(|given| given == word);
            assert!(has("--source.field.delimiter=;"), "{found:?}");
            assert!(has("--source.firstLine.schema=true"), "{found:?}");
            assert_eq!(has("--source.charset=UTF-16LE"), said, "{found:?}");
        }
    }

    #[test]
    fn the_delimiter_is_what_stands_as_often_in_each_line() {
        assert_eq!(delimiter(&["a,b;c", "1,2;3"]), Some(','));
        assert_eq!(delimiter(&["a;b;c", "1;2,5;3"]), Some(';'));
        assert_eq!(delimiter(&["a\tb", "1\t\"x\ty\""]), Some('\t'));
        assert_eq!(delimiter(&["only text", "and more"]), None);
    }

    #[test]
    fn quotes_hold_delimiters() {
        assert_eq!(fields("a,\"b,c\" , d", ','), ["a", "b,c", "d"]);
    }
}
