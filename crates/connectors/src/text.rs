//! Text files as a source of lines.

use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    Enumerator, EnumeratorContext, Source, SourceContext, SourceReader,
};

use crate::files_source::Places;
use crate::files_source::{
    Charset, Decode, Decoded, Dialect, Dialects, Intake, MeetingPlace, Plan, ReadSizes, Reading,
    Records, Skip, Span, TextPlan, Watch, cut, root, to_text,
};

/// Everything that a [`TextFileSource`] can be told.
#[derive(Debug, Clone)]
pub struct TextFileOptions {
    /// A directory, all of whose files are read, or one file. Files `.gz` and `.zst` are decompressed.
    pub path: PathBuf,
    /// The charset of the files.
    pub charset: Charset,
    /// Whether to look for new files.
    pub watch: Watch,
    /// What becomes of files that change, are gone or can't be read.
    pub intake: Intake,
    /// How much is read at once.
    pub sizes: ReadSizes,
}

impl TextFileOptions {
    /// Reads `path` once, as UTF-8.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            charset: Charset::UTF_8,
            watch: Watch::Once,
            intake: Intake::default(),
            sizes: ReadSizes::default(),
        }
    }
}

/// Reads files line by line. A line ends with `\n` or `\r\n`, which is not a part of it; the last line of
/// a file may lack its end. Empty lines are lines.
///
/// `T` is what a line becomes: `String`, or faster `compact_str::CompactString`, or any type that can be
/// made of a `&str` (a type that parses the line makes no copy of it at all). Bytes that are not the
/// charset fail the job; `FileSource` sets such records aside instead.
///
/// Files, splits, positions and changes are dealt with as by
/// [`FileSource`](crate::files_source::FileSource).
pub struct TextFileSource<T> {
    text: TextPlan,
    lines: PhantomData<fn() -> T>,
}

impl<T> TextFileSource<T> {
    /// The source that `options` describe. Looks at the path once: what can't work fails here.
    ///
    /// # Errors
    /// The path can't be read, or holds a directory.
    pub fn new(options: TextFileOptions) -> Result<Self> {
        let dialect = Dialect::lines(b"\n");
        let dialects = Dialects {
            raw: dialect.clone(),
            text: dialect,
            reading: options.charset.reading("\r\n"),
            skip: Skip::default(),
        };
        let plan = Plan {
            root: root(&options.path, options.watch, Places::default())?,
            contents: dialects.contents(),
            watch: options.watch,
            intake: options.intake,
            sizes: options.sizes.bounded(),
            meeting: MeetingPlace::default(),
            book: None,
        };
        plan.look()?;
        Ok(Self {
            text: TextPlan {
                plan,
                dialects: Arc::new(dialects),
                head: false,
                skip_head: false,
            },
            lines: PhantomData,
        })
    }
}

impl<T: for<'a> From<&'a str> + Send + 'static> Source<T> for TextFileSource<T> {
    fn is_bounded(&self) -> bool {
        self.text.plan.is_bounded()
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<T>>> {
        let decoder = LinesDecoder {
            dialects: Arc::clone(&self.text.dialects),
            spans: Vec::new(),
        };
        Ok(Box::new(self.text.open::<T, _>(context, decoder)?))
    }

    fn enumerator(&self, context: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        self.text.plan.enumerator(context)
    }
}

/// Makes one record of each line.
struct LinesDecoder {
    dialects: Arc<Dialects>,
    spans: Vec<Span>,
}

impl LinesDecoder {
    /// The error for the first of the lines that is not text.
    fn not_text(&self, records: &Records<'_>, spans: &[Span]) -> Error {
        let reading = self.dialects.reading;
        let wrong = |span: &&Span| {
            let bytes = records.bytes.get(span.start as usize..span.end as usize);
            records.is_malformed(span.start, span.end)
                || to_text(reading, bytes.unwrap_or_default()).is_none()
        };
        let place = spans.iter().find(wrong).map_or_else(String::new, |span| {
            let line = records
                .line(span)
                .map(|line| format!(", line {line}"))
                .unwrap_or_default();
            format!(" at offset {}{line}", records.offset(span))
        });
        Error::new(
            &codes::BAD_RECORD,
            format!(
                "{}{place}: bytes that are not {}",
                records.file,
                reading.name()
            ),
        )
        .next("name the file's charset, or mend the file")
    }
}

impl<T: for<'a> From<&'a str>> Decode<T> for LinesDecoder {
    fn columns(&self) -> Option<Vec<String>> {
        None
    }

    fn restore_columns(&mut self, _: &[String]) -> Result<()> {
        Err(Error::new(
            &codes::STATE_TYPE,
            "the snapshot is that of a source of rows, not of lines",
        )
        .next("restore it with the program that wrote it"))
    }

    fn open(&mut self, _: &Arc<str>, _: Option<&[u8]>, _: &mut Vec<T>) -> Result<()> {
        Ok(())
    }

    fn decode(
        &mut self,
        records: &Records<'_>,
        spans: &[Span],
        out: &mut Vec<T>,
    ) -> Result<Decoded> {
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
            return Ok(Decoded::default());
        };
        if let Some(long) = records.first_too_long(spans) {
            let message = format!(
                "{} at offset {}: a line of {} bytes, more than `ReadSizes::record` allows",
                records.file,
                records.offset(long),
                long.end - long.start,
            );
            return Err(
                Error::new(&codes::BAD_RECORD, message).next("cut the line, or allow longer ones")
            );
        }
        let (start, end) = (first.start as usize, last.end as usize);
        let bytes = records.bytes.get(start..end).unwrap_or_default();
        let malformed = records.is_malformed(first.start, last.end);
        let text = to_text(self.dialects.reading, bytes).filter(|_| !malformed);
        let Some(text) = text else {
            return Err(self.not_text(records, spans));
        };
        out.reserve(spans.len());
        if let Reading::Cut(_) = self.dialects.reading {
            // Lines end elsewhere in decoded text. The last one is there even if it is empty.
            self.spans.clear();
            cut(
                &self.dialects.text,
                false,
                text.as_bytes(),
                0,
                spans.len(),
                &mut self.spans,
            );
            self.spans.resize(
                spans.len(),
                Span {
                    start: 0,
                    end: 0,
                    line: 0,
                },
            );
            push(&text, 0, &self.spans, out);
        } else {
            push(&text, start, spans, out);
        }
        Ok(Decoded {
            rows: spans.len(),
            ..Decoded::default()
        })
    }

    fn finish(&mut self, _: &mut Vec<T>) -> Result<()> {
        Ok(())
    }
}

fn push<T: for<'a> From<&'a str>>(text: &str, base: usize, spans: &[Span], out: &mut Vec<T>) {
    let line = |span: &Span| text.get(span.start as usize - base..span.end as usize - base);
    out.extend(
        spans
            .iter()
            .map(|span| T::from(line(span).unwrap_or_default())),
    );
}
