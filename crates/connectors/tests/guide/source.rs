/// The numbers below `end`, all read by the first subtask.
struct Numbers {
    next: u64,
    end: u64,
}

impl Source<u64> for Numbers {
    fn is_bounded(&self) -> bool {
        true
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<u64>>> {
        let mut restored = context.restored.iter().flatten();
        let next = restored.find_map(|entry| entry.value.as_u64());
        let end = if context.subtask == 0 { self.end } else { 0 };
        let next = next.unwrap_or(self.next).min(end);
        Ok(Box::new(Numbers { next, end }))
    }

    fn owner(&self, _key: &str, _parallelism: usize) -> Owner {
        Owner::Subtask(0)
    }
}

impl SourceReader<u64> for Numbers {
    fn poll(&mut self, out: &mut SourceOutput<u64>, limit: Limit) -> Result<SourceStatus> {
        let from = self.next;
        self.next = self.end.min(from + limit.records as u64);
        out.extend(from..self.next);
        Ok(match self.next - from {
            0 => SourceStatus::Ended,
            read => SourceStatus::Ready(read as usize),
        })
    }

    fn snapshot(&mut self, _checkpoint: CheckpointId) -> Result<SourceSnapshot> {
        let (key, value) = ("next".to_owned(), self.next.into());
        let entry = (self.end > 0).then_some(StateEntry { key, value });
        Ok(Vec::from_iter(entry).into())
    }
}
