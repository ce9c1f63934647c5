//! Lines to batches of rows.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use millstream_core::{Error, Result, codes};

use super::look::Look;
use super::values::Values;
use crate::files_source::{Decode, Decoded, Records, Span};
use crate::rows::{BadRecord, Besides, Origin, Parsed, Raws, Reason, Rows};

/// A batch is handed out early when its lines have become this many bytes.
const LARGE: usize = 8 << 20;

/// Which of the columns are read.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Their fields in a line, in the order in which they are handed out.
    pub(super) fields: Vec<usize>,
    pub(super) schema: SchemaRef,
    /// How many columns the files have.
    pub(super) of_file: usize,
}

/// Makes rows of lines.
pub(super) struct LazyDecoder {
    look: Look,
    wanted: Wanted,
    columns: Vec<Values>,
    rows: usize,
    bytes: usize,
    file: Option<Arc<str>>,
    offsets: Vec<u64>,
    lines: Vec<u64>,
    bad: Vec<BadRecord>,
    raws: Option<Raws>,
    places: Vec<Range<usize>>,
    made: Vec<u8>,
}

impl LazyDecoder {
    pub(super) fn new(look: Look, wanted: Wanted, keep_raw: bool) -> Self {
        let types = wanted.schema.fields().iter();
        Self {
            columns: types.map(|field| Values::new(field.data_type())).collect(),
            look,
            wanted,
            rows: 0,
            bytes: 0,
            file: None,
            offsets: Vec::new(),
            lines: Vec::new(),
            bad: Vec::new(),
            raws: keep_raw.then(Raws::default),
            places: Vec::new(),
            made: Vec::new(),
        }
    }

    /// Appends the row of a line, or says why there is none.
    fn convert(&mut self, line: &[u8]) -> std::result::Result<(), (String, String)> {
        self.look
            .fields(line, self.wanted.of_file, &mut self.places);
        let place = |field: &usize| line.get(self.places.get(*field)?.clone());
        let columns = self.columns.iter().zip(&self.wanted.fields).enumerate();
        for (number, (column, field)) in columns {
            let bytes = place(field).filter(|_| column.is_text());
            if bytes.is_some_and(|bytes| std::str::from_utf8(bytes).is_err()) {
                let name = self.wanted.schema.fields().get(number);
                let name = name.map(|field| field.name().clone()).unwrap_or_default();
                return Err((name, "bytes that are not UTF-8".to_owned()));
            }
        }
        for (column, field) in self.columns.iter_mut().zip(&self.wanted.fields) {
            let content = place(field).and_then(|bytes| self.look.content(bytes, &mut self.made));
            column.append(content);
        }
        Ok(())
    }
}

impl Decode<Parsed> for LazyDecoder {
    fn columns(&self) -> Option<Vec<String>> {
        None
    }

    fn restore_columns(&mut self, _: &[String]) -> Result<()> {
        let message =
            "the snapshot is that of files that name their columns, not of a table of Hive";
        Err(Error::new(&codes::STATE_TYPE, message)
            .next("restore it with the source that wrote it"))
    }

    fn open(&mut self, file: &Arc<str>, _: Option<&[u8]>, out: &mut Vec<Parsed>) -> Result<()> {
        self.finish(out)?;
        self.file = Some(Arc::clone(file));
        Ok(())
    }

    fn decode(
        &mut self,
        records: &Records<'_>,
        spans: &[Span],
        _: &mut Vec<Parsed>,
    ) -> Result<Decoded> {
        let (rows, bad) = (self.rows, self.bad.len());
        for span in spans {
            // Of a line that is left out its end stays, and an empty line is a row here.
            if records
                .line(span)
                .is_some_and(|line| line <= self.look.skip)
            {
                continue;
            }
            if records.is_too_long(span) {
                self.bad.push(records.too_long(span));
                continue;
            }
            let line = records.raw(span);
            if let Err((column, why)) = self.convert(line) {
                let bad = records.bad(span, Reason::Charset, Some(column), why);
                self.bad.push(bad);
                continue;
            }
            self.rows += 1;
            self.bytes += line.len();
            self.offsets.push(records.offset(span));
            self.lines.push(records.line(span).unwrap_or(0));
            if let Some(raws) = &mut self.raws {
                raws.push(Some(line), Besides::default());
            }
        }
        Ok(Decoded {
            rows: self.rows - rows,
            bad: self.bad.len() - bad,
            full: self.bytes >= LARGE,
        })
    }

    fn finish(&mut self, out: &mut Vec<Parsed>) -> Result<()> {
        if let (true, Some(file)) = (self.rows > 0, &self.file) {
            let columns = self.columns.iter_mut().map(Values::finish).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
            let schema = Arc::clone(&self.wanted.schema);
            let batch = RecordBatch::try_new_with_options(schema, columns, &options);
            let batch = batch.map_err(|error| {
                let message = "columns of a file do not fit together";
                Error::new(&codes::INTERNAL, message).cause(error)
            })?;
            let origin = Origin {
                file: Arc::clone(file),
                offsets: std::mem::take(&mut self.offsets),
                lines: std::mem::take(&mut self.lines),
                times: Vec::new(),
                raws: self.raws.as_mut().map(std::mem::take),
            };
            (self.rows, self.bytes) = (0, 0);
            out.push(Parsed::Rows(Rows {
                batch,
                origin: Arc::new(origin),
            }));
        }
        if !self.bad.is_empty() {
            out.push(Parsed::Bad(std::mem::take(&mut self.bad)));
        }
        Ok(())
    }
}
