//! Buckets, and what can be done with the objects in them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use millstream_core::hash::stable_hash;
use millstream_waiting::Runtime;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::error::{StoreError, Trouble};
use crate::retry::{client, retries};
use crate::settings::S3Settings;
use crate::url::ObjectUrl;

/// The region where none is set, as AWS has it.
const REGION: &str = "us-east-1";

/// A request that is under way.
pub type Waiting<T> = millstream_waiting::Waiting<T, StoreError>;

/// The stores that a job speaks to: its settings, and one [`Store`] for each bucket. Clones share them.
#[derive(Clone)]
pub struct Stores(Arc<Shared>);

struct Shared {
    settings: S3Settings,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    runtime: Option<Runtime<StoreError>>,
    stores: BTreeMap<String, Store>,
}

impl Stores {
    /// Stores with these settings. Nothing is asked and no thread is started before one is opened.
    pub fn new(settings: S3Settings) -> Self {
        Self(Arc::new(Shared {
            settings,
            known: Mutex::default(),
        }))
    }

    /// The store of a bucket. It is not asked whether it is there.
    ///
    /// # Errors
    /// The settings make no store of it.
    pub fn open(&self, bucket: &str) -> Result<Store, StoreError> {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = known.stores.get(bucket) {
            return Ok(store.clone());
        }
        let runtime = match &known.runtime {
            Some(runtime) => runtime.clone(),
            None => known.runtime.insert(started()?).clone(),
        };
        let store = Store::new(bucket, &self.0.settings, runtime)?;
        known.stores.insert(bucket.to_owned(), store.clone());
        Ok(store)
    }
}

fn started() -> Result<Runtime<StoreError>, StoreError> {
    Runtime::start("objects").map_err(|error| {
        let what = format!("no threads for requests to the store can be started: {error}");
        StoreError::new(Trouble::Refused, what)
    })
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.settings.fmt(f)
    }
}

/// An object as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// When it was written: seconds since 1970.
    pub modified: i64,
    /// What the store calls its content.
    pub etag: Option<String>,
}

impl Object {
    pub(crate) fn of(meta: ObjectMeta) -> Self {
        Self {
            key: meta.location.as_ref().to_owned(),
            size: meta.size,
            modified: meta.last_modified.timestamp(),
            etag: meta.e_tag,
        }
    }

    /// A number that another content mostly does not have; 0 where the store names no contents.
    pub fn content(&self) -> u64 {
        let etag = self.etag.as_deref().map(|etag| etag.trim_matches('"'));
        etag.map_or(0, |etag| stable_hash(etag.as_bytes()))
    }
}

/// A bucket. Clones are of the same one.
#[derive(Clone)]
pub struct Store(Arc<Bucket>);

pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) s3: AmazonS3,
    /// The URL of the bucket itself, for requests that the library does not know.
    pub(crate) url: String,
    pub(crate) region: String,
    pub(crate) allows_http: bool,
    pub(crate) runtime: Runtime<StoreError>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.0.name)
    }
}

impl PartialEq for Store {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name && self.0.url == other.0.url
    }
}

impl Eq for Store {}

pub(crate) fn path(key: &str) -> Result<Path, StoreError> {
    Path::parse(key).map_err(|error| StoreError::new(Trouble::Refused, error.to_string()))
}

impl Store {
    fn new(
        bucket: &str,
        settings: &S3Settings,
        runtime: Runtime<StoreError>,
    ) -> Result<Self, StoreError> {
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_retry(retries());
        if let Some(region) = &settings.region {
            builder = builder.with_region(region);
        }
        let config = |builder: &AmazonS3Builder, key| builder.get_config_value(&key);
        let region = config(&builder, AmazonS3ConfigKey::Region);
        let region = region.unwrap_or_else(|| REGION.to_owned());
        builder = builder.with_region(&region);
        if let (Some(key), Some(secret)) = (&settings.access_key, &settings.secret_key) {
            builder = builder
                .with_access_key_id(key)
                .with_secret_access_key(secret);
            if let Some(token) = &settings.session_token {
                builder = builder.with_token(token);
            }
        }
        let mut settings = settings.clone();
        if settings.endpoint.is_none() {
            let own = config(&builder, AmazonS3ConfigKey::S3Endpoint);
            settings.endpoint = own.or_else(|| config(&builder, AmazonS3ConfigKey::Endpoint));
        }
        let allowed = std::env::var("AWS_ALLOW_HTTP").is_ok_and(|value| value == "true");
        let allows_http = settings.allows_http || allowed;
        // The environment may name two, of which one would win.
        let at = |builder: AmazonS3Builder, endpoint: &str| {
            builder
                .with_config(AmazonS3ConfigKey::S3Endpoint, endpoint)
                .with_endpoint(endpoint)
        };
        let url = match settings.bucket_endpoint(bucket) {
            Some((endpoint, true)) => {
                builder = at(builder, &endpoint).with_virtual_hosted_style_request(true);
                endpoint
            }
            Some((endpoint, false)) => {
                builder = at(builder, &endpoint).with_virtual_hosted_style_request(false);
                format!("{endpoint}/{bucket}")
            }
            None if settings.path_style == Some(true) => {
                builder = builder.with_virtual_hosted_style_request(false);
                format!("https://s3.{region}.amazonaws.com/{bucket}")
            }
            None => {
                builder = builder.with_virtual_hosted_style_request(true);
                format!("https://{bucket}.s3.{region}.amazonaws.com")
            }
        };
        let s3 = builder
            .with_client_options(client(allows_http))
            .build()
            .map_err(StoreError::from)?;
        Ok(Self(Arc::new(Bucket {
            name: bucket.to_owned(),
            s3,
            url,
            region,
            allows_http,
            runtime,
        })))
    }

    pub(crate) fn bucket(&self) -> &Arc<Bucket> {
        &self.0
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The key of an object of this bucket; `None`: the URL is of another one.
    pub fn key_of(&self, path: &std::path::Path) -> Option<String> {
        let url = ObjectUrl::of_path(path)?;
        (url.bucket() == self.0.name).then(|| url.key().to_owned())
    }

    /// Looks at an object; `None`: it is not there.
    ///
    /// # Errors
    /// That can't be told.
    pub fn head(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let (bucket, path) = (Arc::clone(&self.0), path(key)?);
        let found = self
            .0
            .runtime
            .wait(async move { Ok(bucket.s3.head(&path).await?) });
        match found {
            Ok(meta) => Ok(Some(Object::of(meta))),
            Err(error) if error.trouble() == Trouble::Absent => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins to read a range of bytes of an object, of which at least one must be there.
    pub fn read(&self, key: &str, range: Range<u64>) -> Waiting<(Object, Bytes)> {
        let (bucket, path) = (Arc::clone(&self.0), path(key));
        self.0
            .runtime
            .begin(async move { ranged(&bucket, &path?, range, None).await })
    }

    /// Begins to read bytes of an object, all of which must be there, if it still is that one.
    pub(crate) fn read_of(&self, object: &Object, from: u64, length: usize) -> Waiting<Bytes> {
        let (bucket, path) = (Arc::clone(&self.0), path(&object.key));
        let etag = object.etag.clone();
        self.0.runtime.begin(async move {
            let range = from..from.saturating_add(length as u64);
            let (_, bytes) = ranged(&bucket, &path?, range, etag).await?;
            match bytes.len() == length {
                true => Ok(bytes),
                false => Err(StoreError::ends()),
            }
        })
    }

    /// Copies an object within the bucket. The store does it.
    ///
    /// # Errors
    /// It can't be copied.
    pub fn copy(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let (bucket, from, to) = (Arc::clone(&self.0), path(from)?, path(to)?);
        self.0
            .runtime
            .wait(async move { Ok(bucket.s3.copy(&from, &to).await?) })
    }

    /// Deletes an object. One that is not there is no error.
    ///
    /// # Errors
    /// It can't be deleted.
    pub fn delete(&self, key: &str) -> Result<(), StoreError> {
        let (bucket, path) = (Arc::clone(&self.0), path(key)?);
        let deleted = self
            .0
            .runtime
            .wait(async move { Ok(bucket.s3.delete(&path).await?) });
        match deleted {
            Err(error) if error.trouble() != Trouble::Absent => Err(error),
            _ => Ok(()),
        }
    }
}

/// Bytes of an object, if it is the one with this `etag`.
async fn ranged(
    bucket: &Bucket,
    path: &Path,
    range: Range<u64>,
    etag: Option<String>,
) -> Result<(Object, Bytes), StoreError> {
    let options = GetOptions {
        if_match: etag,
        range: Some(GetRange::Bounded(range)),
        ..GetOptions::default()
    };
    let found = bucket.s3.get_opts(path, options).await?;
    let object = Object::of(found.meta.clone());
    Ok((object, found.bytes().await?))
}
