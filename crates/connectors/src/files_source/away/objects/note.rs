//! Notes of objects that were moved aside and whose copies the store names otherwise: what was uploaded in parts, or is encrypted
//! with keys of its own.
//!
//! Such a copy is known by what it holds as long as the object is there. Once that is deleted nothing would tell that it is a copy;
//! and readers that have not come to the end of the object need it, of this attempt and of the next. So a note is laid beside the
//! copy before the object is deleted. Whoever takes the copy away may take the note, too.

use std::io;
use std::path::{Path, PathBuf};

use millstream_core::hash::stable_hash;
use millstream_objects::{Object, Store, Trouble};
use serde::{Deserialize, Serialize};

use crate::files_source::listing::{Identity, key_of};
use crate::files_source::name::Name;

/// What is noted of an object, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// The name that it had below the directory of its source.
    name: String,
    /// What it was.
    was: Identity,
    /// The key of its copy.
    copy: String,
    /// What that is.
    is: Identity,
}

impl Note {
    /// Reads a note; `None`: it is none, or that of another object.
    fn read(bytes: &[u8], name: &Name, was: Identity) -> Option<Self> {
        let note: Self = serde_json::from_slice(bytes).ok()?;
        (note.name == name.to_string() && note.was == was).then_some(note)
    }
}

/// Where the note of an object lies: under a hidden name, so that nobody reads it as input.
fn place(target: &Path, name: &Name, was: Identity) -> PathBuf {
    let (size, mtime) = (was.size.to_le_bytes(), was.mtime.to_le_bytes());
    let object = [name.bytes(), size.as_slice(), mtime.as_slice()].concat();
    let note = format!("_moved-{:016x}", stable_hash(object.as_slice()));
    Name::new(note.as_bytes()).below(target)
}

/// Sees to it that the copy with this `key` in `target` can be found without the object `was`: notes it, unless its content has the
/// same name.
///
/// # Errors
/// The copy is gone, or can't be noted.
pub(super) fn keep(
    store: &Store,
    target: &Path,
    name: &Name,
    was: Identity,
    key: &str,
) -> io::Result<()> {
    let copy = store.head(key)?.ok_or(io::ErrorKind::NotFound)?;
    if was.is_copied_to(&copy) {
        return Ok(());
    }
    let note = Note {
        name: name.to_string(),
        was,
        copy: key.to_owned(),
        is: Identity::of_object(&copy),
    };
    let place = key_of(store, &place(target, name, was))?;
    store
        .put(&place, serde_json::to_vec(&note)?.into())
        .wait()?;
    Ok(())
}

/// The copy in `target` that is noted, if it is there and still what it was.
///
/// # Errors
/// The store does not tell.
pub(super) fn find(
    store: &Store,
    target: &Path,
    name: &Name,
    was: Identity,
) -> io::Result<Option<Object>> {
    let place = key_of(store, &place(target, name, was))?;
    let bytes = match store.get(&place).wait() {
        Ok((_, bytes)) => bytes,
        Err(error) if error.trouble() == Trouble::Absent => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some(note) = Note::read(&bytes, name, was) else {
        return Ok(None);
    };
    let copy = store.head(&note.copy)?;
    Ok(copy.filter(|copy| Identity::of_object(copy) == note.is))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Note, place};
    use crate::files_source::listing::Identity;
    use crate::files_source::name::Name;

    const WAS: Identity = Identity { size: 7, mtime: 8 };

    #[test]
    fn a_note_is_that_of_one_object() {
        let name = Name::new(b"day=1/a.parquet");
        let note = Note {
            name: name.to_string(),
            was: WAS,
            copy: "bad/day=1/a.parquet.1".to_owned(),
            is: Identity { size: 7, mtime: 9 },
        };
        let bytes = serde_json::to_vec(&note).expect("is written");
        assert_eq!(Note::read(&bytes, &name, WAS), Some(note));
        let later = Identity { mtime: 9, ..WAS };
        assert_eq!(Note::read(&bytes, &name, later), None, "another object");
        let other = Name::new(b"a.parquet");
        assert_eq!(Note::read(&bytes, &other, WAS), None, "another name");
        assert_eq!(Note::read(b"of somebody else", &name, WAS), None);
    }

    #[test]
    fn objects_of_one_name_have_notes_of_their_own_which_nobody_reads() {
        let name = Name::new(b"a.parquet");
        let at = |was| place(Path::new("s3://bucket/bad"), &name, was);
        let first = at(WAS);
        assert_ne!(first, at(Identity { mtime: 9, ..WAS }));
        assert_eq!(first, at(WAS));
        let shown = first.to_string_lossy();
        assert!(shown.starts_with("s3://bucket/bad/_moved-"), "{shown}");
    }
}
