//! Directories of object stores: what lies below a key.

use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use millstream_core::hash::stable_hash;
use millstream_objects::{Entry, Object, ObjectUrl, Store, StoreError, Stores, Trouble};

use super::{DirectoryId, Entries, Identity, Kind, Listed, Odd, Root, Walk};
use crate::files_source::listing::volume::Volume;
use crate::files_source::name::{Name, is_hidden};

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

impl Identity {
    /// That of an object. Stores tell the time of a modification in seconds; in the place of what is less than that stands a number of
    /// the content, so that an object that was replaced within a second is another one.
    pub(crate) fn of_object(object: &Object) -> Self {
        let content = i64::try_from(object.content() % SECOND.unsigned_abs()).unwrap_or(0);
        Self {
            size: object.size,
            mtime: object
                .modified
                .saturating_mul(SECOND)
                .saturating_add(content),
        }
    }

    /// What stands for the first bytes of an object: its content, as the store names it. Nothing need be read for that.
    pub(crate) fn content(self) -> Vec<u8> {
        let content = self.mtime.rem_euclid(SECOND);
        content.to_le_bytes().to_vec()
    }

    /// Whether an object is a copy of one with this identity: a copy is written later.
    pub(crate) fn is_copied_to(self, copy: &Object) -> bool {
        let copy = Self::of_object(copy);
        self.size == copy.size && self.content() == copy.content()
    }

    /// Whether an object may be a copy of one with this identity that the store names otherwise: what was uploaded in parts has
    /// another name of its content than a copy of it, which is one part.
    pub(crate) fn may_be_copied_to(self, copy: &Object) -> bool {
        let copy = Self::of_object(copy);
        self.size == copy.size && self.mtime.div_euclid(SECOND) <= copy.mtime.div_euclid(SECOND)
    }
}

/// The bucket in which the files of a source lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bucket {
    store: Store,
    /// Where objects are moved that can't be read to their end.
    aside: Option<PathBuf>,
}

impl Bucket {
    fn of(store: Store) -> Self {
        Self { store, aside: None }
    }

    /// Whether what is moved there may still be read.
    pub(crate) fn is_aside(&self, target: &Path) -> bool {
        self.aside.as_deref() == Some(target)
    }
}

impl Deref for Bucket {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Root {
    /// The same, whose objects are moved `aside` where they can't be read to their end.
    pub(crate) fn with_aside(mut self, aside: Option<PathBuf>) -> Self {
        if let Some(bucket) = &mut self.store {
            bucket.aside = aside;
        }
        self
    }
}

/// The root at a URL: the one object of that key, else all that lies below it.
///
/// # Errors
/// The store does not tell.
pub(super) fn root_at(url: &ObjectUrl, stores: Option<&Stores>) -> io::Result<Root> {
    let store = open(url, stores)?;
    let whole = || Root {
        directory: PathBuf::from(url.to_string()),
        only: None,
        store: Some(Bucket::of(store.clone())),
        volume: Volume::Disk,
        several: None,
    };
    let Some((parent, name)) = url.parent() else {
        return Ok(whole());
    };
    // Some stores have directories, too, and answer for them as if they were empty objects.
    let below = store.list(&url.prefix()).next_page()?;
    if below.is_some_and(|below| !below.is_empty()) || store.head(url.key())?.is_none() {
        return Ok(whole());
    }
    Ok(Root {
        directory: PathBuf::from(parent.to_string()),
        only: Some(Name::new(name.as_bytes())),
        store: Some(Bucket::of(store)),
        volume: Volume::Disk,
        several: None,
    })
}

/// The root of a directory that can't be asked for now.
pub(super) fn root_of(url: &ObjectUrl, stores: Option<&Stores>) -> io::Result<Root> {
    Ok(Root {
        directory: PathBuf::from(url.to_string()),
        only: None,
        store: Some(Bucket::of(open(url, stores)?)),
        volume: Volume::Disk,
        several: None,
    })
}

fn open(url: &ObjectUrl, stores: Option<&Stores>) -> io::Result<Store> {
    let none = || StoreError::new(Trouble::Refused, "there are no settings of object stores");
    Ok(stores.ok_or_else(none)?.open(url.bucket())?)
}

/// What stands for the identity of a directory: there is no other of that name.
pub(super) fn directory_id(directory: &Path) -> DirectoryId {
    DirectoryId {
        device: 0,
        inode: stable_hash(directory.as_os_str().as_encoded_bytes()),
    }
}

/// Begins to list what lies below the root.
pub(super) fn walk(root: &Root, store: &Store) -> io::Result<Walk> {
    let entries = match &root.only {
        Some(name) => {
            let path = name.below(&root.directory);
            let found = store.head(&key_of(store, &path)?)?;
            let found = found.ok_or(io::ErrorKind::NotFound)?;
            Entries::Objects {
                pages: None,
                page: vec![file(name.clone(), &found)],
            }
        }
        None => {
            let url = ObjectUrl::of_path(&root.directory);
            let prefix = url.map(|url| url.prefix()).unwrap_or_default();
            Entries::Objects {
                pages: Some(store.list(&prefix)),
                page: Vec::new(),
            }
        }
    };
    Ok(Walk {
        root: root.directory.clone(),
        directory: directory_id(&root.directory),
        entries,
    })
}

/// The key of what has this path.
pub(crate) fn key_of(store: &Store, path: &Path) -> io::Result<String> {
    let elsewhere = || io::Error::other(format!("{} is not in {store:?}", path.display()));
    store.key_of(path).ok_or_else(elsewhere)
}

fn file(name: Name, object: &Object) -> Listed {
    let kind = Kind::File(Identity::of_object(object));
    Listed { name, kind }
}

/// What is read by its name, of a page of a listing.
pub(super) fn listed(entry: Entry) -> Option<Listed> {
    let listed = match entry {
        Entry::Object(name, object) => file(Name::new(name.as_bytes()), &object),
        Entry::Directory(name) => Listed {
            name: Name::new(name.as_bytes()),
            kind: Kind::Odd(Odd::Directory),
        },
    };
    (!is_hidden(listed.name.bytes())).then_some(listed)
}

#[cfg(test)]
mod tests {
    use millstream_objects::{Entry, Object};

    use super::{Identity, listed};

    fn object(modified: i64, etag: &str) -> Object {
        Object {
            key: "in/a.csv".to_owned(),
            size: 9,
            modified,
            etag: Some(etag.to_owned()),
        }
    }

    #[test]
    fn an_object_that_was_replaced_is_another_one() {
        let first = Identity::of_object(&object(5, "\"a\""));
        assert_eq!(first, Identity::of_object(&object(5, "a")));
        assert_ne!(
            first,
            Identity::of_object(&object(5, "b")),
            "another content"
        );
        let later = Identity::of_object(&object(6, "a"));
        assert!(later.mtime > first.mtime, "later");
        assert_eq!(first.content(), later.content());
        assert!(first.is_copied_to(&object(99, "a")));
        assert!(!first.is_copied_to(&object(99, "b")));
        assert!(first.may_be_copied_to(&object(99, "b")));
        assert!(
            !first.may_be_copied_to(&object(4, "b")),
            "it was there before"
        );
    }

    #[test]
    fn hidden_names_are_passed_over() {
        let named = |name: &str| listed(Entry::Object(name.to_owned(), object(1, "a")));
        assert!(named("a.csv").is_some());
        assert!(named("_SUCCESS").is_none());
        assert!(named(".part").is_none());
        assert!(listed(Entry::Directory("_temporary".to_owned())).is_none());
    }
}
