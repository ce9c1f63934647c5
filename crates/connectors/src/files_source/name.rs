//! Names of files: bytes, as the file system has them; text only where people read them.

use std::ffi::OsStr;
use std::fmt::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use millstream_core::hash::stable_hash;

/// The name of a file below the directory of its source. Need not be UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(Arc<[u8]>);

/// What identifies a name in the ledger: its stable hash.
pub(crate) type Key = u64;

impl Name {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn of(name: &OsStr) -> Self {
        Self::new(name.as_bytes())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The hash by which the file is known in snapshots; the same on every platform.
    pub(crate) fn key(&self) -> Key {
        stable_hash(self.bytes())
    }

    /// The hidden name of the file while it is taken away. `mark`: that of the attempt which does it.
    pub(crate) fn held(&self, mark: u32) -> Self {
        let mark = format!("{mark:0MARK$x}.");
        Self::new(&[HELD, mark.as_bytes(), self.bytes()].concat())
    }

    /// Where the file lies if its directory is `directory`. The name of one that lies elsewhere ([`super::listing::several`]) is its
    /// whole path, or its URL.
    pub(crate) fn below(&self, directory: &Path) -> PathBuf {
        let name = Path::new(OsStr::from_bytes(self.bytes()));
        if is_url(self.bytes()) {
            return name.to_owned();
        }
        directory.join(name)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(self.bytes()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(self.bytes()))
    }
}

/// A path as text: bytes that are no UTF-8 and control characters as `\xff`, so that nothing is lost and no line
/// is broken.
pub(crate) fn shown(path: &Path) -> String {
    text(path.as_os_str().as_bytes())
}

fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                let mut encoded = [0; 4];
                escape(&mut text, character.encode_utf8(&mut encoded).as_bytes());
            } else {
                text.push(character);
            }
        }
        escape(&mut text, chunk.invalid());
    }
    text
}

fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string does not fail.
        let _written = write!(text, "\\x{byte:02x}");
    }
}

/// Whether a name is a URL: no name of a file in one directory holds a slash.
fn is_url(name: &[u8]) -> bool {
    memchr::memmem::find(name, b"://").is_some()
}

/// Endings of names that copying tools give to files they have not finished.
const UNFINISHED: &[&[u8]] = &[b".tmp", b".inprogress", b"._COPYING_"];

/// What the hidden names begin with; behind it comes a mark of the attempt, a dot, and the file's own name.
const HELD: &[u8] = b".ms-away-";
/// Characters in that mark.
const MARK: usize = 8;

/// The longest name of a file that can be hidden, in bytes: file systems know names of 255.
pub(crate) const LONGEST: usize = 255 - HELD.len() - MARK - 1;

/// The name of the file that lies under a hidden name, if it is one of those.
pub(crate) fn held(hidden: &[u8]) -> Option<Name> {
    let (mark, rest) = hidden.strip_prefix(HELD)?.split_at_checked(MARK)?;
    let name = rest.strip_prefix(b".").filter(|name| !name.is_empty())?;
    let is_mark = mark.iter().all(u8::is_ascii_hexdigit);
    is_mark.then(|| Name::new(name))
}

/// Whether a file of a directory is never read: names that begin with `_` or `.`, and those of files that are
/// being copied in.
pub(crate) fn is_hidden(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'_' | b'.'))
        || UNFINISHED.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::{Name, held, is_hidden};

    #[test]
    fn names_are_bytes_and_shown_as_text() {
        for (bytes, shown) in [
            (&b"a.csv"[..], "a.csv"),
            (b"\xff.csv", "\\xff.csv"),
            ("\u{e9}\u{4e2d}.csv".as_bytes(), "\u{e9}\u{4e2d}.csv"),
            (b"two\nlines", "two\\x0alines"),
        ] {
            assert_eq!(Name::new(bytes).to_string(), shown);
        }
        assert_ne!(Name::new(b"\xff").key(), Name::new(b"\xfe").key());
    }

    #[test]
    fn files_that_are_being_written_are_hidden() {
        for name in [
            ".a",
            "_a",
            "a.csv.tmp",
            "part.inprogress",
            "a.csv._COPYING_",
        ] {
            assert!(is_hidden(name.as_bytes()), "{name}");
        }
        for name in ["a", "a.csv", "tmp", "a.tmp.csv", "a_b", "COPYING"] {
            assert!(!is_hidden(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_name_is_found_in_its_hidden_one() {
        for bytes in [&b"a.csv"[..], b"\xff", b".ms-away-00000001.a"] {
            let name = Name::new(bytes);
            for mark in [0, 0xC0FFEE, u32::MAX] {
                let hidden = name.held(mark);
                assert!(is_hidden(hidden.bytes()));
                assert_eq!(held(hidden.bytes()), Some(name.clone()));
            }
        }
        for other in [
            ".ms-away-",
            ".ms-away-12345678.",
            ".ms-away-1234567x.a",
            ".ms-away-123456789.a",
            ".a",
        ] {
            assert_eq!(held(other.as_bytes()), None, "{other}");
        }
    }
}
