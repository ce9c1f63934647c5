//! What keeps a file from being read.

use std::io;

use super::listing::Identity;
use super::remote;

/// Why a file can't be read any further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error("it is gone")]
    Missing,
    #[error("it changed while it was being read")]
    Changed(Identity),
    #[error("the compressed data is damaged at byte {at}: {cause}")]
    Damaged { at: u64, cause: io::Error },
    #[error("the record at offset {offset} has no end within reach of the limit of {limit} bytes")]
    Endless { offset: u64, limit: usize },
    #[error(
        "it begins with the byte order mark of UTF-8, and is read as {charset}, as source.charset says"
    )]
    Marked { charset: &'static str },
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
            Self::Missing
        } else {
            Self::Io(error)
        }
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
}
