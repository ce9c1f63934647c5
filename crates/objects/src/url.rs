//! How an object, or a directory of them, is named.

use std::fmt;
use std::path::Path;

/// `s3://bucket/key`: an object, or all objects whose keys begin with `key/`. `s3a:` and `s3n:`, as Hadoop has them, mean the same.
///
/// ```
/// use millstream_objects::ObjectUrl;
/// let url = ObjectUrl::parse("s3a://orders/in/2024/").expect("it is one");
/// assert_eq!((url.bucket(), url.key()), ("orders", "in/2024"));
/// assert_eq!(url.to_string(), "s3://orders/in/2024");
/// assert_eq!(ObjectUrl::parse("/data/orders"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectUrl {
    bucket: String,
    key: String,
}

/// The schemes of one and the same store.
const SCHEMES: [&str; 3] = ["s3", "s3a", "s3n"];

impl ObjectUrl {
    /// Reads a URL; `None`: it is a path, or the URL of something else, or names no bucket.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let is_one = SCHEMES
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known));
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        // Empty parts of a key, as a path with two slashes has them, are not a part of its meaning.
        let parts: Vec<&str> = key.split('/').filter(|part| !part.is_empty()).collect();
        (is_one && !bucket.is_empty()).then(|| Self {
            bucket: bucket.to_owned(),
            key: parts.join("/"),
        })
    }

    /// The same of a path in which a URL was put as it is written.
    pub fn of_path(path: &Path) -> Option<Self> {
        Self::parse(path.to_str()?)
    }

    /// The bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The key, without a slash at either end; empty: the whole bucket.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What the keys below begin with: empty, or the key and a slash.
    pub fn prefix(&self) -> String {
        if self.key.is_empty() {
            String::new()
        } else {
            format!("{}/", self.key)
        }
    }

    /// What lies below under this name.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        Self {
            bucket: self.bucket.clone(),
            key: format!("{}{name}", self.prefix()),
        }
    }

    /// The directory in which it lies, and its name there; `None`: it is a bucket.
    pub fn parent(&self) -> Option<(Self, &str)> {
        let (above, name) = self.key.rsplit_once('/').unwrap_or(("", &self.key));
        let above = Self {
            bucket: self.bucket.clone(),
            key: above.to_owned(),
        };
        (!name.is_empty()).then_some((above, name))
    }

    /// Whether it is `other`, or lies below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.bucket == other.bucket
            && (self.key == other.key || self.key.starts_with(&other.prefix()))
    }
}

impl fmt::Display for ObjectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.key.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{slash}{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectUrl;

    fn url(text: &str) -> ObjectUrl {
        ObjectUrl::parse(text).expect("a URL")
    }

    #[test]
    fn a_url_is_read_however_it_is_written() {
        for text in [
            "s3://b/a/c",
            "S3://b/a/c/",
            "s3n://b//a//c",
            " s3a://b/a/c ",
        ] {
            assert_eq!(url(text).to_string(), "s3://b/a/c", "{text}");
        }
        assert_eq!(url("s3://b").prefix(), "");
        assert_eq!(url("s3://b/a").prefix(), "a/");
        for text in ["s3:///a", "hdfs://b/a", "s3:/b/a", "b/a", ""] {
            assert_eq!(ObjectUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_lies_where_is_told_by_whole_names() {
        assert!(url("s3://b/in/x").is_within(&url("s3://b/in")));
        assert!(url("s3://b/in").is_within(&url("s3://b/in")));
        assert!(url("s3://b/in").is_within(&url("s3://b")));
        assert!(!url("s3://b/in2").is_within(&url("s3://b/in")));
        assert!(!url("s3://c/in").is_within(&url("s3://b/in")));
        let object = url("s3://b/in/x.csv");
        assert_eq!(object.parent(), Some((url("s3://b/in"), "x.csv")));
        assert_eq!(url("s3://b").parent(), None);
        assert_eq!(url("s3://b").join("x"), url("s3://b/x"));
    }
}
