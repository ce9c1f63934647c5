//! Rows that are shown instead of being written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use crossbeam_channel::Sender;
use millstream::{Collector, DataStream};
use millstream_connectors::elasticsearch::EsSink;
use millstream_connectors::formats::{CsvRows, JsonRows};
use millstream_connectors::kafka::KafkaSink;
use millstream_connectors::rows::Rows;
use millstream_core::{Numbers, Result};

use super::target::Target;
use crate::parameters::{SinkFormat, SinkSettings};

/// How many rows are shown.
pub(crate) const SHOWN: usize = 10;

/// How a row is shown: as it would be written, where that is text.
#[derive(Clone)]
enum Form {
    Json,
    Csv,
    Message(Box<KafkaSink>),
    Document(Box<EsSink>),
}

/// Shows the first rows, and none of those behind them.
#[derive(Clone)]
pub(super) struct Peek {
    shown: Sender<String>,
    form: Form,
    /// How many are shown.
    most: usize,
    /// How many have been shown.
    count: Arc<AtomicUsize>,
}

impl Peek {
    /// Rows go to `shown`, which has room for as many as are shown.
    pub(super) fn new(shown: Sender<String>, sink: &SinkSettings, target: Target) -> Self {
        let form = match (sink, target) {
            (_, Target::Kafka(kafka)) => Form::Message(Box::new(kafka)),
            (_, Target::Elasticsearch(es)) => Form::Document(Box::new(es)),
            (SinkSettings::File(file), Target::Here) if file.format == SinkFormat::Csv => Form::Csv,
            _ => Form::Json,
        };
        Self {
            most: shown.capacity().unwrap_or(SHOWN),
            shown,
            form,
            count: Arc::default(),
        }
    }

    /// Ends a stream with what it shows.
    pub(super) fn end(self, rows: DataStream<Rows>) {
        let show = move |rows: Rows, _: &mut Collector<Rows>, numbers: &mut Numbers| {
            numbers.filtered += rows.len() as u64;
            self.show(&rows)
        };
        let shown = rows.flat_map_counting(show).name("Shown");
        shown.discard().uid("sink");
    }

    fn show(&self, rows: &Rows) -> Result<()> {
        let left = self.most.saturating_sub(self.count.load(Ordering::Relaxed));
        let batch = rows.batch.slice(0, rows.batch.num_rows().min(left));
        for line in self.form.lines(&batch)? {
            self.count.fetch_add(1, Ordering::Relaxed);
            // It fails only where nobody looks any more.
            let _gone = self.shown.try_send(line);
        }
        Ok(())
    }
}

impl Form {
    fn lines(&self, batch: &RecordBatch) -> Result<Vec<String>> {
        let numbers = 0..batch.num_rows();
        match self {
            Self::Message(sink) => sink.shown(batch),
            Self::Document(sink) => sink.shown(batch),
            Self::Json => {
                let mut rows = JsonRows::new(batch)?;
                Ok(numbers
                    .map(|row| text(|out| rows.append(row, out)))
                    .collect())
            }
            Self::Csv => {
                let mut rows = CsvRows::new(batch)?;
                Ok(numbers
                    .map(|row| text(|out| rows.append(row, out)))
                    .collect())
            }
        }
    }
}

fn text(append: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    append(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}
