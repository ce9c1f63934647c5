//! Where paths among the parameters lead.

use std::path::PathBuf;

use millstream_connectors::hdfs::HdfsUrl;
use millstream_connectors::objects::ObjectUrl;

/// Why a URL is no path of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Elsewhere<'a> {
    /// It has another scheme than `file`.
    Scheme(&'a str),
    /// It names another machine.
    Host(&'a str),
}

/// A path, a `file:` URL, or the URL of a place in an object store or in HDFS, as it is kept in a path.
///
/// # Errors
/// Any other URL.
pub(super) fn place(text: &str) -> Result<PathBuf, Elsewhere<'_>> {
    match elsewhere(text) {
        Some(url) => Ok(PathBuf::from(url)),
        None => local_path(text),
    }
}

/// The URL of a place in an object store or in HDFS, however it is written; `None`: it is none of these.
pub(super) fn elsewhere(text: &str) -> Option<String> {
    let of_store = ObjectUrl::parse(text).map(|url| url.to_string());
    of_store.or_else(|| HdfsUrl::parse(text).map(|url| url.to_string()))
}

/// A path, or a `file:` URL, which like in Hadoop is not percent-decoded.
///
/// # Errors
/// Any other URL.
pub(super) fn local_path(text: &str) -> Result<PathBuf, Elsewhere<'_>> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Ok(PathBuf::from(text));
    };
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if scheme.eq_ignore_ascii_case("file") {
        // file:/x, file:///x and file://localhost/x name the same.
        let Some(behind) = rest.strip_prefix("//") else {
            return Ok(PathBuf::from(rest));
        };
        let (host, path) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
        return match host {
            "" | "localhost" if !path.is_empty() => Ok(PathBuf::from(path)),
            host => Err(Elsewhere::Host(host)),
        };
    }
    if is_scheme && rest.starts_with('/') {
        Err(Elsewhere::Scheme(scheme))
    } else {
        Ok(PathBuf::from(text))
    }
}
