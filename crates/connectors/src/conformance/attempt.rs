//! One attempt of a source, driven as the engine drives it: an enumerator, a reader for each subtask, snapshots on disk.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use millstream_core::{CheckpointId, JobId, Lineage, MaxParallelism, Numbers, OperatorId, Result};
use millstream_engine::connector::{
    Announced, EntryMetadata, Enumerated, Enumerator, EnumeratorContext, Limit, Location,
    OperatorMetadata, Owner, RestoredSource, Snapshot, SnapshotFormat, SnapshotKind,
    SnapshotLayout, SnapshotMetadata, SnapshotRequest, SnapshotTarget, Source, SourceContext,
    SourceOutput, SourceProgress, SourceReader, SourceSnapshot, SourceStatus, StateEntry,
};

use super::wake::{Bell, Patience};

const UID: &str = "source";

/// Where a job of one source keeps its snapshots; removed when it is dropped.
#[derive(Debug)]
pub struct SourceJob {
    directory: PathBuf,
    job: JobId,
    run: AtomicU64,
    number: AtomicU64,
}

impl Default for SourceJob {
    fn default() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("millstream-source-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        // Of an earlier process with this id.
        drop(std::fs::remove_dir_all(&directory));
        let created = Self {
            directory,
            job: JobId::from_bytes([7; 16]),
            run: AtomicU64::new(0),
            number: AtomicU64::new(0),
        };
        std::fs::create_dir_all(created.checkpoints()).unwrap();
        created
    }
}

impl Drop for SourceJob {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

/// A snapshot of a source that is complete on the disk.
#[derive(Debug, Clone)]
pub struct TakenSnapshot {
    /// Its number.
    pub checkpoint: CheckpointId,
    /// Where it lies.
    pub location: Location,
    /// The entries of all readers.
    pub entries: Vec<StateEntry>,
    /// Bytes that it added to the disk.
    pub written: u64,
}

impl SourceJob {
    fn layout(&self) -> SnapshotLayout {
        SnapshotLayout::new(Location::from_path(&self.directory).unwrap(), self.job)
    }

    /// The directory of the job's checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.layout().job_directory()
    }

    /// Starts an attempt of `source` from `snapshot`, or from nothing.
    ///
    /// # Errors
    /// Those of the source.
    pub fn attempt<T: 'static>(
        &self,
        source: &dyn Source<T>,
        parallelism: usize,
        snapshot: Option<&TakenSnapshot>,
    ) -> Result<SourceAttempt<T>> {
        let snapshot = snapshot.map(|taken| Snapshot::open(&taken.location).unwrap());
        let operator = snapshot
            .as_ref()
            .map(|snapshot| snapshot.operator(UID).unwrap());
        let entries = |all: &[EntryMetadata]| {
            let entry = |entry: &EntryMetadata| StateEntry {
                key: entry.key.clone(),
                value: entry.value.clone(),
            };
            all.iter().map(entry).collect::<Vec<_>>()
        };
        let restored = operator.map(|operator| RestoredSource {
            entries: entries(&operator.metadata().enumerator),
            readers: entries(&operator.metadata().entries),
            readers_parallelism: operator.metadata().parallelism,
            operator,
        });
        self.start(source, parallelism, restored)
    }

    /// Starts an attempt of `source` from entries of readers that were written without an enumerator.
    ///
    /// # Errors
    /// Those of the source.
    pub fn attempt_from<T: 'static>(
        &self,
        source: &dyn Source<T>,
        parallelism: usize,
        entries: Vec<StateEntry>,
    ) -> Result<SourceAttempt<T>> {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let layout = self.layout();
        let format = SnapshotFormat::Native;
        let target = SnapshotTarget::checkpoint(&layout, number, format).unwrap();
        let mut operator = OperatorMetadata::new(UID, UID, parallelism);
        operator.entries = written(entries);
        let location = target.complete(&self.metadata(number, operator)).unwrap();
        let taken = TakenSnapshot {
            checkpoint: number,
            location,
            entries: Vec::new(),
            written: 0,
        };
        self.attempt(source, parallelism, Some(&taken))
    }

    fn start<T: 'static>(
        &self,
        source: &dyn Source<T>,
        parallelism: usize,
        restored: Option<RestoredSource>,
    ) -> Result<SourceAttempt<T>> {
        let run = self.run.fetch_add(1, Ordering::Relaxed) + 1;
        let bell = Bell::default();
        let progress: Vec<SourceProgress> = (0..parallelism)
            .map(|_| SourceProgress::default())
            .collect();
        let enumerator = source.enumerator(EnumeratorContext {
            job: self.job,
            uid: UID.to_owned(),
            parallelism,
            lineage: Lineage::default(),
            run,
            restored: restored.clone(),
            waker: bell.waker(),
            directory: Some(self.layout().job_directory()),
            behind: Vec::new(),
            branches: Vec::new(),
            rivals: Vec::new(),
            progress: progress.first().cloned().unwrap_or_default(),
        })?;
        let readers = progress.iter().enumerate().map(|(subtask, progress)| {
            let reader = source.open(SourceContext {
                job: self.job,
                uid: UID.to_owned(),
                subtask,
                parallelism,
                lineage: Lineage::default(),
                run,
                restored: restored.as_ref().map(|restored| {
                    let entries = restored.readers.iter();
                    let own = entries.filter(|entry| is_its(source, entry, subtask, parallelism));
                    own.cloned().collect()
                }),
                snapshot: restored.as_ref().map(|restored| restored.operator.clone()),
                waker: bell.waker(),
                progress: progress.clone(),
            })?;
            Ok(OpenReader {
                reader,
                out: SourceOutput::new(),
                ended: false,
            })
        });
        Ok(SourceAttempt {
            readers: readers.collect::<Result<_>>()?,
            enumerator,
            has_ended: false,
            held_up: None,
            counted: 0,
            progress: progress.clone(),
            bell,
        })
    }

    fn metadata(&self, number: CheckpointId, operator: OperatorMetadata) -> SnapshotMetadata {
        SnapshotMetadata {
            job_id: self.job,
            job_name: "source".to_owned(),
            checkpoint_id: number,
            kind: SnapshotKind::Checkpoint,
            format: SnapshotFormat::Native,
            drained: false,
            last: false,
            savepoint: None,
            owed_notes: Vec::new(),
            lineage: Lineage::default(),
            run: self.run.load(Ordering::Relaxed),
            numbers: Numbers::default(),
            created: number,
            millstream_version: "0".to_owned(),
            max_parallelism: MaxParallelism::DEFAULT,
            operators: vec![operator],
        }
    }
}

/// Whether the reader of a subtask gets a restored entry, as the engine hands them out.
fn is_its<T: 'static>(
    source: &dyn Source<T>,
    entry: &StateEntry,
    subtask: usize,
    parallelism: usize,
) -> bool {
    match source.owner(&entry.key, parallelism) {
        Owner::Everyone => true,
        Owner::Subtask(owner) => {
            assert!(
                owner < parallelism,
                "the owner of {} is a reader: {owner} of {parallelism}",
                entry.key
            );
            owner == subtask
        }
    }
}

fn written(entries: Vec<StateEntry>) -> Vec<EntryMetadata> {
    let entry = |entry: StateEntry| EntryMetadata {
        key: entry.key,
        value: entry.value,
    };
    entries.into_iter().map(entry).collect()
}

struct OpenReader<T> {
    reader: Box<dyn SourceReader<T>>,
    out: SourceOutput<T>,
    ended: bool,
}

/// One attempt of a source.
pub struct SourceAttempt<T: 'static> {
    readers: Vec<OpenReader<T>>,
    enumerator: Option<Box<dyn Enumerator>>,
    has_ended: bool,
    held_up: Option<String>,
    /// Bytes that the last poll counted.
    pub(super) counted: usize,
    /// What each reader reports.
    pub progress: Vec<SourceProgress>,
    bell: Bell,
}

impl<T: 'static> SourceAttempt<T> {
    /// How many readers there are.
    pub fn parallelism(&self) -> usize {
        self.readers.len()
    }

    /// Whether every reader has ended.
    pub fn has_ended(&self) -> bool {
        self.readers.iter().all(|reader| reader.ended)
    }

    /// What the enumerator waits for, if it does.
    pub fn held_up(&self) -> Option<&str> {
        self.held_up.as_deref()
    }

    /// Tells the readers what the enumerator has found; whether there was anything.
    ///
    /// # Errors
    /// Those of the source.
    pub fn announce(&mut self) -> Result<bool> {
        let mut any = false;
        while let Some(enumerator) = self.enumerator.as_mut().filter(|_| !self.has_ended) {
            match enumerator.poll()? {
                Enumerated::Found(announcement) => {
                    any = true;
                    for reader in &mut self.readers {
                        reader.reader.found(&announcement)?;
                    }
                    continue;
                }
                Enumerated::Pending(_) => self.held_up = None,
                Enumerated::HeldUp(why) => self.held_up = Some(why),
                Enumerated::Ended => self.has_ended = true,
            }
            break;
        }
        Ok(any)
    }

    /// Polls one reader once, without waiting.
    ///
    /// # Errors
    /// Those of the source.
    pub fn poll(&mut self, subtask: usize, limit: Limit) -> Result<(Vec<T>, SourceStatus)> {
        self.announce()?;
        let reader = self.readers.get_mut(subtask).unwrap();
        let status = reader.reader.poll(&mut reader.out, limit)?;
        assert!(
            !reader.ended || status == SourceStatus::Ended,
            "subtask {subtask} had ended and answers {status:?}"
        );
        reader.ended = status == SourceStatus::Ended;
        let (records, bytes) = reader.out.take();
        self.counted = bytes;
        Ok((records, status))
    }

    /// What a reader has said of the event time of a split.
    pub(super) fn announced_by(&self, subtask: usize, split: u32) -> Option<Announced> {
        self.readers.get(subtask).unwrap().out.announced_by(split)
    }

    /// Waits until the source wants to be polled, or for `at_most`.
    pub fn wait(&self, at_most: Option<Duration>) {
        self.bell.wait("a pending source", at_most);
    }

    /// Reads until there is enough, or all readers have ended.
    ///
    /// # Errors
    /// Those of the source.
    ///
    /// # Panics
    /// Nothing comes any more, and it was not enough.
    pub fn read_until(&mut self, mut enough: impl FnMut(&[T]) -> bool) -> Result<Vec<T>> {
        let mut found = Vec::new();
        let mut patience = Patience::now();
        while !enough(&found) && !self.has_ended() {
            let before = found.len();
            let mut moved = false;
            for subtask in 0..self.parallelism() {
                let (records, status) = self.poll(subtask, Limit::records(8_192))?;
                found.extend(records);
                moved |= matches!(status, SourceStatus::Ready(_));
            }
            if found.len() != before {
                patience = Patience::now();
            } else if !self.has_ended() && !enough(&found) {
                patience.hold("what is to be read");
                if !moved {
                    self.wait(Some(Duration::from_millis(50)));
                }
            }
        }
        Ok(found)
    }

    /// Takes snapshot number `checkpoint` in `job`, as the engine does: the enumerator first, then every reader, before
    /// anything else is announced.
    ///
    /// # Errors
    /// Those of the source.
    pub fn snapshot(&mut self, job: &SourceJob, full: bool) -> Result<TakenSnapshot> {
        let number = job.number.fetch_add(1, Ordering::Relaxed) + 1;
        let layout = job.layout();
        let format = SnapshotFormat::Native;
        let request = SnapshotRequest {
            checkpoint: number,
            kind: SnapshotKind::Checkpoint,
            format,
            full,
        };
        let enumerator = self.enumerator.as_mut();
        let enumerated = enumerator
            .map(|enumerator| enumerator.snapshot(&request))
            .transpose()?;
        let mut entries = Vec::new();
        let mut states = Vec::new();
        for reader in &mut self.readers {
            let SourceSnapshot {
                entries: more,
                states: files,
            } = reader.reader.snapshot(number)?;
            entries.extend(more);
            states.extend(files);
        }
        let before = bytes_below(&layout.shared());
        let target = SnapshotTarget::checkpoint(&layout, number, format)?;
        let mut operator = OperatorMetadata::new(UID, UID, self.parallelism());
        operator.entries = written(entries.clone());
        let enumerated = enumerated.unwrap_or_default();
        operator.enumerator = written(enumerated.entries);
        let id = OperatorId::from_uid(UID);
        for state in states.into_iter().chain(enumerated.states) {
            for state in state.write(&[&target], id, 0) {
                operator.add_state(state?);
            }
        }
        let location = target.complete(&job.metadata(number, operator))?;
        let shared = bytes_below(&layout.shared()) - before;
        let written = shared + bytes_below(&layout.checkpoint(number));
        Ok(TakenSnapshot {
            checkpoint: number,
            location,
            entries,
            written,
        })
    }

    /// Tells everybody how a snapshot ended.
    ///
    /// # Errors
    /// Those of the source.
    pub fn ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        if let Some(enumerator) = &mut self.enumerator {
            enumerator.checkpoint_ended(checkpoint, completed)?;
        }
        for reader in &mut self.readers {
            reader.reader.checkpoint_ended(checkpoint, completed)?;
        }
        Ok(())
    }
}

fn bytes_below(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    let bytes = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.flatten().map(bytes).sum()
}
