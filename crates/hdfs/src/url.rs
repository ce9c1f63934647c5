//! How a file or a directory of a cluster is named.

use std::fmt;
use std::path::Path;

/// `hdfs://host:port/path` of one NameNode, `hdfs://nameservice/path` of a name service, or `hdfs:///path` of the cluster that
/// `fs.defaultFS` names.
///
/// ```
/// use millstream_hdfs::HdfsUrl;
/// let url = HdfsUrl::parse("hdfs://nn:8020/user//csp/").expect("it is one");
/// assert_eq!((url.authority(), url.path()), ("nn:8020", "/user/csp"));
/// assert_eq!(url.to_string(), "hdfs://nn:8020/user/csp");
/// assert_eq!(HdfsUrl::parse("/data/orders"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HdfsUrl {
    authority: String,
    path: String,
}

impl HdfsUrl {
    /// Reads a URL; `None`: it is a path, or the URL of something else.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once(':')?;
        if !scheme.eq_ignore_ascii_case("hdfs") || !rest.starts_with('/') {
            return None;
        }
        // `hdfs:/path` is what Hadoop's own tools print for some.
        let (authority, path) = match rest.strip_prefix("//") {
            Some(behind) => behind.split_at(behind.find('/').unwrap_or(behind.len())),
            None => ("", rest),
        };
        let parts = path.split('/').filter(|part| !part.is_empty());
        let path: String = parts.flat_map(|part| ["/", part]).collect();
        // Hosts are the same however they are written; names of services, which have no port, are not.
        let authority = match authority.contains(':') {
            true => authority.to_ascii_lowercase(),
            false => authority.to_owned(),
        };
        Some(Self { authority, path })
    }

    /// The same of a path in which a URL was put as it is written.
    pub fn of_path(path: &Path) -> Option<Self> {
        Self::parse(path.to_str()?)
    }

    /// The NameNode with its port, or the name service; empty: that of `fs.defaultFS`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path in the cluster, from its root on.
    pub fn path(&self) -> &str {
        if self.path.is_empty() {
            "/"
        } else {
            &self.path
        }
    }

    /// The same path in a cluster of this name.
    #[must_use]
    pub(crate) fn with_authority(&self, authority: &str) -> Self {
        Self {
            authority: authority.to_owned(),
            path: self.path.clone(),
        }
    }

    /// What lies below under this name.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        Self {
            authority: self.authority.clone(),
            path: format!("{}/{name}", self.path),
        }
    }

    /// The directory in which it lies, and its name there; `None`: it is the root.
    pub fn parent(&self) -> Option<(Self, &str)> {
        let (above, name) = self.path.rsplit_once('/')?;
        let above = Self {
            authority: self.authority.clone(),
            path: above.to_owned(),
        };
        Some((above, name))
    }

    /// Whether it is `other`, or lies below it, as far as names tell.
    pub fn is_within(&self, other: &Self) -> bool {
        let below = self.path.strip_prefix(&other.path);
        self.authority == other.authority
            && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for HdfsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hdfs://{}{}", self.authority, self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::HdfsUrl;

    fn url(text: &str) -> HdfsUrl {
        HdfsUrl::parse(text).expect("a URL")
    }

    #[test]
    fn a_url_is_read_however_it_is_written() {
        for (text, shown) in [
            ("hdfs://nn:8020/a/b", "hdfs://nn:8020/a/b"),
            ("HDFS://NN:8020//a//b/", "hdfs://nn:8020/a/b"),
            ("hdfs:///a/b c", "hdfs:///a/b c"),
            ("hdfs:/a", "hdfs:///a"),
            ("hdfs://nn", "hdfs://nn/"),
            ("hdfs://NameService1/a", "hdfs://NameService1/a"),
            ("hdfs:///", "hdfs:///"),
        ] {
            assert_eq!(url(text).to_string(), shown, "{text}");
            assert_eq!(url(shown), url(text));
        }
        for text in ["s3://a/b", "/a/b", "hdfs:a", "hdfs", ""] {
            assert_eq!(HdfsUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_lies_where_is_told_by_whole_names() {
        assert!(url("hdfs://nn/in/x").is_within(&url("hdfs://nn/in")));
        assert!(url("hdfs://nn/in").is_within(&url("hdfs://nn/")));
        assert!(!url("hdfs://nn/in2").is_within(&url("hdfs://nn/in")));
        assert!(!url("hdfs://mm/in").is_within(&url("hdfs://nn/in")));
        let file = url("hdfs:///in/x.csv");
        assert_eq!(file.parent(), Some((url("hdfs:///in"), "x.csv")));
        assert_eq!(url("hdfs:///").parent(), None);
        assert_eq!(url("hdfs:///").join("x"), url("hdfs:///x"));
    }
}
