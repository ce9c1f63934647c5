//! Files as a source: delimited text (`csv`, `tsv`, `txt`), and columns (`parquet`, `orc`).
//!
//! An enumerator finds files for all readers, with a thread that lists the directory; a reader consists of the worker's
//! side and a thread that reads ahead.
//!
//! - [`name`], [`listing`], [`several`]: what lies in the directory, or in several that are read as one.
//! - [`intake`], [`settle`], [`seen`]: what is taken in, when, and what was. Pure. [`young`]: how old files are.
//! - [`enumerator`], [`lister`], [`journal`], [`away`], [`taken`], [`state`]: who does that, what is on the disk of it.
//! - [`piece`]: what the enumerator announces; [`meeting`]: what it hears of the readers.
//! - [`opened`]: an open file, of a disk or of an object store.
//! - [`input`], [`decoding`], [`failure`]: the bytes of a file, decompressed, and decoded where that has to come first.
//! - [`skipping`]: lines that are no records, taken out of those bytes.
//! - [`scan`], [`stream`]: where records begin; blocks of whole records. A record belongs to the split in
//!   which its first byte lies. Quoted fields may hold line ends, so whether a place is a record's start
//!   is known only by passing over everything before it, which is done at the speed of a search for quotes, and by
//!   one reader of the process ([`starts`]).
//! - [`fetch`]: the thread that reads.
//! - [`ledger`], [`layers`], [`share`]: what has been handed out of which piece; owners of splits; what goes into
//!   snapshots. Pure. [`legacy`]: what the first version wrote.
//! - [`table`]: fields, values, columns.
//! - [`records`]: the records of a block.
//! - [`reader`]: the worker's side, which knows no format; [`text_reader`]: text in it, rows or lines.
//! - [`columnar`]: files of columns, which share all that knows no format.
//! - [`counts`], [`book`]: what people are told of each file.
//! - [`contents`]: what those have to know of files who only find them.
//!
//! A source is either at rest behind the last record that was handed out, or it has failed: policy about
//! bad records is not its business, it hands them out beside the good ones.

mod away;
mod beginning;
mod book;
mod charset;
mod columnar;
mod contents;
mod counts;
mod decoding;
mod enumerator;
mod failure;
mod fetch;
mod format;
mod input;
mod intake;
mod intervals;
mod journal;
mod layers;
mod ledger;
mod legacy;
mod line_end;
mod lister;
mod listing;
mod mark;
mod meeting;
mod name;
mod opened;
mod options;
mod piece;
mod reader;
mod records;
mod remote;
mod scan;
mod seen;
mod settle;
mod share;
mod skipping;
mod starts;
mod state;
mod stream;
mod table;
mod taken;
mod text_reader;
mod young;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    Enumerator, EnumeratorContext, Source, SourceContext, SourceReader,
};
use tracing::info;

pub use charset::Charset;
pub use columnar::{
    ColumnFileOptions, ColumnFileSource, ColumnFormat, Comparison, Condition, Test,
};
pub use format::Format;
pub use options::{
    AfterCommit, Bad, Changed, FileSourceOptions, Intake, Lost, OtherDirectory, ReadSizes, Watch,
};

pub(crate) use charset::Reading;
pub(crate) use format::{Dialect, Dialects, Skip};
pub(crate) use meeting::Place as MeetingPlace;
pub(crate) use reader::{Decoded, Plan};
pub(crate) use records::Records;
pub(crate) use scan::{Span, cut};
pub(crate) use table::to_text;
#[cfg(feature = "kafka")]
pub(crate) use table::{Column, FieldTable, fields_of};
pub(crate) use text_reader::{Decode, TextPlan};

use self::input::InputError;
use self::ledger::unreadable;
#[cfg(feature = "hive")]
pub(crate) use self::listing::several::{Directories, Several};
use self::listing::volume::Volume;
use self::listing::{FoundFile, Odd, is_away, oldest, path_error};
pub(crate) use self::listing::{Places, Root};
use self::name::shown;
use self::stream::{RecordStream, Sizes};
pub(crate) use self::table::Columns;
pub use self::table::Tidy;
#[cfg(feature = "hive")]
pub(crate) use self::table::values;
use self::table::{RowsDecoder, SharedColumns, names_of_head};
use crate::rows::Parsed;

/// Reads the files of a directory as rows of a table.
///
/// Positions are byte offsets of records and belong to the snapshot; the records that come out do not
/// depend on the parallelism, nor on how often it changes. What is decided about nulls, quotes, line
/// ends and the rest is in `docs/guide/csv.md`.
///
/// `SourceStatus::Ready` counts good rows and bad records together, so that bad ones are bounded, too.
#[derive(Debug, Clone)]
pub struct FileSource {
    text: TextPlan,
    header: bool,
    schema: Option<SchemaRef>,
    projection: Option<Vec<usize>>,
    columns: SharedColumns,
    keep_raw: bool,
    tidy: Tidy,
}

impl FileSource {
    /// The source that `options` describe. Looks at the directory once: what can't work fails here, and
    /// the first file names the columns if no schema does.
    ///
    /// # Errors
    /// The path can't be read or holds a directory, options contradict each other, or a column has a type
    /// that is not read from text.
    pub fn new(options: FileSourceOptions) -> Result<Self> {
        let sizes = options.sizes.bounded();
        let dialects = Arc::new(options.format.compile()?.bounded(sizes.record));
        let header = options.format.header;
        let plan = Plan {
            root: root(
                &options.path,
                options.watch,
                Places {
                    stores: options.stores.as_ref(),
                    clusters: options.clusters.as_ref(),
                },
            )?,
            contents: dialects.contents(),
            watch: options.watch,
            intake: options.intake,
            sizes,
            meeting: MeetingPlace::default(),
            book: None,
        };
        let files = plan.look()?;
        let mut text = TextPlan {
            plan,
            dialects,
            head: header,
            skip_head: header,
        };
        let columns = match &options.schema {
            Some(schema) => Some(Columns::typed(schema, options.projection.as_deref())?),
            None => infer(&text, &files, header)?
                .map(|names| Columns::named(names, options.projection.as_deref(), header))
                .transpose()?,
        };
        text.head |= columns.is_none();
        let shared = SharedColumns::new(OnceLock::new());
        if let Some(columns) = columns {
            // Nobody else has it yet.
            drop(shared.set(Arc::new(columns)));
        }
        let (schema, projection) = (options.schema, options.projection);
        Ok(Self {
            text,
            header,
            schema,
            projection,
            columns: shared,
            keep_raw: options.keep_raw,
            tidy: options.tidy,
        })
    }

    /// All columns of a record, whatever the projection is; all of them may be null. `None`: neither a
    /// schema nor a file has told them yet.
    pub fn schema(&self) -> Option<SchemaRef> {
        if let Some(schema) = &self.schema {
            let nullable = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
            let fields: Vec<Field> = schema.fields().iter().map(nullable).collect();
            return Some(Arc::new(Schema::new(fields)));
        }
        let names = self.columns.get()?.names();
        let fields: Vec<Field> = names
            .iter()
            .map(|name| Field::new(name, DataType::Utf8, true))
            .collect();
        Some(Arc::new(Schema::new(fields)))
    }

    /// The columns of the batches that are handed out, if they are known.
    pub fn batch_schema(&self) -> Option<SchemaRef> {
        self.columns
            .get()
            .map(|columns| Arc::clone(columns.batch()))
    }

    /// The same source, which notes in the directory `place` what people are told of each file
    /// ([`millstream_core::book`]).
    #[must_use]
    pub fn with_book(mut self, place: PathBuf) -> Self {
        self.text.plan.book = Some(place);
        self
    }

    /// The same source with the columns at `wanted` only, in that order.
    ///
    /// # Errors
    /// There is no such column.
    pub fn with_projection(mut self, wanted: Vec<usize>) -> Result<Self> {
        self.projection = Some(wanted);
        let shared = SharedColumns::new(OnceLock::new());
        if let Some(columns) = self.columns.get() {
            let projection = self.projection.as_deref();
            let columns = match &self.schema {
                Some(schema) => Columns::typed(schema, projection)?,
                None => Columns::named(columns.names().to_vec(), projection, self.header)?,
            };
            drop(shared.set(Arc::new(columns)));
        }
        self.columns = shared;
        Ok(self)
    }
}

impl Source<Parsed> for FileSource {
    fn is_bounded(&self) -> bool {
        self.text.plan.is_bounded()
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<Parsed>>> {
        let decoder = RowsDecoder::new(
            Arc::clone(&self.text.dialects),
            self.header,
            self.projection.clone(),
            Arc::clone(&self.columns),
        )
        .keeping(self.keep_raw)
        .tidying(self.tidy.clone());
        Ok(Box::new(self.text.open::<Parsed, _>(context, decoder)?))
    }

    fn enumerator(&self, context: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        self.text.plan.enumerator(context)
    }
}

/// Files that are looked at for the names of the columns, at most.
const LOOKED_AT: usize = 64;

/// Where a source reads. Where the disk is away and the source may wait, the path is taken for a directory.
pub(crate) fn root(path: &Path, watch: Watch, places: Places<'_>) -> Result<Root> {
    let found = Root::at(path, places).or_else(|error| {
        let is_held = || match Root::away(path, places) {
            Ok(root) => away::put_back(&root.volume, path),
            Err(_) => false,
        };
        if error.kind() == io::ErrorKind::NotFound && is_held() {
            Root::at(path, places)
        } else {
            Err(error)
        }
    });
    match found {
        Ok(root) => Ok(root),
        Err(error) if watch != Watch::Once && is_away(&error) => {
            let away = Root::away(path, places);
            away.map_err(|error| path_error(&shown(path), &error))
        }
        Err(error) => Err(path_error(&shown(path), &error)),
    }
}

impl Plan {
    /// Looks at the path before the source runs: what can't work fails here.
    pub(crate) fn look(&self) -> Result<Vec<FoundFile>> {
        let root = &self.root;
        if let Bad::Quarantine(target) = self.bad() {
            away::prepare(root, &target, "source.file.bad.path")?;
        }
        if let AfterCommit::Move(target) = &self.intake.after_commit {
            away::prepare(root, target, "source.after.commit.path")?;
        }
        if root.store.is_some() && self.intake.changed == Changed::Append {
            let message =
                "an object is written at once and never grows, so its growth can't be followed";
            return Err(Error::new(&codes::OPTION_CONFLICT, message)
                .next("set source.file.changed to another value than append"));
        }
        if self.intake.after_commit != AfterCommit::Keep && self.intake.changed == Changed::Append {
            let message =
                "files whose growth is followed are never done with, so they can't be taken away";
            return Err(Error::new(&codes::OPTION_CONFLICT, message)
                .next("set source.after.commit to keep, or source.file.changed to another value than append"));
        }
        let bad = self.bad();
        let odd = |path: &Path, odd: Odd| match bad {
            Bad::Fail => Err(odd.error(path)),
            Bad::Skip | Bad::Quarantine(_) => Ok(()),
        };
        match self.root.walk() {
            Err(error) if self.watch != Watch::Once && is_away(&error) => Ok(Vec::new()),
            _ => oldest(&self.root, LOOKED_AT, odd),
        }
    }
}

/// The names of the columns by the first file that has a record.
fn infer(text: &TextPlan, files: &[FoundFile], header: bool) -> Result<Option<Vec<String>>> {
    let (plan, dialects) = (&text.plan, &text.dialects);
    for file in files {
        match first_record(text, file, header) {
            Ok(Some(head)) => {
                return names_of_head(&file.text, dialects, &head, header).map(Some);
            }
            Ok(None) => {}
            // Whoever has written it may have renamed it.
            Err(InputError::Vanished) => return infer(text, &plan.look()?, header),
            // What becomes of it is decided when it is read.
            Err(_) if plan.bad() != Bad::Fail => {}
            Err(error) => return Err(unreadable(&file.text, &error)),
        }
    }
    Ok(None)
}

/// Between two looks at a file whose first record has no end.
const PAUSE: Duration = Duration::from_millis(200);

/// How long such a file is waited for at most: whoever has started the job hears nothing of it meanwhile.
const PATIENCE: Duration = Duration::from_secs(20);

/// The first record of a file. One that has no end, of a file that may still be being written, is waited for as long as such files are
/// before they are read, up to a limit: what half of it holds tells no columns.
fn first_record(
    text: &TextPlan,
    file: &FoundFile,
    header: bool,
) -> Result<Option<Vec<u8>>, InputError> {
    let plan = &text.plan;
    let access = plan.access(false);
    let is_on_disk = access.store.is_none() && matches!(access.volume, Volume::Disk);
    let sizes = Sizes {
        block: plan.sizes.block,
        record: plan.sizes.record,
    };
    let patience = plan.patience().min(PATIENCE);
    let mut now = file.clone();
    let mut is_told = false;
    loop {
        let dialects = text.dialects.as_ref().clone();
        let mut stream = RecordStream::open(&now, 0, &access, dialects, sizes)?;
        let head = stream.take_head()?;
        stream.check_head(head.as_deref(), None, header)?;
        // However often it is added to, it is waited for no longer than from the first look on.
        let stood_still = file.found.elapsed().max(now.stood_still());
        if !is_on_disk || !stream.is_one_line() || stood_still >= patience {
            return Ok(head);
        }
        if !is_told {
            info!(
                file = %file.text,
                "the file is one record without its end, and tells the columns: it is waited for, as its writer may not be done"
            );
            is_told = true;
        }
        // It may end early, which is another look.
        thread::park_timeout(PAUSE);
        let identity = match plan.root.volume.identity(&file.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(InputError::Vanished);
            }
            identity => identity?,
        };
        if identity != now.identity {
            now = FoundFile::new(&plan.root.directory, file.name.clone(), identity);
        }
    }
}
