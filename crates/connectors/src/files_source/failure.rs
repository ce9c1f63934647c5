//! What keeps a file from being read.

use std::io;

use super::charset::marks::{Mark, UTF_8};
use super::listing::Identity;
use super::remote;

/// Why a file can't be read any further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error("it is gone")]
    Missing,
    #[error("it vanished while it was being read")]
    Vanished,
    #[error("it changed while it was being read")]
    Changed(Identity),
    #[error("the compressed data is damaged at byte {at}: {cause}")]
    Damaged { at: u64, cause: io::Error },
    #[error("the record at offset {offset} has no end within reach of the limit of {limit} bytes")]
    Endless {
        offset: u64,
        limit: usize,
        /// Another end of a line behind which it goes on.
        end: Option<&'static str>,
    },
    #[error("it is one line as it is read: its lines seem to end with `{0}`")]
    OneLine(String),
    #[error("it {0}")]
    Marked(Marked),
    #[error("its zstd window is larger than the 128 MiB that a reader takes")]
    Window,
    #[error("{0}")]
    Columns(Unfit),
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl InputError {
    /// What it means that bytes of an open file can't be read. An object that is deleted can't be read on, as a file can.
    pub(crate) fn while_reading(error: io::Error) -> Self {
        if remote::is_gone(&error) {
            Self::Vanished
        } else {
            Self::Io(error)
        }
    }
}

/// A file whose byte order mark is not that of the charset it is said to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "begins with the byte order mark of {}, and is read as {charset}, as source.charset says",
    .mark.charset
)]
pub(crate) struct Marked {
    pub(crate) mark: Mark,
    /// What it is read as.
    pub(crate) charset: &'static str,
}

impl Marked {
    /// What to do about it.
    pub(crate) fn next_step(&self) -> String {
        let told = self.mark.charset;
        let first = if self.mark.is_utf_32() {
            format!(
                "write the file in UTF-8, as {told} is none of the charsets that are read, or set"
            )
        } else if self.mark == UTF_8 {
            format!("set source.charset to {told}, take the mark off the file, or set")
        } else {
            format!("set source.charset to {told}, or set")
        };
        format!("{first} source.file.bad to skip or quarantine")
    }
}

/// Why a file of columns can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    /// What it holds makes no sense.
    #[error("{0}")]
    Damaged(String),
    /// It is read by whoever has the key.
    #[error("it is encrypted")]
    Encrypted,
    /// Its columns are not those that are read.
    #[error("{0}")]
    Schema(String),
    /// More of it would have to be held at a time than is.
    #[error("{0}")]
    Large(String),
}
