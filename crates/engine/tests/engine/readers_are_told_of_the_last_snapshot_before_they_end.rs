//! A job that finishes tells each reader that its last snapshot is committed, before the reader ends: what a source does behind that
//! (telling a group how far it is, taking files away) is done to the end.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::common::{RunningJob, graph, node};
use millstream_core::{CheckpointId, JobStatus, Result};
use millstream_engine::connector::{
    Limit, Source, SourceContext, SourceOutput, SourceReader, SourceSnapshot, SourceStatus,
};
use millstream_engine::graph::NodeKind;
use millstream_engine::operator::SourceFactory;

const READERS: usize = 4;
/// The end is a race of threads, so it is run as often.
const JOBS: usize = 40;

/// The snapshots that readers have heard the end of, by reader.
type Heard = Arc<Mutex<BTreeSet<(usize, CheckpointId)>>>;

struct Empty(Heard);

impl Source<u64> for Empty {
    fn is_bounded(&self) -> bool {
        true
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<u64>>> {
        Ok(Box::new(Reader {
            subtask: context.subtask,
            heard: Arc::clone(&self.0),
        }))
    }
}

struct Reader {
    subtask: usize,
    heard: Heard,
}

impl SourceReader<u64> for Reader {
    fn poll(&mut self, _: &mut SourceOutput<u64>, _: Limit) -> Result<SourceStatus> {
        Ok(SourceStatus::Ended)
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        Ok(Vec::new().into())
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        if completed {
            let mut heard = self.heard.lock().expect("no panic");
            heard.insert((self.subtask, checkpoint));
        }
        Ok(())
    }
}

#[test]
fn each_reader_of_each_job() {
    for number in 0..JOBS {
        let heard = Heard::default();
        let factory = NodeKind::Source(Arc::new(SourceFactory::new(Empty(Arc::clone(&heard)))));
        let nodes = vec![node("empty", READERS, factory, Vec::new())];
        let directory = tempfile::tempdir().expect("a directory");
        let interval = [("execution.checkpointing.interval", "1 h")];
        let job = RunningJob::start(graph(nodes), directory.path(), &interval);
        assert_eq!(job.join().status, JobStatus::Finished);
        let heard = heard.lock().expect("no panic");
        let last = heard.iter().map(|(_, checkpoint)| *checkpoint).max();
        let last = last.expect("the last snapshot");
        let told = heard.iter().filter(|(_, checkpoint)| *checkpoint == last);
        assert_eq!(told.count(), READERS, "job {number}: {heard:?}");
    }
}
