//! What files hold, as far as those have to know who only find them.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use super::charset::Reading;
use super::decoding::Decoding;
use super::format::Dialects;
use super::listing::Compression;
use super::mark::mark_of;
use super::name::Name;
use super::scan;
use super::skipping::Skipping;

/// What files hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Text that is cut so, compressed or not.
    Text(Arc<Dialects>),
    /// Columns in groups of rows. What is compressed in them is no matter of the name.
    Columns,
}

impl Dialects {
    /// What files hold that are read so.
    pub(crate) fn contents(&self) -> Contents {
        Contents::Text(Arc::new(self.clone()))
    }
}

impl Contents {
    /// Whether a file of this name can't be split.
    pub(crate) fn is_whole(&self, name: &Name) -> bool {
        match self {
            Self::Text(dialects) => {
                is_decoded(dialects) || !dialects.skip.is_nothing() || is_compressed(name)
            }
            Self::Columns => false,
        }
    }

    /// Whether what is written behind the end of a file leaves what lies before it as it was.
    pub(crate) fn may_grow(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Whether an empty file is one that can be read.
    pub(crate) fn may_be_empty(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Whether the bytes of a file of this name tell whether it ends within a record.
    pub(crate) fn has_records(&self, name: &Name) -> bool {
        matches!(self, Self::Text(_)) && !is_compressed(name)
    }

    /// Whether the end of a line is seen in the last bytes of a file, whatever lies before.
    pub(crate) fn ends_are_raw(&self) -> bool {
        matches!(self, Self::Text(dialects) if !is_decoded(dialects))
    }

    /// Whether what stands before the end of a line may make it a part of a record.
    pub(crate) fn has_quotes(&self) -> bool {
        match self {
            Self::Text(dialects) => dialects.raw.quote.is_some() || dialects.raw.escape.is_some(),
            Self::Columns => false,
        }
    }

    /// Whether bytes of a file end with the end of a line.
    pub(crate) fn ends_line(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Text(dialects) => {
                let raw = &dialects.raw;
                bytes.ends_with(&raw.line_end) || raw.any_line_end && bytes.ends_with(b"\r")
            }
            Self::Columns => false,
        }
    }

    /// How many bytes tell whether a line ends with them.
    pub(crate) fn longest_end(&self) -> u64 {
        match self {
            Self::Text(dialects) => dialects.raw.line_end.len() as u64,
            Self::Columns => 0,
        }
    }

    /// Whether a file of these bytes ends within a record, so that what is written behind them may belong to it.
    pub(crate) fn ends_within_record(&self, bytes: &[u8]) -> bool {
        let Self::Text(dialects) = self else {
            return false;
        };
        let raw = &dialects.raw;
        if !dialects.skip.is_nothing() {
            let longest = bytes.len().max(1);
            let skipping = Skipping::new(dialects.skip.clone(), raw.clone(), longest);
            return !skipping.ends_whole(bytes);
        }
        let text = text_of(dialects.reading, bytes);
        let records = text
            .strip_prefix(mark_of(dialects.reading))
            .unwrap_or(&text);
        !scan::is_whole(raw, records)
    }
}

fn is_decoded(dialects: &Dialects) -> bool {
    matches!(dialects.reading, Reading::DecodeFirst(_))
}

fn is_compressed(name: &Name) -> bool {
    Compression::of(name.bytes()) != Compression::None
}

/// The bytes in which records are found, of all bytes of a file of which no lines are taken out.
fn text_of(reading: Reading, bytes: &[u8]) -> Cow<'_, [u8]> {
    let Reading::DecodeFirst(encoding) = reading else {
        return Cow::Borrowed(bytes);
    };
    let mut text = Vec::new();
    let mut left = Some(bytes);
    let mut read = |buffer: &mut Vec<u8>, _: usize| {
        let taken = left.take();
        buffer.extend_from_slice(taken.unwrap_or_default());
        Ok::<bool, Infallible>(taken.is_some())
    };
    let wanted = bytes.len().max(1);
    let mut decoding = Decoding::new(encoding);
    while let Ok(true) = decoding.read(&mut text, wanted, &mut read) {}
    Cow::Owned(text)
}

#[cfg(test)]
mod tests;
