//! What stands for directories, which object stores do not have.

use std::io;
use std::path::Path;

use millstream_objects::{Entry as Listed, ObjectUrl, Store};
use millstream_storage::{Entry, resolved};

/// The object that stands for a directory with nothing in it.
pub(crate) const MARKER: &str = "_directory";

/// Where in a store a path leads.
pub(crate) fn url_of(path: &Path) -> io::Result<ObjectUrl> {
    ObjectUrl::of_path(&resolved(path)).ok_or_else(|| {
        let what = format!("{} is no object of a store", path.display());
        io::Error::new(io::ErrorKind::InvalidInput, what)
    })
}

/// All that lies in a directory; `None`: there is none. Its marker is not told.
pub(crate) fn entries(store: &Store, directory: &ObjectUrl) -> io::Result<Option<Vec<Entry>>> {
    let mut pages = store.list(&directory.prefix());
    // A bucket that answers is there.
    let mut is_there = directory.key().is_empty();
    let mut entries = Vec::new();
    while let Some(page) = pages.next_page()? {
        is_there |= !page.is_empty();
        entries.extend(page.into_iter().filter_map(|listed| match listed {
            Listed::Object(name, _) if name == MARKER => None,
            Listed::Object(name, _) => Some(Entry {
                name: name.into(),
                is_directory: false,
            }),
            Listed::Directory(name) => Some(Entry {
                name: name.into(),
                is_directory: true,
            }),
        }));
    }
    Ok(is_there.then_some(entries))
}

/// Whether anything lies in a directory, or stands for it.
pub(crate) fn is_there(store: &Store, directory: &ObjectUrl) -> io::Result<bool> {
    let mut pages = store.list(&directory.prefix());
    while let Some(page) = pages.next_page()? {
        if !page.is_empty() {
            return Ok(true);
        }
    }
    Ok(directory.key().is_empty())
}
