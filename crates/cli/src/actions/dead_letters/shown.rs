//! How dead letters are shown.

use std::collections::BTreeMap;

use millstream_ingest::letters::{Found, State};
use millstream_server::escaped;
use serde_json::{Map, Value, json};

use crate::{table, times};

/// As much of a record is shown.
const LONGEST: usize = 2_000;
/// As much of an example is shown in a table.
const LONGEST_EXAMPLE: usize = 80;

/// Letters by their codes.
#[derive(Default)]
pub(super) struct Groups {
    groups: BTreeMap<String, Group>,
}

/// The letters of one code.
struct Group {
    /// For each state how many.
    counts: BTreeMap<State, u64>,
    first: Option<i64>,
    last: Option<i64>,
    /// The first that is open, else the first.
    example: Found,
}

impl Groups {
    pub(super) fn add(&mut self, found: Found) {
        let (state, time) = (found.state, found.line.time);
        let code = found.line.code().to_owned();
        let group = self.groups.entry(code).or_insert_with(|| Group {
            counts: BTreeMap::new(),
            first: time,
            last: time,
            example: found.clone(),
        });
        *group.counts.entry(state).or_default() += 1;
        group.first = [group.first, time].into_iter().flatten().min();
        group.last = [group.last, time].into_iter().flatten().max();
        if group.example.state != State::Open && state == State::Open {
            group.example = found;
        }
    }

    /// Those that another command has told as [`as_json`](Self::as_json); `None`: it is something else.
    pub(super) fn told(told: &Value) -> Option<Self> {
        let groups = told.as_array()?.iter().map(|told| {
            let number = |name: &str| told.get(name).and_then(Value::as_u64).unwrap_or(0);
            let time = |name: &str| told.get(name).and_then(Value::as_i64);
            let counts = State::ALL.map(|state| (state, number(state.name())));
            let group = Group {
                counts: counts.into_iter().collect(),
                first: time("first"),
                last: time("last"),
                example: found_of(told.get("example")?)?,
            };
            Some((told.get("code")?.as_str()?.to_owned(), group))
        });
        let groups: Option<BTreeMap<String, Group>> = groups.collect();
        groups.map(|groups| Self { groups })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// A line for each code. States of which there are no letters have no column but the first.
    pub(super) fn table(&self) -> String {
        let head = [
            "code",
            "open",
            "begun",
            "unclear",
            "replayed",
            "discarded",
            "first",
            "last",
            "example",
        ];
        let mut rows = vec![head.map(str::to_owned)];
        rows.extend(self.groups.iter().map(|(code, group)| {
            let [open, begun, unclear, replayed, discarded] =
                State::ALL.map(|state| group.count(state).to_string());
            let time = |time: Option<i64>| time.map_or("-".to_owned(), times::sortable);
            [
                code.clone(),
                open,
                begun,
                unclear,
                replayed,
                discarded,
                time(group.first),
                time(group.last),
                shortened(&reason(&group.example), LONGEST_EXAMPLE),
            ]
        }));
        table::lines(&rows)
    }

    pub(super) fn as_json(&self) -> Value {
        let groups = self.groups.iter().map(|(code, group)| {
            let mut shown = Map::new();
            let mut add = |name: &str, value: Value| {
                shown.insert(name.to_owned(), value);
            };
            add("code", json!(code));
            for state in State::ALL {
                add(state.name(), group.count(state).into());
            }
            add("first", json!(group.first));
            add("last", json!(group.last));
            add("example", as_json(&group.example));
            Value::Object(shown)
        });
        groups.collect()
    }
}

impl Group {
    fn count(&self, state: State) -> u64 {
        self.counts.get(&state).copied().unwrap_or(0)
    }
}

/// Where the record was and what is wrong.
fn reason(found: &Found) -> String {
    let line = &found.line;
    let place = match line.line {
        Some(number) => format!("{}, line {number}", line.file),
        None => format!("{}, offset {}", line.file, line.offset),
    };
    let column = line.column.as_ref();
    let column = column.map_or_else(String::new, |column| format!("column `{column}`: "));
    format!("{place}: {column}{}", line.error)
}

fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A letter for people: two lines.
pub(super) fn text(found: &Found) -> String {
    let line = &found.line;
    let when = line.time.map_or("-".to_owned(), times::sortable);
    let record = match line.record() {
        None => "(no value)".to_owned(),
        Some(record) => match String::from_utf8(record) {
            Ok(text) => escaped(&shortened(&text, LONGEST)),
            Err(_) => format!("(base64) {}", line.raw_base64.clone().unwrap_or_default()),
        },
    };
    let key = line.key.as_ref();
    let key = key.map_or_else(String::new, |key| format!("key {}, ", escaped(key)));
    let reason = escaped(&reason(found));
    let (code, state) = (escaped(line.code()), found.state.name());
    format!("{when}  {state}  {code}  {reason}\n    {key}{record}\n")
}

/// A letter for programs: where it lies and what was done about it, then what it is.
pub(super) fn as_json(found: &Found) -> Value {
    let mut shown = json!({
        "place": found.place,
        "number": found.number,
        "state": found.state.name(),
    });
    if let (Some(shown), Ok(Value::Object(line))) =
        (shown.as_object_mut(), serde_json::to_value(&found.line))
    {
        shown.extend(line);
    }
    shown
}

/// The letter that another command has told as [`as_json`]; `None`: it is something else.
pub(super) fn found_of(told: &Value) -> Option<Found> {
    let state = told.get("state")?.as_str()?;
    let state = State::ALL.into_iter().find(|known| known.name() == state);
    Some(Found {
        place: told.get("place")?.as_str()?.to_owned(),
        number: told.get("number")?.as_u64()?,
        line: serde_json::from_str(&told.to_string()).ok()?,
        state: state?,
    })
}
