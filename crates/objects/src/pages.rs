//! Listings, page by page: there may be millions of objects.

use std::borrow::Cow;
use std::sync::Arc;

use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;

use crate::error::StoreError;
use crate::store::{Object, Store};

/// What lies below a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An object, by its name there.
    Object(String, Object),
    /// More objects, whose keys go on behind this name and a slash.
    Directory(String),
}

/// A listing that is under way, page by page.
#[derive(Debug)]
pub struct Pages {
    store: Store,
    prefix: String,
    token: Option<String>,
    over: bool,
}

impl Store {
    /// Begins to list what lies below keys that begin with `prefix`, which is empty or ends with a slash.
    pub fn list(&self, prefix: &str) -> Pages {
        Pages {
            store: self.clone(),
            prefix: prefix.to_owned(),
            token: None,
            over: false,
        }
    }
}

impl Pages {
    /// The next page; `None`: there is none. A page may be empty.
    ///
    /// # Errors
    /// The store does not tell.
    pub fn next_page(&mut self) -> Result<Option<Vec<Entry>>, StoreError> {
        if self.over {
            return Ok(None);
        }
        let bucket = Arc::clone(self.store.bucket());
        let (prefix, page_token) = (self.prefix.clone(), self.token.take());
        let runtime = self.store.bucket().runtime.clone();
        let page = runtime.wait(async move {
            let options = PaginatedListOptions {
                delimiter: Some(Cow::Borrowed("/")),
                page_token,
                ..PaginatedListOptions::default()
            };
            let prefix = (!prefix.is_empty()).then_some(prefix.as_str());
            Ok(bucket.s3.list_paginated(prefix, options).await?)
        })?;
        self.token = page.page_token;
        self.over = self.token.is_none();
        // An object whose key is the prefix stands for the directory itself.
        let named = |path: &Path| {
            let name = path.as_ref().strip_prefix(&self.prefix)?;
            (!name.is_empty()).then(|| name.to_owned())
        };
        let directories = page.result.common_prefixes.iter();
        let mut entries: Vec<Entry> = directories
            .filter_map(|path| named(path).map(Entry::Directory))
            .collect();
        let objects = page.result.objects.into_iter();
        entries.extend(
            objects
                .filter_map(|meta| Some(Entry::Object(named(&meta.location)?, Object::of(meta)))),
        );
        Ok(Some(entries))
    }
}
