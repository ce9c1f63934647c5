/// Keeps records in a vector that is shared, at least once.
#[derive(Clone, Default)]
struct Memory {
    records: Arc<Mutex<Vec<u64>>>,
}

impl Sink<u64> for Memory {
    fn open(&self, _context: SinkContext) -> Result<Box<dyn SinkWriter<u64>>> {
        Ok(Box::new(self.clone()))
    }

    fn committer(&self, _context: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
        Ok(Box::new(NothingToCommit))
    }
}

impl SinkWriter<u64> for Memory {
    fn write(&mut self, records: &mut Vec<u64>) -> Result<WriteStatus> {
        self.records.lock().expect("nobody panicked").append(records);
        Ok(WriteStatus::Taken)
    }

    fn prepare(&mut self, _checkpoint: CheckpointId) -> Result<Prepared> {
        Ok(Prepared::Ready(Vec::new()))
    }
}
