//! The dead letters themselves, wherever they lie.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use millstream_connectors::kafka::{KafkaSinkOptions, read_letters};
use millstream_connectors::rows::letters::Line;
use millstream_core::{Error, Result, codes};

use crate::parameters::DeadLetters;

/// What is done with each: where it lies, and what it is. Answers whether to go on.
pub(super) type Visit<'a> = dyn FnMut(&str, u64, Line) -> Result<bool> + 'a;

/// Reads the letters of the job with this name. `sink`: the sink of the output, where that is Kafka.
pub(super) fn each(
    place: &DeadLetters,
    sink: Option<&KafkaSinkOptions>,
    job: &str,
    visit: &mut Visit<'_>,
) -> Result<()> {
    let mut own = |place: &str, number: u64, line: Line| match &line.job {
        // Several jobs may share a topic or a directory.
        Some(other) if other != job => Ok(true),
        _ => visit(place, number, line),
    };
    match place {
        DeadLetters::Files(directory) => files(directory, &mut own),
        DeadLetters::Topic(options) => read_letters(options, &mut own),
        DeadLetters::WithOutput { topic, .. } => {
            let sink = sink.ok_or_else(|| {
                Error::new(
                    &codes::INTERNAL,
                    "dead letters go with output that is not Kafka's",
                )
            })?;
            let options = KafkaSinkOptions {
                topic: topic.clone(),
                ..sink.clone()
            };
            read_letters(&options, &mut own)
        }
    }
}

fn files(directory: &Path, visit: &mut Visit<'_>) -> Result<()> {
    let unread = |path: &Path, error: std::io::Error| {
        let message = format!("dead letters can't be read from {}", path.display());
        Error::new(&codes::DEAD_LETTERS, message)
            .cause(error)
            .next("check error.dead-letter.path of the job, and who may read it")
    };
    let directory = match directory.canonicalize() {
        // Nothing was ever written.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|error| unread(directory, error))?,
    };
    let entries = fs::read_dir(&directory).map_err(|error| unread(&directory, error))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unread(&directory, error))?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let is_visible =
            name.is_some_and(|name| !name.starts_with('.') && name.ends_with(".jsonl"));
        if is_visible && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    for path in paths {
        let place = path.display().to_string();
        let file = File::open(&path).map_err(|error| unread(&path, error))?;
        for (number, text) in (1..).zip(BufReader::new(file).lines()) {
            let text = text.map_err(|error| unread(&path, error))?;
            let line: Line = serde_json::from_str(&text).map_err(|cause| {
                let message = format!("line {number} of {place} is no dead letter");
                Error::new(&codes::DEAD_LETTERS, message)
                    .cause(cause)
                    .next("take the file out of the directory if it is another one's")
            })?;
            if !visit(&place, number, line)? {
                return Ok(());
            }
        }
    }
    Ok(())
}
