//! What `core-site.xml` and `hdfs-site.xml` say that has to be known before a cluster is asked.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::{HdfsError, Trouble};
use crate::url::HdfsUrl;

/// The files, of which the later one wins.
const FILES: [&str; 2] = ["core-site.xml", "hdfs-site.xml"];

#[derive(Debug, Default, Deserialize)]
struct Document {
    #[serde(default, rename = "property")]
    properties: Vec<Property>,
}

#[derive(Debug, Deserialize)]
struct Property {
    name: Option<String>,
    value: Option<String>,
}

/// The settings of a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Site(BTreeMap<String, String>);

impl Site {
    /// Reads the files of a directory, as far as they are there.
    ///
    /// # Errors
    /// The directory is not there, or a file can't be read or is no XML.
    pub(crate) fn read(directory: &Path) -> Result<Self, HdfsError> {
        if !directory.is_dir() {
            let what = format!(
                "there is no directory {} of Hadoop's settings",
                directory.display()
            );
            return Err(HdfsError::new(Trouble::Refused, what));
        }
        let mut site = Self::default();
        for path in FILES.map(|file| directory.join(file)) {
            if !path.exists() {
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(|error| {
                let what = format!("{} can't be read: {error}", path.display());
                HdfsError::new(Trouble::Refused, what)
            })?;
            site.add(&text).map_err(|error| {
                let what = format!("{} is damaged: {error}", path.display());
                HdfsError::new(Trouble::Refused, what)
            })?;
        }
        Ok(site)
    }

    fn add(&mut self, text: &str) -> Result<(), quick_xml::DeError> {
        let document: Document = quick_xml::de::from_str(text)?;
        let pairs = document.properties.into_iter();
        let pairs = pairs.filter_map(|pair| Some((pair.name?, pair.value?)));
        self.0
            .extend(pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())));
        Ok(())
    }

    /// The value of a setting.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The cluster that is meant where none is named, if that is one of HDFS.
    pub(crate) fn default_cluster(&self) -> Option<HdfsUrl> {
        let default = self.get("fs.defaultFS").and_then(HdfsUrl::parse);
        default.filter(|url| !url.authority().is_empty())
    }

    /// Whether a name is that of a name service.
    pub(crate) fn is_service(&self, name: &str) -> bool {
        self.get(&format!("dfs.ha.namenodes.{name}")).is_some()
    }

    /// The NameNodes at an address: that of a name service, or of one NameNode with its port.
    pub(crate) fn nodes(&self, address: &str) -> Vec<String> {
        let names = self.get(&format!("dfs.ha.namenodes.{address}"));
        let Some(names) = names else {
            return vec![address.to_owned()];
        };
        let node = |name: &str| self.get(&format!("dfs.namenode.rpc-address.{address}.{name}"));
        let nodes = names.split(',').map(str::trim).filter_map(node);
        nodes.map(str::to_owned).collect()
    }

    /// Whether clusters want proof of who asks.
    pub(crate) fn is_secure(&self) -> bool {
        let kind = self.get("hadoop.security.authentication");
        kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("simple"))
    }
}

#[cfg(test)]
mod tests {
    use super::Site;

    #[test]
    fn settings_are_read_from_both_files() {
        let directory = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            std::fs::write(directory.path().join(name), text).expect("is written");
        };
        write(
            "core-site.xml",
            "<?xml version=\"1.0\"?>\n<!-- ours -->\n<configuration>\n<property><name>fs.defaultFS</name>\n<value> hdfs://ns </value></property>\
             <property><name>empty</name><value/></property>\
             <property><name>x</name><value>1</value><final>true</final><description>y</description></property></configuration>",
        );
        write(
            "hdfs-site.xml",
            "<configuration><property><name>dfs.ha.namenodes.ns</name><value>a,b</value></property>\
             <property><name>dfs.namenode.rpc-address.ns.b</name><value>one:8020</value></property>\
             <property><name>x</name><value>2</value></property></configuration>",
        );
        let site = Site::read(directory.path()).expect("settings");
        assert_eq!(site.get("fs.defaultFS"), Some("hdfs://ns"));
        assert_eq!(site.get("x"), Some("2"));
        assert!(site.is_service("ns") && !site.is_service("nn"));
        assert!(!site.is_secure());
        assert_eq!(site.nodes("nn:8020"), ["nn:8020"]);
        assert_eq!(site.nodes("ns"), ["one:8020"]);
        write("hdfs-site.xml", "<configuration><property>");
        let error = Site::read(directory.path()).expect_err("no XML");
        assert!(error.to_string().contains("hdfs-site.xml"), "{error}");
    }
}
