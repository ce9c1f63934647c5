//! Object stores that a job reads and writes: whether they are there, and whether it may.

use std::path::Path;

use millstream_connectors::objects::{ObjectUrl, Store, StoreError, Stores};
use millstream_core::{Error, Finding, codes, counted};

/// A name that nobody reads: it begins with a dot.
const PROBE: &str = ".millstream-doctor";

/// What is found out at a place.
fn at(
    what: &str,
    path: &Path,
    stores: &Stores,
    look: impl FnOnce(&Store, &ObjectUrl) -> Result<String, StoreError>,
) -> Finding {
    let shown = path.display();
    let Some(url) = ObjectUrl::of_path(path) else {
        return Finding::well(what, shown.to_string());
    };
    let looked = stores
        .open(url.bucket())
        .and_then(|store| look(&store, &url));
    match looked {
        Ok(told) => Finding::well(what, format!("{shown}, {told}")),
        Err(error) => {
            let message = format!("{shown} can't be used");
            let told = Error::new(&codes::SOURCE_PATH, message).cause(&error);
            Finding::wrong(what, &told.next(error.next_step()))
        }
    }
}

/// Whether what lies at a place can be listed.
pub(super) fn readable(path: &Path, stores: &Stores) -> Finding {
    at("source.path", path, stores, |store, url| {
        let page = store.list(&url.prefix()).next_page()?;
        let found = page.map_or(0, |page| page.len()) as u64;
        if found == 0 && !url.key().is_empty() && store.head(url.key())?.is_some() {
            return Ok("one object".to_owned());
        }
        Ok(format!("{} on the first page", counted(found, "name")))
    })
}

/// Whether objects can be written at a place: an upload is begun there, listed and aborted, of which nobody sees anything.
pub(super) fn writable(what: &str, path: &Path, stores: &Stores) -> Finding {
    at(what, path, stores, |store, url| {
        let key = url.join(PROBE);
        let upload = store.begin_upload(key.key()).wait()?;
        let listed = store.unfinished(&url.prefix());
        store.abort(key.key(), &upload)?;
        listed?;
        Ok("uploads can be begun, listed and aborted".to_owned())
    })
}

/// Whether objects can be deleted at a place: one is that is not there.
pub(super) fn deletable(what: &str, path: &Path, stores: &Stores) -> Finding {
    at(what, path, stores, |store, url| {
        store.delete(url.join(PROBE).key())?;
        Ok("objects can be deleted".to_owned())
    })
}
