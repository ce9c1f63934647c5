//! What types the columns of some input have: its first rows are read as the job would read them, and every type is told with what
//! speaks for it.
//!
//! - [`sample`]: the beginning of the first file, wherever that lies.
//! - [`place`]: where it lies. Pure.
//! - [`format`]: what kind of files these are, as far as nobody says.
//! - [`evidence`]: what the values of a column say. Pure.

mod evidence;
mod format;
mod place;
mod sample;

use std::time::Duration;

use arrow::datatypes::{DataType, Field, Schema};
use millstream::RunOptions;
use millstream::local::{self, Look, Looked};
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, Result, codes};
use serde_json::{Map, Value};

use crate::checkpoints::is_of_place;
use crate::dry_run::{environment, quiet, without_effects};
use crate::parameters::SourceSettings;
use crate::pipeline;
use crate::run::{NAME, Prepared, prepare};
use evidence::Column;
pub use evidence::Evidence;
use place::Place;

/// How long the first row is waited for where the source does not end.
const FIRST: Duration = Duration::from_secs(15);
/// And each further one.
const NEXT: Duration = Duration::from_secs(2);
/// The column of files whose lines are JSON.
const LINE: &str = "line";

/// What was found out about some input.
#[derive(Debug)]
pub struct Inferred {
    /// What it is in words: `csv`, `lines of JSON`, `messages of Kafka`, ….
    pub kind: String,
    /// How many rows were looked at.
    pub rows: usize,
    /// Why there are no more.
    pub end: Looked,
    /// Its columns, in their order.
    pub columns: Vec<Evidence>,
    /// The schema as `stream.sql.schema.json` takes it.
    pub schema: String,
    /// A command that reads it, but for the name of the job, where it writes and, of a topic, the consumer group, in words of a shell.
    pub command: Vec<String>,
    /// What is worth telling.
    pub notes: Vec<String>,
}

/// Looks at the first `rows` rows of `what`: a path; with the brokers of Kafka among the `arguments` a topic; with the address of
/// Hive a table or a query.
///
/// # Errors
/// It can't be read, holds nothing to find types by, or the arguments don't fit.
pub fn infer(
    what: &str,
    arguments: &[String],
    options: &RunOptions,
    rows: usize,
) -> Result<Inferred> {
    if what.starts_with("--") {
        return Err(untold(what));
    }
    let is_given = |name: &str| {
        let names = [format!("--{name}"), format!("-{name}")];
        arguments.iter().any(|argument| {
            let name = argument.split(['=', ' ']).next().unwrap_or(argument);
            names.iter().any(|known| known == name)
        })
    };
    let place = Place::of(arguments, &is_given);
    let found = match place {
        Place::Topic => format::of_kafka(what, &is_given),
        Place::Query | Place::Table => format::of_hive(what, &is_given),
        Place::Files => {
            let sample = sample::take(what, arguments, &options.configuration)?;
            let charset = value_of("source.charset", arguments);
            format::of_files(what, &sample, charset, &is_given)
        }
    };
    let mut read: Vec<String> = [found.parameters.clone(), arguments.to_vec()].concat();
    let all = [read.clone(), of_the_look(place, &is_given)].concat();
    if place == Place::Topic && !is_given("group.id") {
        read.push("--group.id=GROUP".to_owned());
    }
    if !is_given("job.name") {
        read.push("--job.name=NAME".to_owned());
    }
    let Prepared {
        settings,
        configuration,
        mut notes,
    } = prepare(&all, options)?;
    notes.retain(|note| !is_of_place(note));
    let (shown, sample) = crossbeam_channel::bounded(rows);
    let environment = environment(&quiet(&configuration));
    let settings = without_effects(settings);
    let source = settings.source.clone();
    let known = pipeline::declare_to(&environment, &settings, shown)?;
    let graph = environment.graph(NAME)?;
    let configuration = environment.configuration()?;
    // It holds the other end of the channel of rows.
    drop(environment);
    let look = Look {
        wanted: rows,
        first: FIRST,
        next: NEXT,
    };
    let (sample, end) = local::look(graph, configuration, &sample, &look)?;
    let rows = sample.len();
    let is_typed = place.is_hive() || matches!(source, SourceSettings::Columns(_));
    let mut columns = columns(&sample, found.is_json, is_typed)?;
    if columns.is_empty() && place.is_hive() && !matches!(end, Looked::Failed(_)) {
        // Hive tells columns before any row, which a query may be long in coming to.
        columns = known.written.as_deref().map(unseen).unwrap_or_default();
    }
    if columns.is_empty() {
        return Err(nothing(what, place, rows, &end));
    }
    notes.extend(found.notes);
    let mut columns: Vec<Evidence> = columns.into_iter().map(Column::judge).collect();
    if let Some(schema) = known.read.filter(|_| is_typed) {
        as_told(&mut columns, &schema, place.teller());
    }
    for column in &columns {
        notes.extend(
            column
                .note
                .iter()
                .map(|note| format!("{}: {note}", column.name)),
        );
    }
    let schema = schema_of(&columns);
    let command = command(&read, &columns, &schema, (found.is_json, is_typed));
    Ok(Inferred {
        kind: found.kind,
        rows,
        end,
        columns,
        schema,
        command,
        notes,
    })
}

/// The error for a parameter in the place of what is looked at.
fn untold(parameter: &str) -> Error {
    let name = parameter.split(['=', ' ']).next().unwrap_or(parameter);
    let message = format!("`infer` is not told what to look at: it begins with {name}");
    Error::new(&codes::USAGE, message).next(
        "put a file, a directory, a topic or a table of Hive before its parameters: \
         millstream infer <table> --source.db.url jdbc:hive2://<host>:10000/<database>",
    )
}

/// The error for input of which no row was seen, or none with a value.
fn nothing(what: &str, place: Place, rows: usize, end: &Looked) -> Error {
    match end {
        Looked::Failed(why) => Error::new(&codes::SOURCE_READ, why.as_str())
            .next("see that the parameters of the source fit what it holds"),
        Looked::Waited(_, Some(why)) if place == Place::Topic => Error::new(
            &codes::SOURCE_KAFKA,
            format!("topic {what} can't be looked at: {why}"),
        )
        .next("see that the brokers of source.kafka.brokers run and can be reached from here"),
        Looked::Waited(_, Some(why)) => Error::new(
            &codes::SOURCE_READ,
            format!("{what} can't be looked at: {why}"),
        )
        .next("see that it is there and can be reached from here"),
        Looked::Waited(..) | Looked::Ended | Looked::Enough => {
            let seen = match (rows, end) {
                (0, Looked::Waited(time, _)) => {
                    format!("no row that can be read came within {} s", time.as_secs())
                }
                (0, _) => "it holds no row that can be read".to_owned(),
                _ => "none of its rows has a value".to_owned(),
            };
            let message = format!("{what} has nothing to find types by: {seen}");
            Error::new(&codes::SOURCE_READ, message)
                .next("put a record there first, or correct the parameters of the source")
        }
    }
}

/// Parameters of the look, which the job does not have.
fn of_the_look(place: Place, is_given: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut own = vec!["--sink.type=print".to_owned()];
    if place == Place::Topic && !is_given("group.id") {
        // Of a group for which something is committed only what lies behind that would be seen.
        own.push(format!(
            "--group.id=millstream-infer-{}",
            local::new_job_id()
        ));
    }
    if matches!(place, Place::Files | Place::Table) && !is_given("source.watch.type") {
        own.push("--source.watch.type=PROCESS_ONCE".to_owned());
    }
    if !is_given("error.policy") {
        own.push("--error.policy=skip".to_owned());
    }
    own
}

/// What the arguments say of a parameter; of several times the last one.
fn value_of<'a>(name: &str, arguments: &'a [String]) -> Option<&'a str> {
    let mut values = arguments.iter().enumerate().filter_map(|(place, word)| {
        let word = word.strip_prefix('-')?.trim_start_matches('-');
        match word.split_once(['=', ' ']) {
            Some((known, value)) => (known == name).then_some(value),
            None => arguments
                .get(place + 1)
                .filter(|_| word == name)
                .map(String::as_str),
        }
    });
    values.next_back()
}

/// The columns of the rows of a sample, with what their values say.
fn columns(sample: &[String], is_json: bool, is_typed: bool) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::new();
    for (number, line) in sample.iter().enumerate() {
        let Some(row) = object(line)? else {
            // A message without a value is a row of nulls, which the columns count at their end.
            continue;
        };
        let row = if is_json {
            let inner = row.values().next().and_then(Value::as_str);
            // A line that is no object is told by a column of its own.
            let inner = object(inner.unwrap_or_default()).ok().flatten();
            inner.unwrap_or(row)
        } else {
            row
        };
        for (name, value) in &row {
            let known = columns.iter().position(|column| column.name() == name);
            let at = known.unwrap_or_else(|| {
                columns.push(Column::new(name.clone(), number, is_typed));
                columns.len() - 1
            });
            if let Some(column) = columns.get_mut(at) {
                column.add(number, value);
            }
        }
    }
    columns
        .iter_mut()
        .for_each(|column| column.end(sample.len()));
    Ok(columns)
}

/// The columns of input of which no row was seen.
fn unseen(schema: &Schema) -> Vec<Column> {
    let names = schema.fields().iter().map(|field| field.name().clone());
    names.map(|name| Column::new(name, 0, true)).collect()
}

/// Files of columns and Hive tell types themselves. `teller`: who does.
fn as_told(columns: &mut [Evidence], schema: &Schema, teller: &str) {
    for column in columns {
        if let Ok(field) = schema.field_with_name(&column.name) {
            as_field(column, field, teller);
        }
    }
}

fn as_field(column: &mut Evidence, field: &Field, teller: &str) {
    column.kind = match field.data_type() {
        DataType::Boolean => "Boolean".to_owned(),
        DataType::Int8 => "TinyInt".to_owned(),
        // A schema has no numbers without a sign: they widen into those with room for all of them.
        DataType::Int16 | DataType::UInt8 => "SmallInt".to_owned(),
        DataType::Int32 | DataType::UInt16 => "Int".to_owned(),
        DataType::Int64 | DataType::UInt32 => "BigInt".to_owned(),
        DataType::UInt64 => "Decimal(20,0)".to_owned(),
        DataType::Float32 => "Float".to_owned(),
        DataType::Float64 => "Double".to_owned(),
        DataType::Decimal128(digits, behind) => format!("Decimal({digits},{behind})"),
        DataType::Timestamp(..) => "Timestamp".to_owned(),
        DataType::Date32 => "Date".to_owned(),
        _ => "String".to_owned(),
    };
    column.why = format!("{teller} says {}", type_in_words(field.data_type()));
    column.note = None;
}

/// The object that a line is; `None`: it is null.
fn object(line: &str) -> Result<Option<Map<String, Value>>> {
    serde_json::from_str(line).map_err(|cause| {
        Error::new(
            &codes::INGEST_PARAMETERS,
            "a row that was looked at is no object",
        )
        .cause(cause)
        .next("give --source.type and the parameters of the source")
    })
}

/// Ordered, as the job reads it.
fn schema_of(columns: &[Evidence]) -> String {
    let pairs = columns.iter().map(|column| {
        let name = Value::String(column.name.clone());
        format!("{name}: \"{}\"", column.kind)
    });
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
}

/// The command that reads the input with what was found out, in words.
fn command(
    read: &[String],
    columns: &[Evidence],
    schema: &str,
    (is_json, is_typed): (bool, bool),
) -> Vec<String> {
    let mut words = vec!["millstream", "run", "ingest"]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    words.extend(read.iter().cloned());
    if is_json {
        let picked = columns.iter().map(|column| {
            let path = path_to(&column.name).replace('\'', "''");
            // A column can't be without a name.
            let name = match column.name.as_str() {
                "" => "_".to_owned(),
                name => name.replace('"', "\"\""),
            };
            // Of what is nested it gives the text, where json_value gives nothing.
            let value = format!("get_json_object({LINE}, '{path}')");
            match column.kind.as_str() {
                "String" => format!("{value} as \"{name}\""),
                kind => format!("cast({value} as {}) as \"{name}\"", sql_type(kind)),
            }
        });
        let picked = picked.collect::<Vec<_>>().join(", ");
        words.push("--stream.sql.enable=true".to_owned());
        words.push(format!(
            "--stream.sql.schema.json={{\"{LINE}\": \"String\"}}"
        ));
        words.push(format!("--stream.sql=select {picked} from t1"));
    } else if !is_typed {
        words.push(format!("--stream.sql.schema.json={schema}"));
    }
    words.push("--sink.type=file".to_owned());
    words.push("--sink.path=DIRECTORY".to_owned());
    words
}

/// The path to a field of that name.
fn path_to(name: &str) -> String {
    let is_plain = |sign: char| sign.is_alphanumeric() || sign == '_';
    if !name.is_empty() && name.chars().all(is_plain) {
        return format!("$.{name}");
    }
    // A name in brackets holds no escapes, so that not every one can stand there.
    format!("$.{}", Value::from(name))
}

fn sql_type(kind: &str) -> String {
    match kind {
        "Int" | "BigInt" | "Double" | "Boolean" | "Date" | "Timestamp" => kind.to_lowercase(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests;
