//! How transactions are shown.

use millstream_core::counted;
use millstream_ingest::transactions::{Awaited, Described, Listed, State};
use serde_json::{Value, json};

use crate::{table, times};

/// What a snapshot waits for and no coordinator shows, with what is known of the id.
type Forgotten<'a> = (&'a Awaited, Option<Described>);

/// A table of what is open, and of what snapshots wait for in vain.
pub(super) fn table(listed: &[Listed], forgotten: &[Forgotten<'_>], awaited: &[Awaited]) -> String {
    let head = [
        "transactional id",
        "state",
        "began",
        "age",
        "time-out",
        "producer",
        "snapshot",
    ];
    let now = now();
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(listed.iter().map(|listed| {
        let Listed { id, described } = listed;
        let own = awaited.iter().filter(|one| one.is(id, described));
        let snapshots: Vec<String> = own.map(snapshot).collect();
        let (began, age) = times_of(described.started, now);
        [
            id.clone(),
            state_name(described.state).to_owned(),
            began,
            age,
            times::duration(i64::from(described.timeout)),
            format!("{}:{}", described.producer, described.epoch),
            snapshots.join(", "),
        ]
    }));
    rows.extend(forgotten.iter().map(|(one, described)| {
        let (began, age) = times_of(one.started, now);
        [
            one.id.clone(),
            missing(one, described.as_ref()).to_owned(),
            began,
            age,
            "-".to_owned(),
            one.producer.to_string(),
            snapshot(one),
        ]
    }));
    table::lines(&rows)
}

fn snapshot(one: &Awaited) -> String {
    let Awaited {
        snapshot,
        job,
        records,
        committed,
        ..
    } = one;
    let noted = if *committed { ", committed" } else { "" };
    format!(
        "{snapshot} of {job} ({}{noted})",
        counted(*records, "record")
    )
}

/// What became of a transaction that is not open, as far as its coordinator tells.
fn missing(one: &Awaited, described: Option<&Described>) -> &'static str {
    match described {
        None => "forgotten",
        Some(described) if one.is(&one.id, described) => state_name(described.state),
        Some(_) => "replaced",
    }
}

fn times_of(started: i64, now: i64) -> (String, String) {
    if started < 0 {
        return ("-".to_owned(), "-".to_owned());
    }
    (times::sortable(started), times::duration(now - started))
}

fn now() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// The same as JSON.
pub(super) fn as_json(
    listed: &[Listed],
    forgotten: &[Forgotten<'_>],
    awaited: &[Awaited],
) -> Value {
    let waiting = |one: &Awaited| {
        json!({
            "snapshot": one.snapshot,
            "job": one.job,
            "records": one.records,
            "committed": one.committed,
        })
    };
    let mut all: Vec<Value> = Vec::new();
    for Listed { id, described } in listed {
        let own = awaited.iter().filter(|one| one.is(id, described));
        all.push(json!({
            "id": id,
            "state": state_name(described.state),
            "started": described.started,
            "timeout": described.timeout,
            "producer": described.producer,
            "epoch": described.epoch,
            "snapshots": own.map(waiting).collect::<Vec<_>>(),
        }));
    }
    for (one, described) in forgotten {
        all.push(json!({
            "id": one.id,
            "state": missing(one, described.as_ref()),
            "started": one.started,
            "producer": one.producer,
            "snapshots": [waiting(one)],
        }));
    }
    Value::Array(all)
}

/// What a state is called.
pub(super) const fn state_name(state: State) -> &'static str {
    match state {
        State::Empty => "empty",
        State::Ongoing => "open",
        State::Committing => "being committed",
        State::Committed => "committed",
        State::Aborting => "being aborted",
        State::Aborted => "aborted",
        State::Other => "unknown",
    }
}
