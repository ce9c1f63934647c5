//! The records: what each id must become.

/// What must become of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It comes out once.
    Written,
    /// The SQL leaves it out.
    Filtered,
    /// It is set aside once, as it lay in the file.
    Bad,
}

/// What the job is asked to do with a record.
pub(crate) const SQL: &str = "select id, name from t1 where id % 7 <> 0";

/// The columns of the input.
pub(crate) const SCHEMA: &str = r#"{"id":"BigInt","name":"String"}"#;

/// What must become of the record `id`.
pub(crate) fn fate(id: u64) -> Fate {
    if id.is_multiple_of(7) {
        Fate::Filtered
    } else if id % 101 == 3 {
        Fate::Bad
    } else {
        Fate::Written
    }
}

/// The name in the record `id`: of a length that differs from record to record, so that what is cut or shifted shows.
pub(crate) fn name(id: u64) -> String {
    let mixed = datagen::random::mix(id);
    let length = usize::try_from(mixed % 40).unwrap_or_default();
    format!(
        "n{id}-{}",
        "abcdefghij".repeat(4).get(..length).unwrap_or_default()
    )
}

/// The line of the record `id`, without its end.
pub(crate) fn line(id: u64) -> String {
    match fate(id) {
        Fate::Bad => format!("x{id},{}", name(id)),
        Fate::Written | Fate::Filtered => format!("{id},{}", name(id)),
    }
}

/// The id in the raw text of a bad record.
pub(crate) fn bad_id(raw: &str) -> Option<u64> {
    let id = raw.strip_prefix('x')?.split(',').next()?.parse().ok()?;
    (line(id) == raw).then_some(id)
}
