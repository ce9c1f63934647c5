//! Files of text as a source.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    Enumerator, EnumeratorContext, Source, SourceContext, SourceReader,
};

use super::decoder::{LazyDecoder, Wanted};
use super::look::Look;
use crate::files_source::{
    Dialect, Dialects, Intake, MeetingPlace, Plan, ReadSizes, Reading, Root, Skip, TextPlan, Watch,
};
use crate::rows::Parsed;

/// How files are taken in and read.
pub(in super::super) struct Options {
    pub(in super::super) watch: Watch,
    pub(in super::super) intake: Intake,
    pub(in super::super) sizes: ReadSizes,
    pub(in super::super) keep_raw: bool,
}

/// Reads lines of text as rows of a table.
#[derive(Debug, Clone)]
pub(in super::super) struct LazyTextSource {
    text: TextPlan,
    look: Look,
    wanted: Wanted,
    keep_raw: bool,
}

impl LazyTextSource {
    /// The source of the files below `root`. Looks at them once: what can't work fails here.
    ///
    /// # Errors
    /// They can't be listed, or options contradict each other.
    pub(in super::super) fn new(
        root: Root,
        look: &Look,
        columns: &SchemaRef,
        options: Options,
    ) -> Result<Self> {
        let sizes = options.sizes.bounded();
        let dialects = Arc::new(dialects(look).bounded(sizes.record));
        let plan = Plan {
            root,
            contents: dialects.contents(),
            watch: options.watch,
            intake: options.intake,
            sizes,
            meeting: MeetingPlace::default(),
            book: None,
        };
        plan.look()?;
        Ok(Self {
            text: TextPlan {
                plan,
                dialects,
                head: false,
                skip_head: false,
            },
            look: look.clone(),
            wanted: Wanted {
                fields: (0..columns.fields().len()).collect(),
                of_file: columns.fields().len(),
                schema: Arc::clone(columns),
            },
            keep_raw: options.keep_raw,
        })
    }

    /// The same source with the columns at `wanted` only, in that order.
    ///
    /// # Errors
    /// There is no such column.
    pub(in super::super) fn with_projection(mut self, wanted: Vec<usize>) -> Result<Self> {
        let all = self.wanted.schema.fields();
        let fields = wanted.iter().map(|column| all.get(*column).cloned());
        let fields: Option<Vec<_>> = fields.collect();
        let none = || {
            Error::new(
                &codes::INTERNAL,
                "a column is wanted that the table does not have",
            )
        };
        self.wanted.schema = Arc::new(Schema::new(fields.ok_or_else(none)?));
        self.wanted.fields = wanted;
        Ok(self)
    }

    /// The same source, which notes in the directory `place` what people are told of each file.
    pub(in super::super) fn with_book(mut self, place: PathBuf) -> Self {
        self.text.plan.book = Some(place);
        self
    }
}

/// Lines end as Hadoop takes them to: with `\n`, `\r\n` or `\r`.
fn dialects(look: &Look) -> Dialects {
    let mut lines = Dialect::lines(b"\n");
    lines.any_line_end = true;
    Dialects {
        raw: lines.clone(),
        text: lines,
        reading: Reading::Utf8,
        skip: Skip {
            lines: look.skip,
            comment: Vec::new(),
        },
    }
}

impl Source<Parsed> for LazyTextSource {
    fn is_bounded(&self) -> bool {
        self.text.plan.is_bounded()
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<Parsed>>> {
        let decoder = LazyDecoder::new(self.look.clone(), self.wanted.clone(), self.keep_raw);
        Ok(Box::new(self.text.open::<Parsed, _>(context, decoder)?))
    }

    fn enumerator(&self, context: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        self.text.plan.enumerator(context)
    }
}
