//! The records of a block, before they are decoded.

use std::sync::Arc;

use super::scan::Span;
use super::stream::Start;
use crate::rows::{BadRecord, Reason};

/// Records as they lie in a block.
pub(crate) struct Records<'a> {
    pub(crate) file: &'a Arc<str>,
    pub(crate) bytes: &'a [u8],
    /// Where in the bytes the cutting began, and where in the file that is.
    pub(super) from: usize,
    pub(super) start: Start,
    pub(super) malformed: &'a [u64],
    /// How long a record may be; in bytes.
    pub(super) limit: usize,
}

impl Records<'_> {
    /// The offset in the file of a record's first byte.
    pub(crate) fn offset(&self, span: &Span) -> u64 {
        self.start.offset + u64::from(span.start) - self.from as u64
    }

    /// The record's 1-based line, if it is known.
    pub(crate) fn line(&self, span: &Span) -> Option<u64> {
        (self.start.line > 0).then(|| self.start.line + u64::from(span.line))
    }

    /// Whether malformed bytes were replaced in `start..end`.
    pub(crate) fn is_malformed(&self, start: u32, end: u32) -> bool {
        let offset = |at: u32| self.start.offset + u64::from(at) - self.from as u64;
        let first = self
            .malformed
            .partition_point(|malformed| *malformed < offset(start));
        self.malformed
            .get(first)
            .is_some_and(|malformed| *malformed < offset(end))
    }

    /// Whether a record is longer than records may be.
    pub(crate) fn is_too_long(&self, span: &Span) -> bool {
        (span.end - span.start) as usize > self.limit
    }

    /// The first record that is too long. Where all of the bytes are fewer nothing has to be looked at.
    pub(crate) fn first_too_long<'s>(&self, spans: &'s [Span]) -> Option<&'s Span> {
        if self.bytes.len() <= self.limit {
            return None;
        }
        spans.iter().find(|span| self.is_too_long(span))
    }

    /// A record that is too long, as a bad one of which the beginning is kept.
    pub(crate) fn too_long(&self, span: &Span) -> BadRecord {
        let length = span.end - span.start;
        let error = format!(
            "{length} bytes, more than the {} of source.record.max.size",
            self.limit
        );
        let kept = kept(self.bytes, span.start as usize..span.end as usize);
        let span = Span {
            end: span.start + kept as u32,
            ..*span
        };
        let mut bad = self.bad(&span, Reason::TooLong, None, error);
        bad.cut = ((kept as u32) < length).then_some(u64::from(length));
        bad
    }

    /// The bytes of a record.
    pub(crate) fn raw(&self, span: &Span) -> &[u8] {
        let bytes = self.bytes.get(span.start as usize..span.end as usize);
        bytes.unwrap_or_default()
    }

    /// The record as a bad one.
    pub(crate) fn bad(
        &self,
        span: &Span,
        reason: Reason,
        column: Option<String>,
        error: String,
    ) -> BadRecord {
        BadRecord {
            raw: self.raw(span).to_vec(),
            cut: None,
            file: Arc::clone(self.file),
            line: self.line(span),
            offset: self.offset(span),
            enclosed: None,
            reason,
            column,
            error,
        }
    }
}

/// What is kept of a record that is too long; in bytes.
const KEPT: usize = 64 << 10;

/// How many bytes are kept of a record at `span`: no character of UTF-8 is cut.
fn kept(bytes: &[u8], span: std::ops::Range<usize>) -> usize {
    if span.len() <= KEPT {
        return span.len();
    }
    let continues = |length: &usize| {
        bytes
            .get(span.start + length)
            .is_some_and(|byte| byte & 0xC0 == 0x80)
    };
    let whole = (KEPT - 3..=KEPT).rev().find(|length| !continues(length));
    whole.unwrap_or(KEPT)
}
