//! A file as a form, as browsers and curl send it.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use millstream_core::{Error, Result, codes};

use crate::ids::random_bytes;

/// The field that Flink expects a package in.
const FIELD: &str = "jarfile";

/// A form with one file.
pub(super) struct Form {
    boundary: String,
    head: String,
    tail: String,
    file: File,
    size: u64,
}

impl Form {
    /// The form with the file at `path`.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let failed = |cause: std::io::Error| {
            let message = format!("the job package {} can't be read", path.display());
            Error::new(&codes::ENTRY_UNKNOWN, message)
                .cause(cause)
                .next("check its path and permissions")
        };
        let file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .replace(['"', '\\', '\r', '\n'], "_");
        let boundary = format!("millstream-{:032x}", u128::from_be_bytes(random_bytes()?));
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{FIELD}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        Ok(Self {
            boundary,
            head,
            tail,
            file,
            size,
        })
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Bytes in all.
    pub(super) fn length(&self) -> u64 {
        (self.head.len() + self.tail.len()) as u64 + self.size
    }

    /// The whole form; never more of the file than its size was.
    pub(super) fn into_reader(self) -> impl Read {
        Cursor::new(self.head)
            .chain(self.file.take(self.size))
            .chain(Cursor::new(self.tail))
    }
}
