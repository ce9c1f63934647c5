/// The numbers below `end`.
fn numbers(end: u64) -> impl Source<u64> {
    IteratorSource::new(move |position: Option<u64>| {
        let next = position.unwrap_or(0);
        Ok((next..end).map(|number| Ok((number, number + 1))))
    })
}
