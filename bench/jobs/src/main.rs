//! Jobs that are measured by `bench/run`: many distinct keys, and a slow sink.

use std::process::ExitCode;
use std::time::Duration;

use datagen::random::mix;
use millstream::connectors::function_sink::FunctionSink;
use millstream::{Arguments, EntryPoint, Environment, Parameter, Result};

// The allocator of the millstream command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SPLITS: u32 = 8;

const DISTINCT_KEYS: EntryPoint = EntryPoint {
    name: "DistinctKeys",
    description: "Counts records of many distinct keys: what does a checkpoint cost?",
    parameters: &[
        Parameter {
            name: "records",
            meaning: "records in all",
            default: Some("200000000"),
        },
        Parameter {
            name: "keys",
            meaning: "distinct keys",
            default: Some("10000000"),
        },
    ],
    build: distinct_keys,
};

const SLOW_SINK: EntryPoint = EntryPoint {
    name: "SlowSink",
    description: "A source as fast as it can and a sink of 1,000 records a second: is memory flat, are checkpoints quick?",
    parameters: &[Parameter {
        name: "records",
        meaning: "records in all",
        default: Some("60000"),
    }],
    build: slow_sink,
};

fn main() -> ExitCode {
    millstream::package::main(&[DISTINCT_KEYS, SLOW_SINK])
}

fn distinct_keys(environment: &Environment, arguments: &Arguments) -> Result<()> {
    let keys: u64 = arguments.parsed("keys")?;
    let records: u64 = arguments.parsed("records")?;
    environment
        .generate(
            SPLITS,
            Some(records / u64::from(SPLITS)),
            move |split, index| {
                (
                    mix(index * u64::from(SPLITS) + u64::from(split)) % keys,
                    1_u64,
                )
            },
        )
        .uid("keys")
        .key_by(|(key, _)| *key)
        .sum(|(_, count)| count)
        .uid("count")
        .discard();
    Ok(())
}

fn slow_sink(environment: &Environment, arguments: &Arguments) -> Result<()> {
    let records: u64 = arguments.parsed("records")?;
    let sink = FunctionSink::new(|_, _: String| {
        pause();
        Ok(())
    });
    environment
        .generate(1, Some(records), |_, index| {
            format!("record {index} {}", "x".repeat(100))
        })
        .uid("records")
        .sink_to("slow", sink)
        .uid("slow");
    Ok(())
}

/// A millisecond, the time that this sink takes for a record.
#[allow(clippy::disallowed_methods, reason = "slowness is what is measured")]
fn pause() {
    std::thread::sleep(Duration::from_millis(1));
}
