/// Keeps records in a vector that is shared, at least once.
fn memory(kept: Arc<Mutex<Vec<u64>>>) -> impl Sink<u64> {
    FunctionSink::new(move |_subtask, number| {
        kept.lock().expect("nobody panicked").push(number);
        Ok(())
    })
}
