//! From dead letters to messages: the record as it came, with what is wrong in headers.

use std::sync::Arc;

use millstream_core::{JobId, Result};
use rdkafka::message::{Header, OwnedHeaders};

use super::encode::{Encode, Given, To};
use super::envelope::headers_of;
use super::producer::Outgoing;
use crate::rows::letters::{Letter, header};

/// What a header takes besides its name and value, at most.
const AROUND_HEADER: usize = 10;

/// Makes messages of dead letters.
pub(super) struct LetterEncoder {
    topic: String,
    job: Arc<str>,
    id: String,
    /// The largest message that is taken.
    limit: usize,
    /// Whether they count as output.
    counts: bool,
}

impl LetterEncoder {
    /// For a topic that takes messages of `limit` bytes; `counts`: they are all that the sink writes.
    pub(super) fn new(topic: &str, job: Arc<str>, id: JobId, limit: usize, counts: bool) -> Self {
        Self {
            topic: topic.to_owned(),
            job,
            id: id.to_string(),
            limit,
            counts,
        }
    }

    /// The headers that say what is wrong.
    fn own(&self, letter: &Letter) -> Vec<(&'static str, String)> {
        let bad = &letter.bad;
        let mut own = vec![
            (header::ERROR, bad.error.clone()),
            (header::CODE, bad.reason.name().to_owned()),
            (header::JOB, self.job.to_string()),
            (header::JOB_ID, self.id.clone()),
            (header::TIME, letter.time.to_string()),
            (header::OFFSET, bad.offset.to_string()),
        ];
        let mut add = |name: &'static str, value: Option<String>| {
            own.extend(value.map(|value| (name, value)));
        };
        add(header::COLUMN, bad.column.clone());
        match &bad.enclosed {
            Some(enclosed) => {
                add(header::TOPIC, Some(enclosed.topic.to_string()));
                add(header::PARTITION, Some(enclosed.partition.to_string()));
                let time = enclosed.timestamp.map(|time| time.to_string());
                add(header::TIMESTAMP, time);
            }
            None => {
                add(header::FILE, Some(bad.file.to_string()));
                add(header::LINE, bad.line.map(|line| line.to_string()));
            }
        }
        add(header::CUT, bad.cut.map(|bytes| bytes.to_string()));
        own
    }
}

/// A message that is small enough.
struct Fitted<'a> {
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    headers: OwnedHeaders,
}

fn size(headers: &[(&str, String)]) -> usize {
    let sizes = headers
        .iter()
        .map(|(name, value)| name.len() + value.len() + AROUND_HEADER);
    sizes.sum()
}

/// What an error quotes may be as long as the record: it gets half of a message at most.
fn shorten(own: &mut [(&'static str, String)], limit: usize) {
    let most = limit / 2;
    let errors = own.iter_mut().filter(|(name, _)| *name == header::ERROR);
    for (_, error) in errors.filter(|(_, error)| error.len() > most) {
        let end = (0..=most).rev().find(|end| error.is_char_boundary(*end));
        error.truncate(end.unwrap_or(0));
    }
}

/// Of a record that is too large the end is left out, then its own headers, then its key.
fn fit<'a>(letter: &'a Letter, mut own: Vec<(&'static str, String)>, limit: usize) -> Fitted<'a> {
    let bad = &letter.bad;
    let enclosed = bad.enclosed.as_deref();
    shorten(&mut own, limit);
    let mut left = limit.saturating_sub(size(&own));
    let has_value = !enclosed.is_some_and(|enclosed| enclosed.without_value);
    let mut value = has_value.then_some(bad.raw.as_slice());
    let mut key = enclosed.and_then(|enclosed| enclosed.key.as_deref());
    let given = enclosed.map_or("", |enclosed| enclosed.headers.as_str());
    let key_bytes = key.map_or(0, <[u8]>::len);
    let all = value.map_or(0, <[u8]>::len) + key_bytes + given.len();
    // The reader of the source wrote them, so they can be read.
    let mut headers = headers_of(given).ok().flatten();
    if all > left {
        if bad.cut.is_none() {
            own.push((header::CUT, bad.raw.len().to_string()));
            left = limit.saturating_sub(size(&own));
        }
        if key_bytes > left {
            key = None;
        }
        left -= key.map_or(0, <[u8]>::len);
        if given.len() > left {
            headers = None;
        } else {
            left -= given.len();
        }
        value = value.map(|value| value.get(..left).unwrap_or(value));
    }
    let mut all = headers.unwrap_or_else(|| OwnedHeaders::new_with_capacity(own.len()));
    for (name, value) in &own {
        all = all.insert(Header {
            key: name,
            value: Some(value),
        });
    }
    Fitted {
        key,
        value,
        headers: all,
    }
}

impl Encode<Letter> for LetterEncoder {
    fn messages(&self, _: &Letter) -> usize {
        1
    }

    fn give(&mut self, letter: &Letter, first: usize, to: To<'_>) -> Result<Given> {
        let fitted = fit(letter, self.own(letter), self.limit);
        let message = Outgoing {
            topic: &self.topic,
            key: fitted.key,
            value: fitted.value,
            // Not that of the record: retention takes what is old.
            timestamp: Some(letter.time),
            headers: Some(fitted.headers),
            side: to.side,
        };
        let sent = first > 0 || to.send(message)?;
        let given = usize::from(sent).saturating_sub(first);
        Ok(Given {
            next: usize::from(sent),
            counted: if self.counts { given as u64 } else { 0 },
            full: !sent,
        })
    }
}

#[cfg(test)]
mod tests;
