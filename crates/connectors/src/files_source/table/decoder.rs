//! Blocks of records to batches of rows.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use millstream_core::{Error, Result, codes};

use super::columns::Column;
use super::fields::FieldTable;
use super::schema::{Columns, SharedColumns, names_beside_schema, names_of_head};
use super::text::to_text;
use super::tidy::Tidy;
use crate::files_source::charset::Reading;
use crate::files_source::format::Dialects;
use crate::files_source::reader::Decoded;
use crate::files_source::records::Records;
use crate::files_source::scan::Span;
use crate::files_source::text_reader::Decode;
use crate::rows::{BadRecord, Besides, Origin, Parsed, Raws, Reason, Rows};

/// Records that are cut and converted together: few enough that they stay in the processor's cache.
const TOGETHER: usize = 512;
/// A batch is handed out early when its columns have become this large, in bytes.
const LARGE: usize = 8 << 20;

/// Makes [`Parsed`] rows of records.
pub(crate) struct RowsDecoder {
    dialects: Arc<Dialects>,
    header: bool,
    projection: Option<Vec<usize>>,
    shared: SharedColumns,
    /// Known from the first file on.
    columns: Option<Arc<Columns>>,
    builders: Vec<Column>,
    rows: usize,
    file: Option<Arc<str>>,
    offsets: Vec<u64>,
    lines: Vec<u64>,
    bad: Vec<BadRecord>,
    /// The records of the rows, if they are kept.
    raws: Option<Raws>,
    table: FieldTable,
    text_spans: Vec<Span>,
}

impl RowsDecoder {
    pub(crate) fn new(
        dialects: Arc<Dialects>,
        header: bool,
        projection: Option<Vec<usize>>,
        shared: SharedColumns,
    ) -> Self {
        Self {
            dialects,
            header,
            projection,
            shared,
            columns: None,
            builders: Vec::new(),
            rows: 0,
            file: None,
            offsets: Vec::new(),
            lines: Vec::new(),
            bad: Vec::new(),
            raws: None,
            table: FieldTable::default(),
            text_spans: Vec::new(),
        }
    }

    /// The same decoder that does this to fields first.
    pub(crate) fn tidying(mut self, tidy: Tidy) -> Self {
        self.table.tidied_by(tidy);
        self
    }

    /// The same decoder that keeps records beside their rows, if `keep`.
    pub(crate) fn keeping(mut self, keep: bool) -> Self {
        self.raws = keep.then(Raws::default);
        self
    }

    fn use_columns(&mut self, columns: Arc<Columns>) {
        let types = columns.batch().fields().iter();
        // `Columns` holds no type that can't be read.
        self.builders = types.filter_map(|field| Column::new(field)).collect();
        self.columns = Some(columns);
    }

    /// Converts some records of a block, but for those that are too long.
    fn convert_short(&mut self, records: &Records<'_>, spans: &[Span]) {
        if records.first_too_long(spans).is_none() {
            return self.convert(records, spans);
        }
        for run in spans.chunk_by(|a, b| records.is_too_long(a) == records.is_too_long(b)) {
            match run.first() {
                Some(first) if records.is_too_long(first) => {
                    self.bad
                        .extend(run.iter().map(|span| records.too_long(span)));
                }
                _ => self.convert(records, run),
            }
        }
    }

    /// Converts some records of a block. If their bytes are not all text, one by one.
    fn convert(&mut self, records: &Records<'_>, spans: &[Span]) {
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
            return;
        };
        let dialects = Arc::clone(&self.dialects);
        let bytes = records
            .bytes
            .get(first.start as usize..last.end as usize)
            .unwrap_or_default();
        let malformed = records.is_malformed(first.start, last.end);
        let text = to_text(dialects.reading, bytes).filter(|_| !malformed);
        let Some(text) = text else {
            if let [span] = spans {
                let charset = dialects.reading.name();
                let error = format!("bytes that are not {charset}");
                let bad = records.bad(span, Reason::Charset, None, error);
                self.bad.push(bad);
                return;
            }
            spans
                .iter()
                .for_each(|span| self.convert(records, std::slice::from_ref(span)));
            return;
        };
        let mut text = text.as_bytes();
        let joined;
        let wanted = self
            .columns
            .as_ref()
            .map_or(0, |columns| columns.names().len());
        self.table.clear(wanted, spans.len());
        if !self.table.find_plain(&dialects.text, text) {
            if let Reading::Cut(_) = dialects.reading {
                joined = self.join(records, spans);
                text = joined.as_bytes();
                self.table.find(&dialects.text, text, &self.text_spans);
            } else {
                self.locate(first.start, spans);
                self.table
                    .find_in_text(&dialects.text, text, &self.text_spans);
            }
        }
        self.table.tidy(text);
        self.note_misshapen(records, spans, wanted);
        self.append(records, spans, text);
    }

    /// Where the records lie in their text, which are the bytes from `base` on.
    fn locate(&mut self, base: u32, spans: &[Span]) {
        self.text_spans.clear();
        let moved = |span: &Span| Span {
            start: span.start - base,
            end: span.end - base,
            ..*span
        };
        self.text_spans.extend(spans.iter().map(moved));
    }

    /// The texts of the records, one behind the other. A record that is longer or shorter in its charset than in
    /// UTF-8 ends elsewhere, so each is decoded alone.
    fn join(&mut self, records: &Records<'_>, spans: &[Span]) -> String {
        self.text_spans.clear();
        let mut joined = String::new();
        for span in spans {
            let bytes = records
                .bytes
                .get(span.start as usize..span.end as usize)
                .unwrap_or_default();
            let start = joined.len() as u32;
            // All of them together are text, as is known.
            joined.push_str(&to_text(self.dialects.reading, bytes).unwrap_or_default());
            self.text_spans.push(Span {
                start,
                end: joined.len() as u32,
                ..*span
            });
        }
        joined
    }

    fn note_misshapen(&mut self, records: &Records<'_>, spans: &[Span], wanted: usize) {
        for (record, shape) in self.table.misshapen() {
            let Some(span) = spans.get(*record as usize) else {
                continue;
            };
            let (column, error) = shape.in_words(wanted, |field| self.name(field));
            self.bad
                .push(records.bad(span, shape.reason(), column, error));
        }
    }

    fn name(&self, field: usize) -> Option<String> {
        let columns = self.columns.as_ref()?;
        columns.names().get(field).cloned()
    }

    /// Appends the rows of the table to the columns. Rows with a value that does not fit are set aside
    /// and the others are converted again.
    fn append(&mut self, records: &Records<'_>, spans: &[Span], text: &[u8]) {
        let Some(columns) = self.columns.clone() else {
            return;
        };
        let mut misfits: Vec<(usize, usize, String)> = Vec::new();
        loop {
            for (place, (builder, column)) in
                self.builders.iter_mut().zip(columns.wanted()).enumerate()
            {
                let (table, kind) = (&self.table, builder.kind());
                builder.append(table, *column, text, &mut |row, field| {
                    let value = String::from_utf8_lossy(table.content(text, field));
                    misfits.push((row, place, format!("`{}` is not {kind}", shortened(&value))));
                });
            }
            if misfits.is_empty() {
                break;
            }
            self.builders
                .iter_mut()
                .for_each(|builder| builder.truncate(self.rows));
            self.set_aside(records, spans, &columns, &mut misfits);
        }
        self.rows += self.table.rows();
        for record in self.table.records() {
            let Some(span) = spans.get(*record as usize) else {
                continue;
            };
            self.offsets.push(records.offset(span));
            self.lines.push(records.line(span).unwrap_or(0));
            if let Some(raws) = &mut self.raws {
                raws.push(Some(records.raw(span)), Besides::default());
            }
        }
    }

    fn set_aside(
        &mut self,
        records: &Records<'_>,
        spans: &[Span],
        columns: &Columns,
        misfits: &mut Vec<(usize, usize, String)>,
    ) {
        // One reason for each row: the first column that does not fit.
        misfits.sort();
        misfits.dedup_by_key(|(row, _, _)| *row);
        let rows: Vec<usize> = misfits.iter().map(|(row, _, _)| *row).collect();
        for (row, place, error) in misfits.drain(..) {
            let record = self.table.records().get(row).copied().unwrap_or_default();
            let Some(span) = spans.get(record as usize) else {
                continue;
            };
            let name = columns
                .batch()
                .fields()
                .get(place)
                .map(|field| field.name().clone());
            self.bad.push(records.bad(span, Reason::Value, name, error));
        }
        self.table.remove_rows(&rows);
    }
}

impl Decode<Parsed> for RowsDecoder {
    fn columns(&self) -> Option<Vec<String>> {
        let inferred = self
            .columns
            .as_ref()
            .filter(|columns| columns.is_inferred());
        inferred.map(|columns| columns.names().to_vec())
    }

    fn width(&self) -> Option<usize> {
        self.shared.get().map(|columns| columns.names().len())
    }

    fn restore_columns(&mut self, names: &[String]) -> Result<()> {
        if self.shared.get().is_none() {
            let columns = Columns::named(names.to_vec(), self.projection.as_deref(), self.header)?;
            // Another reader may have been quicker, with the same names.
            drop(self.shared.set(Arc::new(columns)));
        }
        if let Some(columns) = self.shared.get() {
            columns.check_head("the snapshot", names)?;
        }
        Ok(())
    }

    fn open(&mut self, file: &Arc<str>, head: Option<&[u8]>, out: &mut Vec<Parsed>) -> Result<()> {
        self.finish(out)?;
        self.file = Some(Arc::clone(file));
        let Some(head) = head else {
            if let Some(columns) = self.shared.get().cloned() {
                self.use_columns(columns);
            }
            return Ok(());
        };
        if let Some(columns) = self
            .shared
            .get()
            .filter(|columns| !columns.is_inferred())
            .cloned()
        {
            if self.header
                && let Some(names) = names_beside_schema(file, &self.dialects, head)?
            {
                columns.check_head(file, &names)?;
            }
            self.use_columns(columns);
            return Ok(());
        }
        let names = names_of_head(file, &self.dialects, head, self.header)?;
        if self.shared.get().is_none() {
            let columns = Columns::named(names.clone(), self.projection.as_deref(), self.header)?;
            drop(self.shared.set(Arc::new(columns)));
        }
        if let Some(columns) = self.shared.get().cloned() {
            if self.header {
                columns.check_head(file, &names)?;
            }
            self.use_columns(columns);
        }
        Ok(())
    }

    fn decode(
        &mut self,
        records: &Records<'_>,
        spans: &[Span],
        _: &mut Vec<Parsed>,
    ) -> Result<Decoded> {
        let (rows, bad) = (self.rows, self.bad.len());
        for spans in spans.chunks(TOGETHER) {
            self.convert_short(records, spans);
        }
        let bytes: usize = self.builders.iter().map(Column::bytes).sum();
        let bytes = bytes + self.raws.as_ref().map_or(0, Raws::bytes);
        Ok(Decoded {
            rows: self.rows - rows,
            bad: self.bad.len() - bad,
            full: bytes >= LARGE,
        })
    }

    fn finish(&mut self, out: &mut Vec<Parsed>) -> Result<()> {
        if let (true, Some(columns), Some(file)) = (self.rows > 0, &self.columns, &self.file) {
            let broken = |error| {
                Error::new(&codes::INTERNAL, "columns of a file do not fit together").cause(error)
            };
            let arrays = self
                .builders
                .iter_mut()
                .map(Column::finish)
                .collect::<Result<_, _>>();
            let batch = RecordBatch::try_new_with_options(
                Arc::clone(columns.batch()),
                arrays.map_err(broken)?,
                &RecordBatchOptions::new().with_row_count(Some(self.rows)),
            )
            .map_err(broken)?;
            let fresh = Vec::with_capacity(self.rows);
            let origin = Origin {
                file: Arc::clone(file),
                offsets: std::mem::replace(&mut self.offsets, fresh.clone()),
                lines: std::mem::replace(&mut self.lines, fresh),
                times: Vec::new(),
                raws: self.raws.as_mut().map(std::mem::take),
            };
            self.rows = 0;
            out.push(Parsed::Rows(Rows {
                batch,
                origin: Arc::new(origin),
            }));
        }
        if !self.bad.is_empty() {
            self.bad.sort_by_key(|bad| bad.offset);
            out.push(Parsed::Bad(std::mem::take(&mut self.bad)));
        }
        Ok(())
    }
}

/// The beginning of a long value, for messages.
fn shortened(value: &str) -> String {
    const LONG: usize = 80;
    match value.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}
