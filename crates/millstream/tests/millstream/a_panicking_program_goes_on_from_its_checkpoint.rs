//! A program that panics is restarted, and its output is written exactly once all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::common::{committed_lines, environment};
use millstream::connectors::file_sink::FileSink;
use millstream::connectors::formats::TextLines;

const RECORDS: u64 = 200_000;

#[test]
fn output_is_exactly_once_over_three_panics() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = directory.path().join("out");
    let environment = environment(directory.path());
    environment
        .enable_checkpointing(Duration::from_millis(20))
        .restart_after(5, Duration::from_millis(10))
        .set_parallelism(2);
    let panics = Arc::new(AtomicU32::new(0));
    environment
        .generate(4, Some(RECORDS / 4), |split, index| {
            index * 4 + u64::from(split)
        })
        .uid("numbers")
        .map(move |n| {
            let round = panics.load(Ordering::SeqCst);
            if round < 3 && n == u64::from(round + 1) * RECORDS / 5 {
                panics.fetch_add(1, Ordering::SeqCst);
                panic!("on purpose, at {n}");
            }
            n
        })
        .key_by(|n| n % 1_000)
        .process(Running::default)
        .uid("running")
        .sink_to("files", FileSink::new(&output, TextLines))
        .uid("files");
    environment.execute("panics").expect("the job finishes");
    let mut expected: Vec<String> = (0..RECORDS)
        .map(|n| format!("{} {}", n % 1_000, n / 1_000 + 1))
        .collect();
    expected.sort();
    assert_eq!(committed_lines(&output), expected);
}

/// Numbers the records of each key from 1.
#[derive(Default)]
struct Running {
    count: Option<millstream::ValueState<u64, u64>>,
}

impl millstream::ProcessFunction<u64, u64, String> for Running {
    fn open(&mut self, context: &mut millstream::OpenContext<'_, u64>) -> millstream::Result<()> {
        self.count = Some(context.value("count")?);
        Ok(())
    }

    fn process(
        &mut self,
        _: u64,
        key: &u64,
        out: &mut millstream::Collector<String>,
    ) -> millstream::Result<()> {
        let Some(count) = &self.count else {
            return Ok(());
        };
        let next = count.get()?.unwrap_or(0) + 1;
        count.set(next)?;
        out.collect(format!("{key} {next}"));
        Ok(())
    }
}
