//! Which stores there are. They belong to the process, as the disks that it sees do: whoever starts it gives them, before any path
//! is read.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Files;

struct Known {
    /// As which it is written down.
    name: &'static str,
    files: Arc<dyn Files>,
}

static KNOWN: RwLock<BTreeMap<&'static str, Known>> = RwLock::new(BTreeMap::new());

/// Has paths that begin with one of `schemes` mean this store; they are written down with the first. It takes the place of one that
/// was given before.
pub fn give_store(schemes: &[&'static str], files: &Arc<dyn Files>) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    let Some(name) = schemes.first() else {
        return;
    };
    for scheme in schemes {
        let files = Arc::clone(files);
        known.insert(scheme, Known { name, files });
    }
}

/// The store of this name.
pub(super) fn named(scheme: &str) -> Option<Arc<dyn Files>> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.get(scheme).map(|known| Arc::clone(&known.files))
}

/// As which a store is written down that may have several names; `None`: there is no such store.
pub(crate) fn canonical(scheme: &str) -> Option<&'static str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known
        .get(scheme.to_ascii_lowercase().as_str())
        .map(|known| known.name)
}

/// As which stores are written down.
pub(crate) fn names() -> Vec<&'static str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut names: Vec<&str> = known.values().map(|known| known.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}
