//! `viewfs://` is not supported: what its mount table says of a path, so that people can be told what to write instead.

use crate::site::Site;
use crate::url::HdfsUrl;

/// What stands before the name of a mount table and what it says.
const TABLE: &str = "fs.viewfs.mounttable.";
/// The setting that names the table of paths that name none.
const UNNAMED: &str = "fs.viewfs.mounttable.default.name.key";

/// What a path of `viewfs://` stands for; `None`: it is none, or its mount table is not among the settings.
pub(crate) fn target(site: &Site, text: &str) -> Option<String> {
    let url = viewfs(text)?;
    let default = site.get("fs.defaultFS").and_then(viewfs);
    let default = default.as_ref().map(HdfsUrl::authority);
    let table = match (url.authority(), default) {
        ("", Some(default)) if !default.is_empty() => default,
        ("", _) => site.get(UNNAMED).unwrap_or("default"),
        (named, _) => named,
    };
    let begin = format!("{TABLE}{table}.");
    let links = site.beginning(&begin).filter_map(|(name, target)| {
        let from = match name {
            "linkFallback" | "linkMergeSlash" => "",
            name => name.strip_prefix("link.")?.trim_end_matches('/'),
        };
        let below = url.path().strip_prefix(from)?;
        let is_within = below.is_empty() || below.starts_with('/');
        let target = target.trim_end_matches('/');
        is_within.then(|| (from.len(), format!("{target}{below}")))
    });
    let nearest = links.max_by_key(|(length, _)| *length);
    nearest.map(|(_, target)| target)
}

/// A URL of a mount table, as if it were one of a cluster.
fn viewfs(text: &str) -> Option<HdfsUrl> {
    let (scheme, rest) = text.trim().split_once(':')?;
    let is_one = scheme.eq_ignore_ascii_case("viewfs");
    is_one.then(|| HdfsUrl::parse(&format!("hdfs:{rest}")))?
}

#[cfg(test)]
mod tests {
    use super::target;
    use crate::site::Site;

    #[test]
    fn a_path_stands_for_what_the_nearest_mount_says() {
        let directory = tempfile::tempdir().expect("a directory");
        let settings: String = [
            ("fs.defaultFS", "viewfs://all"),
            (
                "fs.viewfs.mounttable.all.link./data",
                "hdfs://one:8020/data/",
            ),
            ("fs.viewfs.mounttable.all.link./data/raw", "hdfs://two/raw"),
            ("fs.viewfs.mounttable.other.linkFallback", "hdfs://three/"),
            ("fs.viewfs.mounttable.other.link./tmp", "hdfs://one/tmp"),
        ]
        .iter()
        .map(|(name, value)| {
            format!("<property><name>{name}</name><value>{value}</value></property>")
        })
        .collect();
        let text = format!("<configuration>{settings}</configuration>");
        std::fs::write(directory.path().join("core-site.xml"), text).expect("is written");
        let site = Site::read(directory.path()).expect("settings");
        for (path, expected) in [
            ("viewfs://all/data/x", Some("hdfs://one:8020/data/x")),
            ("ViewFS:///data/raw/x", Some("hdfs://two/raw/x")),
            ("viewfs:/data", Some("hdfs://one:8020/data")),
            ("viewfs://all/database", None),
            ("viewfs://other/tmp/x", Some("hdfs://one/tmp/x")),
            ("viewfs://other/x", Some("hdfs://three/x")),
            ("viewfs://nowhere/x", None),
            ("hdfs://all/data", None),
        ] {
            assert_eq!(target(&site, path).as_deref(), expected, "{path}");
        }
        assert_eq!(target(&Site::default(), "viewfs:///data"), None);
    }
}
