//! A program whose output is made by timers of event time alone, for the test that kills it. Each number has its key's timer
//! fire some time later, so every snapshot holds timers that are still to fire.

use std::process::ExitCode;
use std::time::Duration;

use millstream::connectors::file_sink::FileSink;
use millstream::connectors::formats::TextLines;
use millstream::{
    Arguments, Collector, EntryPoint, Environment, Error, EventTime, MapState, OpenContext,
    Parameter, ProcessFunction, Result, TimerState, codes,
};
use millstream_core::CheckpointId;
use millstream_engine::connector::{
    Limit, Owner, Source, SourceContext, SourceOutput, SourceReader, SourceSnapshot, SourceStatus,
    StateEntry,
};

/// How many numbers there are, by default.
const COUNT: &str = "24000";
const SPLITS: u64 = 4;
/// A multiple of the splits: the numbers of a key come from one split, in order.
const KEYS: u64 = 20;
/// How much later a number's timer fires.
const DELAY: u64 = 3_000;
/// So much later fires a timer that the key's next number takes away.
const TAKEN_AWAY: u64 = 7;

fn main() -> ExitCode {
    millstream::package::main(&[EntryPoint {
        name: "Timers",
        description: "Tells each number some time after it has come.",
        parameters: &[
            Parameter {
                name: "output",
                meaning: "the directory of the output",
                default: None,
            },
            Parameter {
                name: "count",
                meaning: "how many numbers there are",
                default: Some(COUNT),
            },
        ],
        build,
    }])
}

fn build(environment: &Environment, arguments: &Arguments) -> Result<()> {
    let count = arguments.parsed::<u64>("count")?;
    let output = arguments.require("output")?;
    environment
        .add_source("numbers", Numbers { count })
        .uid("numbers")
        .key_by(|number| number % KEYS)
        .process(move || Later {
            count,
            ..Later::default()
        })
        .uid("later")
        .sink_to("lines", FileSink::new(output, TextLines))
        .uid("lines");
    Ok(())
}

/// Tells a number when its timer fires.
#[derive(Default)]
struct Later {
    count: u64,
    timers: Option<TimerState<u64>>,
    /// The numbers that wait, by the times of their timers.
    waiting: Option<MapState<u64, u64, u64>>,
}

impl ProcessFunction<u64, u64, String> for Later {
    fn open(&mut self, context: &mut OpenContext<'_, u64>) -> Result<()> {
        self.timers = Some(context.timers()?);
        self.waiting = Some(context.map("waiting")?);
        Ok(())
    }

    fn process(&mut self, number: u64, _: &u64, _: &mut Collector<String>) -> Result<()> {
        let (Some(timers), Some(waiting)) = (&self.timers, &self.waiting) else {
            return Ok(());
        };
        timers.register(at(number + DELAY))?;
        waiting.put(number + DELAY, number)?;
        if let Some(before) = number.checked_sub(KEYS) {
            timers.delete(at(before + DELAY + TAKEN_AWAY))?;
        }
        if number + KEYS < self.count {
            timers.register(at(number + DELAY + TAKEN_AWAY))?;
        }
        Ok(())
    }

    fn timer(&mut self, time: EventTime, key: &u64, out: &mut Collector<String>) -> Result<()> {
        let Some(waiting) = &self.waiting else {
            return Ok(());
        };
        let time = time.as_millis().unsigned_abs();
        match waiting.remove(&time)? {
            Some(number) => out.collect(format!("{key} {number} {time}")),
            None => out.collect(format!("stray {key} {time}")),
        }
        Ok(())
    }
}

fn at(time: u64) -> EventTime {
    EventTime::from_millis(i64::try_from(time).unwrap_or(i64::MAX))
}

/// Numbers from 0, each at its own event time, slowly. Split s has those whose remainder by the number of splits is s.
struct Numbers {
    count: u64,
}

impl Source<u64> for Numbers {
    fn is_bounded(&self) -> bool {
        true
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<u64>>> {
        let mut splits: Vec<u64> = (0..SPLITS)
            .filter(|split| split % context.parallelism as u64 == context.subtask as u64)
            .collect();
        for entry in context.restored.iter().flatten() {
            let next = entry.value.as_u64().ok_or_else(|| {
                Error::new(&codes::STATE_TYPE, format!("{} is no number", entry.key))
            })?;
            let own = splits.iter_mut().find(|own| **own == next % SPLITS);
            own.into_iter().for_each(|own| *own = next);
        }
        Ok(Box::new(NumberReader {
            splits,
            count: self.count,
            rests: false,
        }))
    }

    fn owner(&self, key: &str, parallelism: usize) -> Owner {
        let split = key.parse::<usize>();
        split.map_or(Owner::Everyone, |split| Owner::Subtask(split % parallelism))
    }
}

struct NumberReader {
    /// The next number of each split.
    splits: Vec<u64>,
    count: u64,
    /// Whether it rests between two numbers.
    rests: bool,
}

impl SourceReader<u64> for NumberReader {
    fn poll(&mut self, out: &mut SourceOutput<u64>, _: Limit) -> Result<SourceStatus> {
        self.rests = !self.rests;
        if self.splits.iter().all(|next| *next >= self.count) {
            return Ok(SourceStatus::Ended);
        }
        if self.rests {
            return Ok(SourceStatus::Pending(Some(Duration::from_millis(1))));
        }
        let mut made = 0;
        for next in &mut self.splits {
            let split = u32::try_from(*next % SPLITS).unwrap_or_default();
            if *next >= self.count {
                out.end_split(split);
                continue;
            }
            out.push(*next);
            out.split(split).watermark(at(*next));
            *next += SPLITS;
            made += 1;
        }
        Ok(SourceStatus::Ready(made))
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        let entry = |next: &u64| StateEntry {
            key: (next % SPLITS).to_string(),
            value: (*next).into(),
        };
        let entries: Vec<_> = self.splits.iter().map(entry).collect();
        Ok(entries.into())
    }
}
