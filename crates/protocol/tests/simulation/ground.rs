//! What all jobs of a run share: the output of their sinks, and the truth about every record.

use millstream_core::lineage::{Author, Kin};
use millstream_core::{CheckpointId, JobId};

/// Output that a sink has made durable; an index into [`Ground::outputs`].
pub(crate) type OutputId = usize;

/// A job that nobody simulates.
pub(crate) const STRANGER: usize = 7;

pub(crate) const fn id_of(job: usize) -> JobId {
    JobId::from_bytes([job as u8 + 1; 16])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputState {
    Prepared,
    Committed,
    /// Somebody deleted it before it was committed.
    Lost,
    Removed,
}

/// Records of one sink, one bit each.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) sink: usize,
    pub(crate) records: u64,
    pub(crate) state: OutputState,
    author: Author,
    /// The boundary that it was prepared for.
    boundary: CheckpointId,
    /// The jobs in whose past it lies, one bit each.
    branches: u8,
}

impl Output {
    fn is_of(&self, job: usize) -> bool {
        self.branches & (1 << job) != 0
    }
}

#[derive(Debug, Default)]
pub(crate) struct Ground {
    pub(crate) outputs: Vec<Output>,
    /// What each sink of each job has committed, itself or before it was started, one bit a record.
    pub(crate) committed: Vec<Vec<u64>>,
    /// The records of each sink of each job that were lost with output that somebody deleted.
    pub(crate) lost: Vec<Vec<u64>>,
    /// Every event and action, where somebody wants to see them.
    pub(crate) trace: Option<String>,
}

impl Ground {
    /// Output of a job: the records of a sink.
    pub(crate) fn prepare(
        &mut self,
        job: usize,
        author: Author,
        boundary: CheckpointId,
        (sink, records): (usize, u64),
    ) -> OutputId {
        self.outputs.push(Output {
            sink,
            records,
            state: OutputState::Prepared,
            author,
            boundary,
            branches: 1 << job,
        });
        self.outputs.len() - 1
    }

    /// Commits output for a job, once. Output that was removed would be lost data. Whether another job had done so.
    pub(crate) fn commit(&mut self, id: OutputId, by: usize) -> bool {
        let output = &mut self.outputs[id];
        assert!(output.is_of(by), "it is of another branch: {output:?}");
        if matches!(output.state, OutputState::Committed | OutputState::Lost) {
            return output.branches.count_ones() > 1;
        }
        assert_eq!(
            output.state,
            OutputState::Prepared,
            "prepared output is removed: {output:?}"
        );
        for (job, committed) in self.committed.iter_mut().enumerate() {
            if !output.is_of(job) {
                continue;
            }
            let committed = &mut committed[output.sink];
            assert_eq!(
                *committed & output.records,
                0,
                "records are committed twice: {output:?}"
            );
            *committed |= output.records;
        }
        output.state = OutputState::Committed;
        false
    }

    /// Removes what is prepared and neither kept nor of a job that `kin` may not clean up after. Who had left it behind.
    pub(crate) fn remove_leftovers(&mut self, kin: &Kin, keep: &[OutputId]) -> Vec<Author> {
        let mut authors = Vec::new();
        for (id, output) in self.outputs.iter_mut().enumerate() {
            // Without records there is nothing to remove.
            if output.state == OutputState::Prepared
                && output.records != 0
                && !keep.contains(&id)
                && kin.may_remove_prepared(output.author, output.boundary)
            {
                output.state = OutputState::Removed;
                authors.push(output.author);
            }
        }
        authors
    }

    /// A job has ended: what it has left prepared is removed, but for what is kept. Whether there was anything.
    pub(crate) fn remove_at_end(&mut self, last: Author, kept: &[OutputId]) -> bool {
        let mut any = false;
        for (id, output) in self.outputs.iter_mut().enumerate() {
            let is_own = output.author.job == last.job && output.author.run <= last.run;
            if is_own
                && output.state == OutputState::Prepared
                && output.records != 0
                && !kept.contains(&id)
            {
                output.state = OutputState::Removed;
                any = true;
            }
        }
        any
    }

    /// Whether this author has prepared records that are not committed.
    pub(crate) fn has_prepared(&self, author: Author) -> bool {
        let is_his = |output: &Output| {
            output.author == author && output.state == OutputState::Prepared && output.records != 0
        };
        self.outputs.iter().any(is_his)
    }

    /// Somebody deletes output before it is committed.
    pub(crate) fn lose(&mut self, id: OutputId) {
        let output = &mut self.outputs[id];
        output.state = OutputState::Lost;
        for (job, lost) in self.lost.iter_mut().enumerate() {
            if output.is_of(job) {
                lost[output.sink] |= output.records;
            }
        }
    }

    /// The records of a job that were lost with output that somebody deleted.
    pub(crate) fn lost(&self, job: usize, sink: usize) -> u64 {
        self.lost[job][sink]
    }

    /// The first job is started.
    pub(crate) fn begin_first(&mut self, sinks: usize) {
        self.committed.push(vec![0; sinks]);
        self.lost.push(vec![0; sinks]);
    }

    /// A job is started from a snapshot that reaches up to these records, and that has `prepared` to commit.
    pub(crate) fn begin(&mut self, records: u64, prepared: &[OutputId]) {
        let job = self.committed.len();
        let sinks = self.committed.first().map_or(0, Vec::len);
        let mut committed = vec![records; sinks];
        let mut lost = vec![0; sinks];
        for id in prepared {
            let output = &mut self.outputs[*id];
            output.branches |= 1 << job;
            if output.state != OutputState::Committed {
                committed[output.sink] &= !output.records;
            }
            if output.state == OutputState::Lost {
                lost[output.sink] |= output.records;
            }
        }
        self.committed.push(committed);
        self.lost.push(lost);
    }
}
