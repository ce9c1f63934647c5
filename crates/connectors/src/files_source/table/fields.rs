//! Where the fields of records begin and end.

mod walked;

use memchr::{memchr, memmem};

use super::super::format::Dialect;
use super::super::scan::{Span, equal, find_closing};
use super::tidy::Tidy;
use crate::rows::Reason;

/// A field: where its content lies in the text, or in the table's own bytes if it had to be put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    start: u32,
    end: u32,
}

const NULL: Field = Field { start: 0, end: 0 };

/// The content was put together from several pieces.
const ASIDE: u32 = 1 << 31;
/// The content stood in quotes.
const QUOTED: u32 = 1 << 30;

impl Field {
    /// Whether it is empty and was not quoted.
    #[inline]
    pub(crate) fn is_null(self) -> bool {
        self.start == self.end
    }

    /// Bytes of its content.
    #[inline]
    pub(crate) fn length(self) -> usize {
        self.end.saturating_sub(self.start & !(ASIDE | QUOTED)) as usize
    }
}

/// The fields of some records, row by row; records with another number of fields are left out.
#[derive(Debug, Default)]
pub(crate) struct FieldTable {
    columns: usize,
    fields: Vec<Field>,
    /// For each row the number of its record.
    records: Vec<u32>,
    /// Records without a row: their number and what is wrong.
    misshapen: Vec<(u32, Misshapen)>,
    aside: Vec<u8>,
    tidy: Option<Tidy>,
}

/// Why a record is not a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misshapen {
    /// It has this many fields.
    Fields(usize),
    /// The quote that opens the field with this number (from 0) is never closed.
    OpenQuote(usize),
    /// There is text behind the closing quote of the field with this number (from 0).
    TextBehindQuote(usize),
}

impl Misshapen {
    /// What kind of thing is wrong.
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::Fields(_) => Reason::Columns,
            Self::OpenQuote(_) | Self::TextBehindQuote(_) => Reason::Quotes,
        }
    }

    /// The column that is at fault, if it is one, and what is wrong where `wanted` columns are expected.
    pub(crate) fn in_words(
        self,
        wanted: usize,
        name: impl Fn(usize) -> Option<String>,
    ) -> (Option<String>, String) {
        match self {
            Self::Fields(found) => (None, format!("{found} columns instead of {wanted}")),
            Self::OpenQuote(field) => (name(field), "a quote that is never closed".to_owned()),
            Self::TextBehindQuote(field) => (name(field), "text behind a closing quote".to_owned()),
        }
    }
}

/// Records that were found elsewhere than in delimited text, field by field.
impl FieldTable {
    /// Appends a field with this content; `None`: there is none, which is another thing than an empty one.
    pub(crate) fn put(&mut self, content: Option<&[u8]>) {
        self.fields.push(match content {
            None => NULL,
            Some(content) => {
                let start = self.aside.len() as u32;
                self.aside.extend_from_slice(content);
                Field {
                    start: start | ASIDE | QUOTED,
                    end: self.aside.len() as u32,
                }
            }
        });
    }

    /// Appends field number `column` of the first row of another table, which lies in `text`.
    pub(crate) fn put_of(&mut self, other: &Self, column: usize, text: &[u8]) {
        let field = other.column(column).next();
        let field = field.filter(|field| !field.is_null());
        self.put(field.map(|field| other.content(text, field)));
    }

    /// The record with this number has all its fields.
    pub(crate) fn end_record(&mut self, record: u32) {
        self.records.push(record);
    }

    /// How many fields there are, to [go back](Self::go_back) to.
    pub(crate) fn fields(&self) -> usize {
        self.fields.len()
    }

    /// Takes the fields out that were appended behind the first `fields`.
    pub(crate) fn go_back(&mut self, fields: usize) {
        self.fields.truncate(fields);
    }
}

impl FieldTable {
    /// Empties the table; `columns` fields are wanted in each of about `records` records.
    pub(crate) fn clear(&mut self, columns: usize, records: usize) {
        self.columns = columns;
        self.fields.clear();
        self.records.clear();
        self.misshapen.clear();
        self.aside.clear();
        self.fields.reserve(records * columns);
    }

    /// Finds the fields of all records in `text`, if there is no quote and every mark is one byte; false
    /// if it needs the [other way](Self::find).
    pub(crate) fn find_plain(&mut self, dialect: &Dialect, text: &[u8]) -> bool {
        let mut marks = dialect.quote.into_iter().chain(dialect.escape);
        let is_plain = marks.all(|mark| memchr(mark, text).is_none());
        match (
            is_plain && !dialect.any_line_end,
            dialect.delimiter.as_deref(),
            dialect.line_end.as_slice(),
        ) {
            (true, Some([delimiter]), [line_end]) => {
                self.scan(dialect, *delimiter, *line_end, text);
                true
            }
            _ => false,
        }
    }

    /// Finds the fields of the records that lie at `spans` in `text`, one by one.
    pub(crate) fn find(&mut self, dialect: &Dialect, text: &[u8], spans: &[Span]) {
        for (record, span) in spans.iter().enumerate() {
            self.find_alone(dialect, text, record, span);
        }
    }

    fn find_alone(&mut self, dialect: &Dialect, text: &[u8], record: usize, span: &Span) {
        let before = self.fields.len();
        let end = span.end as usize;
        let content = text.get(..end).unwrap_or_default();
        match self.find_in_record(dialect, content, span.start as usize) {
            Ok(()) => self.end_row(record as u32, self.fields.len() - before),
            Err(misshapen) => {
                self.fields.truncate(before);
                self.misshapen.push((record as u32, misshapen));
            }
        }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.records.len()
    }

    /// For each row the number of its record.
    pub(crate) fn records(&self) -> &[u32] {
        &self.records
    }

    /// Records that are no rows.
    pub(crate) fn misshapen(&self) -> &[(u32, Misshapen)] {
        &self.misshapen
    }

    /// The fields of one column, in the order of the rows.
    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = Field> {
        let rows = self.fields.chunks_exact(self.columns.max(1));
        rows.filter_map(move |row| row.get(column).copied())
    }

    /// A field's content.
    #[inline]
    pub(crate) fn content<'a>(&'a self, text: &'a [u8], field: Field) -> &'a [u8] {
        let (bytes, from, to) = self.place(text, field);
        bytes.get(from..to).unwrap_or_default()
    }

    /// The bytes in which a field's content lies, and where.
    #[inline]
    pub(crate) fn place<'a>(&'a self, text: &'a [u8], field: Field) -> (&'a [u8], usize, usize) {
        let bytes = if field.start & ASIDE == 0 {
            text
        } else {
            &self.aside
        };
        let from = (field.start & !(ASIDE | QUOTED)) as usize;
        (bytes, from, field.end as usize)
    }

    /// Has fields that do not stand in quotes tidied from now on.
    pub(crate) fn tidied_by(&mut self, tidy: Tidy) {
        self.tidy = Some(tidy).filter(|tidy| !tidy.is_nothing());
    }

    /// Tidies all fields that did not stand in quotes.
    pub(crate) fn tidy(&mut self, text: &[u8]) {
        let Some(tidy) = &self.tidy else {
            return;
        };
        for field in &mut self.fields {
            if field.is_null() || field.start & QUOTED != 0 {
                continue;
            }
            let aside = field.start & ASIDE;
            let bytes = if aside == 0 { text } else { &self.aside };
            let start = field.start & !ASIDE;
            let content = bytes.get(start as usize..field.end as usize);
            *field = match tidy.left(content.unwrap_or_default(), aside != 0) {
                None => NULL,
                Some((from, to)) => Field {
                    start: (start + from as u32) | aside,
                    end: start + to as u32,
                },
            };
        }
    }

    /// Takes the rows out that `bad` tells, which are in order.
    pub(crate) fn remove_rows(&mut self, bad: &[usize]) {
        let columns = self.columns;
        let mut place = 0..;
        self.fields.retain(|_| {
            place
                .next()
                .is_none_or(|at| bad.binary_search(&(at / columns)).is_err())
        });
        let mut row = 0..;
        self.records.retain(|_| {
            row.next()
                .is_none_or(|row| bad.binary_search(&row).is_err())
        });
    }

    /// Looks at 64 bytes at a time.
    fn scan(&mut self, dialect: &Dialect, delimiter: u8, line_end: u8, text: &[u8]) {
        let mut row = Row {
            start: 0,
            fields: 0,
            record: 0,
        };
        let (blocks, rest) = text.as_chunks::<64>();
        let mut base = 0_usize;
        for block in blocks {
            let mut hits = equal(block, delimiter) | equal(block, line_end);
            while hits != 0 {
                let place = hits.trailing_zeros() as usize;
                hits &= hits - 1;
                let is_delimiter = block.get(place) == Some(&delimiter);
                self.mark(dialect, text, &mut row, base + place, is_delimiter);
            }
            base += 64;
        }
        for (place, byte) in rest.iter().enumerate() {
            if *byte == delimiter || *byte == line_end {
                self.mark(dialect, text, &mut row, base + place, *byte == delimiter);
            }
        }
        if row.start < text.len() || row.fields > 0 {
            self.mark(dialect, text, &mut row, text.len(), false);
        }
    }

    /// A field ends at `end`, and unless a delimiter is there, a record.
    #[inline(always)]
    fn mark(&mut self, dialect: &Dialect, text: &[u8], row: &mut Row, end: usize, delimiter: bool) {
        if delimiter {
            self.fields.push(Field {
                start: row.start as u32,
                end: end as u32,
            });
            row.fields += 1;
            row.start = end + 1;
            return;
        }
        // At the end of the text there is no line end for a carriage return to be a part of.
        let returned = dialect.strip_cr
            && (row.start + 1..text.len()).contains(&end)
            && text.get(end - 1) == Some(&b'\r');
        let content = end - usize::from(returned);
        let blank = row.fields == 0 && content == row.start && dialect.skip_blank;
        if !blank {
            self.fields.push(Field {
                start: row.start as u32,
                end: content as u32,
            });
            self.end_row(row.record, row.fields + 1);
            row.record += 1;
        }
        row.fields = 0;
        row.start = end + 1;
    }

    /// A record with this many fields has ended, which are the last in the table.
    fn end_row(&mut self, record: u32, fields: usize) {
        if fields == self.columns {
            self.records.push(record);
        } else {
            self.fields.truncate(self.fields.len() - fields);
            self.misshapen.push((record, Misshapen::Fields(fields)));
        }
    }

    /// Finds the fields of `text[from..]`, or what is wrong with their quotes.
    fn find_in_record(
        &mut self,
        dialect: &Dialect,
        text: &[u8],
        from: usize,
    ) -> Result<(), Misshapen> {
        let before = self.fields.len();
        let mut at = from;
        loop {
            let quoted = dialect.quote.filter(|quote| text.get(at) == Some(quote));
            let number = self.fields.len() - before;
            let search = match quoted {
                None => at,
                Some(quote) => find_closing(dialect, quote, text, at + 1)
                    .ok_or(Misshapen::OpenQuote(number))?,
            };
            let delimiter = find_delimiter(dialect, text, search);
            let end = delimiter.unwrap_or(text.len());
            let field = match quoted {
                None => self.unescape(dialect, text, at, end),
                Some(_) if search != end => return Err(Misshapen::TextBehindQuote(number)),
                Some(quote) => self.unquote(dialect, quote, text, at + 1, end),
            };
            self.fields.push(field);
            match delimiter {
                None => return Ok(()),
                Some(found) => at = found + dialect.delimiter.as_ref().map_or(1, Vec::len),
            }
        }
    }

    /// The unquoted field at `text[from..end]`.
    fn unescape(&mut self, dialect: &Dialect, text: &[u8], from: usize, end: usize) -> Field {
        let content = text.get(from..end).unwrap_or_default();
        let escape = dialect
            .escape
            .filter(|escape| memchr(*escape, content).is_some());
        let Some(escape) = escape else {
            return Field {
                start: from as u32,
                end: end as u32,
            };
        };
        let tidy = self.tidy.as_ref();
        if tidy.is_some_and(|tidy| tidy.means_null(content)) {
            return NULL;
        }
        let start = self.put_aside(content, None, Some(escape));
        Field {
            start: start | ASIDE,
            end: self.aside.len() as u32,
        }
    }

    /// Puts `content` aside without the signs that say how it is meant; answers where it begins.
    fn put_aside(&mut self, content: &[u8], quote: Option<u8>, escape: Option<u8>) -> u32 {
        let start = self.aside.len();
        if let (Some(quote), None) = (quote, escape) {
            let mut rest = content;
            while let Some(found) = memchr(quote, rest) {
                let (piece, behind) = rest.split_at(found + 1);
                self.aside.extend_from_slice(piece);
                rest = behind.get(1..).unwrap_or_default();
            }
            self.aside.extend_from_slice(rest);
            return start as u32;
        }
        let mut rest = content.iter();
        while let Some(byte) = rest.next() {
            let byte = if Some(*byte) == escape || Some(*byte) == quote {
                // What follows means itself. At the very end there is nothing, and the sign does.
                rest.next().unwrap_or(byte)
            } else {
                byte
            };
            self.aside.push(*byte);
        }
        start as u32
    }

    /// The field whose quoted content begins at `from` and whose closing quote is the last byte before `end`.
    fn unquote(
        &mut self,
        dialect: &Dialect,
        quote: u8,
        text: &[u8],
        from: usize,
        end: usize,
    ) -> Field {
        let content = text.get(from..end - 1).unwrap_or_default();
        let mut marks = std::iter::once(quote).chain(dialect.escape);
        if marks.all(|mark| memchr(mark, content).is_none()) {
            return Field {
                start: from as u32 | QUOTED,
                end: (end - 1) as u32,
            };
        }
        let start = self.put_aside(content, Some(quote), dialect.escape);
        Field {
            start: start | ASIDE | QUOTED,
            end: self.aside.len() as u32,
        }
    }
}

/// The record that is being cut.
struct Row {
    start: usize,
    fields: usize,
    record: u32,
}

fn find_delimiter(dialect: &Dialect, text: &[u8], mut from: usize) -> Option<usize> {
    let delimiter = dialect.delimiter.as_deref()?;
    loop {
        let rest = text.get(from..)?;
        let found = match delimiter {
            [delimiter] => memchr(*delimiter, rest),
            delimiter => memmem::find(rest, delimiter),
        };
        let escape = dialect.escape.and_then(|escape| memchr(escape, rest));
        match (found, escape) {
            // What the escape stands before is no delimiter.
            (Some(found), Some(escape)) if escape < found => from += escape + 2,
            (found, _) => return found.map(|found| from + found),
        }
    }
}

/// A field of a record that stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lone {
    pub(crate) text: String,
    /// Whether it stood in quotes.
    pub(crate) quoted: bool,
}

/// The fields of one record without its line end; `None` if its quoting is broken.
pub(crate) fn fields_of(dialect: &Dialect, record: &str) -> Option<Vec<Lone>> {
    let mut table = FieldTable::default();
    let bytes = record.as_bytes();
    table.find_in_record(dialect, bytes, 0).ok()?;
    let lone = |field: &Field| Lone {
        text: String::from_utf8_lossy(table.content(bytes, *field)).into_owned(),
        quoted: field.start & QUOTED != 0,
    };
    Some(table.fields.iter().map(lone).collect())
}

#[cfg(test)]
mod tests;
