//! Counts words of files or of a socket, as a program written against the DataStream API.
//!
//! For every word the running count is handed on, as Flink's `sum` does:
//!
//! ```text
//! wordcount --input FILE
//! wordcount --socket localhost:9100
//! ```

use std::process::ExitCode;

use millstream::connectors::file_sink::FileSink;
use millstream::connectors::formats::TextLines;
use millstream::{
    Arguments, DataStream, EntryPoint, Environment, Error, Parameter, Result, Text, codes,
};

// Batches travel between threads; this allocator gives their memory back to the thread that asks next.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WORD_COUNT: EntryPoint = EntryPoint {
    name: "com.example.WordCount",
    description: "Counts words of files or of a socket; hands on the running count of every word.",
    parameters: &[
        Parameter {
            name: "input",
            meaning: "a text file, or a directory of text files",
            default: None,
        },
        Parameter {
            name: "socket",
            meaning: "HOST:PORT to read lines from, instead of --input",
            default: None,
        },
        Parameter {
            name: "output",
            meaning: "`print`, `discard`, or a directory for files that are written exactly once",
            default: Some("print"),
        },
    ],
    build,
};

fn main() -> ExitCode {
    millstream::package::main(&[WORD_COUNT])
}

fn build(environment: &Environment, arguments: &Arguments) -> Result<()> {
    let counts = count(lines(environment, arguments)?);
    match arguments.require("output")? {
        "print" => {
            counts
                .map(|(word, count)| format!("({word},{count})"))
                .name("Format")
                .print()
                .uid("print");
        }
        "discard" => {
            counts.discard().uid("discard");
        }
        directory => {
            let sink = FileSink::new(directory, TextLines);
            counts
                .map(|(word, count)| format!("{word}\t{count}"))
                .name("Format")
                .sink_to("Files", sink)
                .uid("files");
        }
    }
    Ok(())
}

fn lines(environment: &Environment, arguments: &Arguments) -> Result<DataStream<String>> {
    match (arguments.get("input"), arguments.get("socket")) {
        (Some(path), None) => Ok(environment.read_text_file(path)?.name("Lines").uid("lines")),
        (None, Some(address)) => {
            let (host, port) = parse_address(address)?;
            Ok(environment
                .socket_text_stream(host, port)
                .name("Lines")
                .uid("lines"))
        }
        (None, None) => Err(one_of_both("there is nothing to count")),
        (Some(_), Some(_)) => Err(one_of_both("--input and --socket are both given")),
    }
}

fn one_of_both(what: &str) -> Error {
    Error::new(&codes::OPTION_CONFLICT, what).next("give either --input PATH or --socket HOST:PORT")
}

fn parse_address(address: &str) -> Result<(&str, u16)> {
    let parts = address.rsplit_once(':');
    let parsed = parts.and_then(|(host, port)| Some((host, port.parse().ok()?)));
    parsed
        .filter(|(host, port)| !host.is_empty() && *port > 0)
        .ok_or_else(|| {
            Error::new(
                &codes::OPTION_VALUE,
                format!("--socket is `{address}`, which is not HOST:PORT"),
            )
            .next("give for example localhost:9000, with a port from 1 to 65535")
        })
}

fn count(lines: DataStream<String>) -> DataStream<(Text, u64)> {
    lines
        .flat_map(|line: String, out| {
            for word in line.split_ascii_whitespace() {
                out.collect((Text::from(word), 1));
            }
        })
        .name("Split")
        .key_by(|(word, _)| word.clone())
        .sum(|(_, count)| count)
        .name("Count")
        .uid("count")
}
