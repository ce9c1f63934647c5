//! Taking objects away. There is no renaming: an object is copied and deleted, or deleted.

mod note;

use std::io;
use std::path::Path;

use millstream_core::{Error, Result, codes};
use millstream_objects::{Object, ObjectFile, ObjectUrl, Store};

use super::{NAMES, Taken};
use crate::files_source::listing::{Bucket, Identity, Root, key_of};
use crate::files_source::name::Name;

/// Takes the object of a key away, if it is the one that is meant: into the directory `target` under `name`, or for good.
///
/// What a crash leaves is the copy beside the object: the next time the copy is found, and the object is deleted. One that may still
/// be read where it is moved is deleted only when its copy [can be found](find_copy) without it.
///
/// An object that is put in the place of the meant one between the last look and the deletion is deleted with it; stores have no call
/// that would look and delete at once. Who writes under a name again that was read should not do so while it is taken away.
///
/// # Errors
/// It can't be taken away, and is where it was.
pub(crate) fn take_object(
    bucket: &Bucket,
    path: &Path,
    name: &Name,
    target: Option<&Path>,
    meant: Identity,
) -> io::Result<Taken> {
    let key = key_of(bucket, path)?;
    let Some(found) = bucket.head(&key)? else {
        return Ok(Taken::Away);
    };
    if Identity::of_object(&found) != meant {
        return Ok(Taken::PutBack);
    }
    if let Some(target) = target {
        let is_it = |copy: &Object| holds_the_same(bucket, &found, copy);
        let copy = match find(bucket, target, name, meant, is_it)? {
            Some(copy) => copy.key,
            None => {
                let copy = free_key(bucket, target, name)?;
                bucket.copy(&key, &copy)?;
                // Copying takes a while.
                let now = bucket.head(&key)?;
                if now.is_some_and(|now| Identity::of_object(&now) != meant) {
                    return Ok(Taken::PutBack);
                }
                copy
            }
        };
        if bucket.is_aside(target) {
            note::keep(bucket, target, name, meant, &copy)?;
        }
    }
    bucket.delete(&key)?;
    Ok(Taken::Away)
}

/// The copy that lies in `target`, if there is one, of an object that is not at its place any more: so by what the store calls its
/// content, or by what was noted when it was moved.
///
/// # Errors
/// The store does not tell.
pub(crate) fn find_copy(
    store: &Store,
    target: &Path,
    name: &Name,
    identity: Identity,
) -> io::Result<Option<Object>> {
    match find(store, target, name, identity, |_| Ok(false))? {
        Some(copy) => Ok(Some(copy)),
        None => note::find(store, target, name, identity),
    }
}

/// A copy; `is_it` says of one that may be it by its size and time alone whether it is.
fn find(
    store: &Store,
    target: &Path,
    name: &Name,
    identity: Identity,
    is_it: impl Fn(&Object) -> io::Result<bool>,
) -> io::Result<Option<Object>> {
    for number in 0..NAMES {
        let key = key_of(store, &super::candidate(target, name, number))?;
        let Some(found) = store.head(&key)? else {
            return Ok(None);
        };
        let is_copy =
            identity.is_copied_to(&found) || identity.may_be_copied_to(&found) && is_it(&found)?;
        if is_copy {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Bytes that are compared at once.
const COMPARED: u64 = 1 << 20;

/// Whether two objects of one size hold the same.
fn holds_the_same(store: &Store, one: &Object, other: &Object) -> io::Result<bool> {
    let open = |object: &Object| ObjectFile::open(store, &object.key, object.size, 2);
    let (first, second) = (open(one)?, open(other)?);
    for from in (0..one.size).step_by(COMPARED as usize) {
        let length = usize::try_from(COMPARED.min(one.size - from)).unwrap_or(usize::MAX);
        if first.bytes(from, length)? != second.bytes(from, length)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The first key in `target` that is free.
fn free_key(store: &Store, target: &Path, name: &Name) -> io::Result<String> {
    for number in 0..NAMES {
        let key = key_of(store, &super::candidate(target, name, number))?;
        if store.head(&key)?.is_none() {
            return Ok(key);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Checks that objects of the root can be moved to `target`.
///
/// # Errors
/// It is not in the same bucket.
pub(super) fn prepare(root: &Root, target: &Path, parameter: &str) -> Result<()> {
    let from = ObjectUrl::of_path(&root.directory);
    let to = ObjectUrl::of_path(target);
    let is_one = |from: &ObjectUrl, to: &ObjectUrl| from.bucket() == to.bucket();
    if from.zip(to).is_some_and(|(from, to)| is_one(&from, &to)) {
        return Ok(());
    }
    let message = format!(
        "{parameter} {} is not in the bucket of {}, so objects can't be moved there",
        target.display(),
        root.shown()
    );
    Err(Error::new(&codes::OPTION_VALUE, message)
        .next("name a place of the form s3://bucket/key in the same bucket"))
}
