//! Counts words of a socket, fails on the line `ERROR`, and goes on from its newest checkpoint.
//!
//! The Flink program `RestoreCheckpointExample` with its names and settings: a checkpoint each second,
//! retained when the job is cancelled, at most 3 restarts, each after 10 s. Start `nc -lk 9100`, then this program, and
//! type: `a`, `a`, `b`, `ERROR`, `b`, …

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use millstream::options::{CHECKPOINT_MIN_PAUSE, CHECKPOINT_RETENTION, CHECKPOINT_TIMEOUT};
use millstream::{Arguments, EntryPoint, Environment, Error, Parameter, Result};
use serde::{Deserialize, Serialize};

/// A word and how often it has come.
#[derive(Clone, Serialize, Deserialize)]
struct WordCount {
    word: String,
    count: u64,
}

impl fmt::Display for WordCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({},{})", self.word, self.count)
    }
}

const RESTORE_CHECKPOINT: EntryPoint = EntryPoint {
    name: "com.example.RestoreCheckpointExample",
    description: "Counts words of a socket, fails on ERROR, and goes on from its newest checkpoint.",
    parameters: &[
        Parameter {
            name: "host",
            meaning: "host of the socket",
            default: Some("localhost"),
        },
        Parameter {
            name: "port",
            meaning: "port of the socket",
            default: Some("9100"),
        },
    ],
    build,
};

fn main() -> ExitCode {
    millstream::package::main(&[RESTORE_CHECKPOINT])
}

fn build(environment: &Environment, arguments: &Arguments) -> Result<()> {
    environment
        .enable_checkpointing(Duration::from_secs(1))
        .set(CHECKPOINT_MIN_PAUSE.name, "500 ms")
        .set(CHECKPOINT_TIMEOUT.name, "60 s")
        .set(CHECKPOINT_RETENTION.name, "RETAIN_ON_CANCELLATION")
        .restart_after(3, Duration::from_secs(10));
    let port = arguments.parsed::<u32>("port")?;
    let port = u16::try_from(port).map_err(|_| {
        Error::new(
            &millstream::codes::OPTION_VALUE,
            format!("--port is `{port}`, which is not a port"),
        )
        .next("give a number from 1 to 65535")
    })?;
    environment
        .socket_text_stream(arguments.require("host")?, port)
        .name("MySourceFunction")
        .uid("source")
        .flat_map(|line: String, out| {
            if line == "ERROR" {
                return Err("custom error flag, restart application");
            }
            for word in line.split_whitespace() {
                out.collect(WordCount {
                    word: word.to_owned(),
                    count: 1,
                });
            }
            Ok(())
        })
        .name("MyFlatMapFunction")
        .key_by(|counted| counted.word.clone())
        .sum(|counted| &mut counted.count)
        .name("MySumFunction")
        .uid("sum")
        .print()
        .set_parallelism(1)
        .name("MyPrintFunction")
        .uid("print");
    Ok(())
}
