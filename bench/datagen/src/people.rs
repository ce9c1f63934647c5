//! CSV for the demo and the ingestion benchmark, and what the demo's query must make of it.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

use crate::random::Random;

/// The query of the demo and the benchmark: filter, cast, concat, arraySplit.
pub const QUERY: &str = "select id, city, upper(name) as name, concat(x, '-', y) as location, arraySplit(tags, '|') as tags, cast(amount as bigint) as cents from t1 where cast(amount as bigint) >= 2500";

/// The header of every file.
pub const HEADER: &str = "id,city,name,x,y,tags,amount";
/// Rows with less are filtered out.
pub const LEAST_AMOUNT: i64 = 2_500;

const CITIES: [&str; 8] = [
    "Beijing",
    "Shanghai",
    "Hangzhou",
    "Chengdu",
    "Berlin",
    "Lisbon",
    "Nairobi",
    "Montevideo",
];
const TAGS: [&str; 6] = ["new", "vip", "returning", "mobile", "web", "trial"];

/// One row.
struct Person {
    id: u64,
    city: &'static str,
    name: String,
    x: u64,
    y: u64,
    tags: String,
    amount: u64,
}

impl Person {
    fn random(id: u64, random: &mut Random, quoted: bool) -> Self {
        let pick = |random: &mut Random, from: &[&'static str]| {
            let chosen = random.below(from.len() as u64) as usize;
            from.get(chosen).copied().unwrap_or_default()
        };
        let mut name = String::new();
        for _ in 0..6 + random.below(14) {
            name.push(char::from(b'a' + random.below(26) as u8));
        }
        if quoted && random.below(4) == 0 {
            name.push_str(pick(
                random,
                &["\"q\"", ", jr", "\nsecond line", " \"\n\","],
            ));
        }
        let tags: Vec<&str> = (0..1 + random.below(4))
            .map(|_| pick(random, &TAGS))
            .collect();
        Self {
            id,
            city: pick(random, &CITIES),
            name,
            x: random.below(1_000_000_000),
            y: random.below(1_000_000_000),
            tags: tags.join("|"),
            amount: random.below(10_000),
        }
    }

    fn write_csv(&self, out: &mut Vec<u8>) -> Result<()> {
        let name = if self.name.contains([',', '"', '\n']) {
            format!("\"{}\"", self.name.replace('"', "\"\""))
        } else {
            self.name.clone()
        };
        let Self {
            id,
            city,
            x,
            y,
            tags,
            amount,
            ..
        } = self;
        writeln!(out, "{id},{city},{name},{x},{y},{tags},{amount}").context("a row")
    }
}

/// Writes `files` files of about `bytes` in all; answers the number of rows. `quoted` puts quotes, delimiters and line breaks
/// into some names.
///
/// # Errors
/// A file can't be written.
pub fn write(directory: &Path, bytes: u64, seed: u64, files: u64, quoted: bool) -> Result<u64> {
    write_from(directory, bytes, seed, files, quoted, 0)
}

/// [`write`] with ids from `first` on; answers the id after the last.
///
/// # Errors
/// A file can't be written.
pub fn write_from(
    directory: &Path,
    bytes: u64,
    seed: u64,
    files: u64,
    quoted: bool,
    first: u64,
) -> Result<u64> {
    fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    let mut random = Random::new(seed);
    let mut rows = first;
    for number in 0..files {
        let path = directory.join(format!("people-{number:03}.csv"));
        let file = File::create(&path).with_context(|| path.display().to_string())?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        writeln!(out, "{HEADER}")?;
        let mut written = HEADER.len() as u64;
        let mut row = Vec::new();
        while written < bytes / files {
            row.clear();
            Person::random(rows, &mut random, quoted).write_csv(&mut row)?;
            out.write_all(&row)?;
            written += row.len() as u64;
            rows += 1;
        }
        out.flush()?;
    }
    Ok(rows)
}

/// Reads one CSV record from the front of `text`: its fields, and what is left.
pub fn read_record(text: &str) -> Option<(Vec<String>, &str)> {
    if text.is_empty() {
        return None;
    }
    let mut fields = vec![String::new()];
    let mut characters = text.char_indices().peekable();
    let mut inside = false;
    while let Some((at, character)) = characters.next() {
        let field = fields.last_mut()?;
        match character {
            '"' if inside && characters.peek().is_some_and(|(_, next)| *next == '"') => {
                characters.next();
                field.push('"');
            }
            '"' => inside = !inside,
            ',' if !inside => fields.push(String::new()),
            '\n' if !inside => return Some((fields, text.get(at + 1..)?)),
            other => field.push(other),
        }
    }
    Some((fields, ""))
}

/// The JSON line that the query makes of a record; `None`: it is filtered out.
///
/// # Errors
/// The record is none of this module's.
pub fn expected_line(fields: &[String]) -> Result<Option<String>> {
    let [id, city, name, x, y, tags, amount] = fields else {
        anyhow::bail!("a record of {} fields: {fields:?}", fields.len());
    };
    let cents: i64 = amount.parse().with_context(|| format!("amount {amount}"))?;
    if cents < LEAST_AMOUNT {
        return Ok(None);
    }
    let tags: Vec<String> = tags.split('|').map(json).collect();
    let (city, name, location) = (
        json(city),
        json(&name.to_uppercase()),
        json(&format!("{x}-{y}")),
    );
    Ok(Some(format!(
        "{{\"id\":{id},\"city\":{city},\"name\":{name},\"location\":{location},\"tags\":[{}],\"cents\":{cents}}}",
        tags.join(",")
    )))
}

fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
