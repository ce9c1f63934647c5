//! An iterator as a source: records with a position each, read on from any of them.

use std::sync::Arc;

use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    Limit, Owner, Source, SourceContext, SourceOutput, SourceProgress, SourceReader,
    SourceSnapshot, SourceStatus, StateEntry,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The key of the position.
const KEY: &str = "split-0";

type Records<T, P> = Box<dyn Iterator<Item = Result<(T, P)>>>;
type Begin<T, P> = dyn Fn(Option<P>) -> Result<Records<T, P>> + Send + Sync;

/// A source of what an iterator hands out until it ends. The first subtask reads all of it, so records keep their order; the
/// others have nothing to do.
///
/// A function makes the iterator: from the beginning (`None`), or from a position, which stands in snapshots as JSON. Each
/// record comes with the position behind it; from there exactly the records behind it must come. The iterator is asked on
/// the worker's thread, so it must not wait: what does needs a reader of its own. Its error fails the job.
///
/// ```
/// use millstream_connectors::iterator_source::IteratorSource;
/// let squares = IteratorSource::new(|position: Option<u64>| {
///     let next = position.unwrap_or(0);
///     Ok((next..100).map(|number| Ok((number * number, number + 1))))
/// });
/// # drop(squares);
/// ```
pub struct IteratorSource<T, P> {
    begin: Arc<Begin<T, P>>,
}

impl<T, P> IteratorSource<T, P> {
    /// A source of the iterators that `begin` makes.
    pub fn new<I>(begin: impl Fn(Option<P>) -> Result<I> + Send + Sync + 'static) -> Self
    where
        I: Iterator<Item = Result<(T, P)>> + 'static,
    {
        Self {
            begin: Arc::new(move |position| Ok(Box::new(begin(position)?) as Records<T, P>)),
        }
    }
}

impl<T, P> Source<T> for IteratorSource<T, P>
where
    T: 'static,
    P: Serialize + DeserializeOwned + Clone + 'static,
{
    fn is_bounded(&self) -> bool {
        true
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<T>>> {
        let is_first = context.subtask == 0;
        let mut entries = context.restored.iter().flatten();
        let entry = entries.find(|_| is_first);
        let position = entry.map(position).transpose()?;
        let progress = context.progress;
        progress.files_total.set(u64::from(is_first));
        let records = is_first.then(|| (self.begin)(position.clone()));
        Ok(Box::new(IteratorReader {
            records: records.transpose()?,
            position,
            progress,
        }))
    }

    fn owner(&self, _key: &str, _parallelism: usize) -> Owner {
        Owner::Subtask(0)
    }
}

fn position<P: DeserializeOwned>(entry: &StateEntry) -> Result<P> {
    serde_json::from_value(entry.value.clone()).map_err(|error| {
        let message = format!(
            "{} in the snapshot is no position of this source",
            entry.key
        );
        Error::new(&codes::STATE_TYPE, message)
            .cause(error)
            .next("give the source the uid that it had when the snapshot was taken")
    })
}

struct IteratorReader<T, P> {
    /// `None`: they have ended.
    records: Option<Records<T, P>>,
    /// Behind the last record; `None`: at the beginning.
    position: Option<P>,
    progress: SourceProgress,
}

impl<T, P: Serialize> SourceReader<T> for IteratorReader<T, P> {
    fn poll(&mut self, out: &mut SourceOutput<T>, limit: Limit) -> Result<SourceStatus> {
        let Some(records) = &mut self.records else {
            return Ok(SourceStatus::Ended);
        };
        for read in 0..limit.records {
            let Some(record) = records.next() else {
                self.records = None;
                self.progress.files.add(1);
                return Ok(match read {
                    0 => SourceStatus::Ended,
                    read => SourceStatus::Ready(read),
                });
            };
            let (record, position) = record?;
            out.push(record);
            self.position = Some(position);
        }
        Ok(SourceStatus::Ready(limit.records))
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        let Some(position) = &self.position else {
            return Ok(SourceSnapshot::default());
        };
        let value = serde_json::to_value(position).map_err(|error| {
            Error::new(
                &codes::PROGRAM_FAILED,
                "a position can't be written as JSON",
            )
            .cause(error)
            .next("mend the `Serialize` of the position's type")
        })?;
        let key = KEY.to_owned();
        Ok(vec![StateEntry { key, value }].into())
    }
}
