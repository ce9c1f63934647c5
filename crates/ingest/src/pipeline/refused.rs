//! Records that the servers of a sink refuse: the same policy, the same limits and the same dead letters as for records that are
//! found to be bad before.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use millstream_connectors::elasticsearch::Refusals;
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::EachRecord;
use millstream_connectors::rows::BadRecord;
use millstream_connectors::rows::letters::{Letter, Line};
use millstream_core::Result;
use millstream_engine::connector::Sink;

use super::bad_records::{self, Limits};
use super::dead_letter;
use super::remotes::Remotes;

/// Where dead letters of a sink go.
pub(super) type Letters = Box<dyn Sink<Letter>>;

/// What a job does with records that the servers of its sink refuse.
pub(super) struct Refused {
    limits: Limits,
    letters: Option<Letters>,
}

impl Refused {
    /// `letters`: where they go; `None`: nowhere.
    pub(super) fn new(limits: Limits, letters: Option<Letters>) -> Self {
        Self { limits, letters }
    }
}

impl Refusals for Refused {
    fn restored(&self, refused: u64) {
        self.limits.restored(refused);
    }

    fn judge(&self, refused: u64, latest: &BadRecord) -> Result<()> {
        bad_records::log(refused.saturating_sub(1), std::slice::from_ref(latest));
        self.limits.refused(refused, latest)
    }

    fn set_aside(&self, bad: BadRecord) -> Letter {
        dead_letter::set_aside(bad)
    }

    fn sink(&self) -> Option<&dyn Sink<Letter>> {
        self.letters.as_deref()
    }
}

/// Files of dead letters of the job with this name.
pub(super) fn files(path: &Path, job: &Arc<str>, remotes: Remotes) -> Letters {
    let job = Arc::clone(job);
    let lines = EachRecord::new("jsonl", move |letter: &Letter, out: &mut Vec<u8>| {
        writeln!(out, "{}", Line::of(letter, &job).to_json())
    });
    let sink = FileSink::new(path, lines)
        .stores(Some(remotes.stores))
        .clusters(Some(remotes.clusters));
    Box::new(sink)
}
