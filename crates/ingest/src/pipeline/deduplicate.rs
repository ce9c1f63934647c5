//! Records that were there before are left out: `unique.*`.
//!
//! ```text
//! Source -> Key --by fingerprint--> Deduplicate -> Unique -> SQL, …
//! ```
//!
//! The keys of a batch are read and hashed once, before the exchange. It works behind any source that hands out rows.

mod fields;
mod keys;
mod texts;

use arrow::datatypes::Schema;
use millstream::{DataStream, Deduplication, Fingerprint, Fingerprinted, TimeOf};
use millstream_connectors::rows::{Parsed, Rows};
use millstream_core::{Error, EventTime, Result, codes};
use serde::{Deserialize, Serialize};

use crate::parameters::{UniqueSettings, UniqueTime};
pub(super) use keys::{Keys, columns_of, fingerprint};

/// The records of `parsed` that were not there before. `schema` is that of its rows, of which those columns go on that
/// `wanted` names; all, if it is `None`.
///
/// # Errors
/// A key is not among the columns.
pub(super) fn unique(
    parsed: DataStream<Parsed>,
    settings: &UniqueSettings,
    schema: &Schema,
    wanted: Option<Vec<usize>>,
) -> Result<DataStream<Parsed>> {
    let keys = Keys::new(settings, schema)?;
    let options = Deduplication {
        within: settings.within,
        time: match settings.time {
            UniqueTime::Record => TimeOf::Record,
            UniqueTime::Clock => TimeOf::Clock,
        },
    };
    let keyed = parsed
        .flat_map(move |parsed: Parsed, out| keyed(&keys, parsed).map(|keyed| out.collect(keyed)))
        .name("Key");
    let unique = keyed.deduplicate(options).uid("deduplicate");
    let narrowed = unique
        .flat_map(move |keyed: Keyed, out| {
            narrowed(keyed.parsed, wanted.as_deref()).map(|parsed| out.collect(parsed))
        })
        .name("Unique");
    Ok(narrowed)
}

/// What a source has handed out, with the fingerprint of each row's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Keyed {
    parsed: Parsed,
    fingerprints: Vec<Option<Fingerprint>>,
}

fn keyed(keys: &Keys, parsed: Parsed) -> Result<Keyed> {
    let fingerprints = match &parsed {
        Parsed::Rows(rows) => keys.fingerprints(&rows.batch)?,
        Parsed::Bad(_) | Parsed::LeftOut(_) => Vec::new(),
    };
    Ok(Keyed {
        parsed,
        fingerprints,
    })
}

/// Without the columns that were read for the key alone.
fn narrowed(parsed: Parsed, wanted: Option<&[usize]>) -> Result<Parsed> {
    let (Parsed::Rows(rows), Some(wanted)) = (&parsed, wanted) else {
        return Ok(parsed);
    };
    let batch = rows.batch.project(wanted).map_err(|error| {
        Error::new(&codes::INTERNAL, "a batch lacks columns that are wanted").cause(error)
    })?;
    Ok(Parsed::Rows(Rows {
        batch,
        origin: rows.origin.clone(),
    }))
}

impl Fingerprinted for Keyed {
    fn fingerprints(&self) -> &[Option<Fingerprint>] {
        &self.fingerprints
    }

    fn time(&self, row: usize) -> Option<EventTime> {
        match &self.parsed {
            Parsed::Rows(rows) => rows.origin.time(row).map(EventTime::from_millis),
            Parsed::Bad(_) | Parsed::LeftOut(_) => None,
        }
    }

    fn place(&self) -> u64 {
        let first = match &self.parsed {
            Parsed::Rows(rows) => rows.origin.offset(0),
            Parsed::Bad(bad) => bad.first().map(|bad| bad.offset),
            Parsed::LeftOut(_) => None,
        };
        first.unwrap_or(0)
    }

    fn only(&self, numbers: &[usize]) -> Result<Self> {
        let Parsed::Rows(rows) = &self.parsed else {
            return Ok(self.clone());
        };
        let some = numbers.iter().filter_map(|row| self.fingerprints.get(*row));
        Ok(Self {
            parsed: Parsed::Rows(rows.only(numbers)?),
            fingerprints: some.copied().collect(),
        })
    }
}
