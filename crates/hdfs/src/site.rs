//! What `core-site.xml` and `hdfs-site.xml` say that has to be known before a cluster is asked.

use std::collections::BTreeMap;
use std::path::Path;

use hdfs_native::WriteOptions;
use serde::Deserialize;

use crate::error::{HdfsError, Trouble};
use crate::url::HdfsUrl;

/// The files, of which the later one wins.
const FILES: [&str; 2] = ["core-site.xml", "hdfs-site.xml"];

/// What stands before the name of a service whose NameNodes are listed.
const NODES: &str = "dfs.ha.namenodes.";
/// Whether who asks is believed.
const AUTHENTICATION: &str = "hadoop.security.authentication";

/// Bytes for which there is one checksum: blocks have no part of them.
const CHUNK: u64 = 512;

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
        self.get(&format!("{NODES}{name}")).is_some()
    }

    /// How many NameNodes are at an address.
    pub(crate) fn count(&self, address: &str) -> usize {
        let names = self.get(&format!("{NODES}{address}"));
        names.map_or(1, |names| listed(names).count().max(1))
    }

    /// The NameNodes at an address: that of a name service, or of one NameNode with its port.
    pub(crate) fn nodes(&self, address: &str) -> Vec<String> {
        let names = self.get(&format!("{NODES}{address}"));
        let Some(names) = names else {
            return vec![address.to_owned()];
        };
        let node = |name: &str| self.get(&format!("dfs.namenode.rpc-address.{address}.{name}"));
        let nodes = listed(names).filter_map(node);
        nodes.map(str::to_owned).collect()
    }

    /// All settings as a client takes them that takes every sign by its word: Hadoop's own lets blanks stand around values, and around
    /// the names in a list. One without a value is none.
    pub(crate) fn by_the_word(&self) -> Vec<(String, String)> {
        let given = self.0.iter().filter(|(_, value)| !value.is_empty());
        let written = given.map(|(name, value)| {
            let value = if name.starts_with(NODES) {
                listed(value).collect::<Vec<_>>().join(",")
            } else if name == AUTHENTICATION {
                value.to_ascii_lowercase()
            } else {
                value.clone()
            };
            (name.clone(), value)
        });
        written.collect()
    }

    /// How files are made: as the settings of the client say, and as the cluster says where they say nothing.
    ///
    /// # Errors
    /// What they say is no number.
    pub(crate) fn new_files(&self) -> Result<WriteOptions, HdfsError> {
        let mut options = WriteOptions::default();
        if let Some(text) = self.given("dfs.replication") {
            let copies = text.parse::<u16>().ok().filter(|copies| *copies > 0);
            let copies =
                copies.ok_or_else(|| misread("dfs.replication", text, "a number of copies"))?;
            options = options.replication(copies.into());
        }
        if let Some(text) = self.given("dfs.blocksize") {
            let what = "a number of bytes that is a multiple of 512 (134217728, 128m)";
            let size = bytes(text).filter(|size| *size > 0 && size.is_multiple_of(CHUNK));
            options = options.block_size(size.ok_or_else(|| misread("dfs.blocksize", text, what))?);
        }
        Ok(options)
    }

    fn given(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Whether clusters want proof of who asks.
    pub(crate) fn is_secure(&self) -> bool {
        let kind = self.get(AUTHENTICATION);
        kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("simple"))
    }
}

/// The names in a list.
fn listed(names: &str) -> impl Iterator<Item = &str> {
    let names = names.split([',', '\n']).map(str::trim);
    names.filter(|name| !name.is_empty())
}

/// A number of bytes as Hadoop writes it: `134217728`, `128m`.
fn bytes(text: &str) -> Option<u64> {
    let letter = text.chars().next_back()?.to_ascii_lowercase();
    let Some(power) = "kmgtpe".find(letter) else {
        return text.parse().ok();
    };
    let number: u64 = text.get(..text.len() - 1)?.trim().parse().ok()?;
    let unit = 1024_u64.checked_pow(u32::try_from(power).ok()? + 1)?;
    number.checked_mul(unit)
}

fn misread(name: &str, text: &str, what: &str) -> HdfsError {
    let what = format!("{name} in hdfs-site.xml is `{text}`, which is not {what}");
    HdfsError::new(Trouble::Refused, what)
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
        assert_eq!((site.count("ns"), site.count("nn:8020")), (2, 1));
        write("hdfs-site.xml", "<configuration><property>");
        let error = Site::read(directory.path()).expect_err("no XML");
        assert!(error.to_string().contains("hdfs-site.xml"), "{error}");
    }

    /// The settings of these names and values, one a line.
    fn site(lines: &[(&str, &str)]) -> Site {
        let mut site = Site::default();
        let lines = lines.iter().map(|(name, value)| {
            format!("<property><name>{name}</name><value>{value}</value></property>")
        });
        let text: String = lines.collect();
        let text = format!("<configuration>{text}</configuration>");
        site.add(&text).expect("is XML");
        site
    }

    #[test]
    fn a_client_that_takes_signs_by_the_word_finds_every_namenode() {
        let site = site(&[
            ("dfs.ha.namenodes.ns", "a, b,\n c,"),
            ("dfs.namenode.rpc-address.ns.a", " one:8020 "),
            ("dfs.namenode.rpc-address.ns.b", "two:8020\n"),
            ("dfs.namenode.rpc-address.ns.c", "three:8020"),
            ("hadoop.security.authentication", " Simple"),
            ("dfs.data.transfer.protection", " "),
            ("other", "x, y"),
        ]);
        assert_eq!(site.nodes("ns"), ["one:8020", "two:8020", "three:8020"]);
        assert_eq!(site.count("ns"), 3);
        let told = site.by_the_word();
        let told: Vec<(&str, &str)> = told
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let expected = [
            ("dfs.ha.namenodes.ns", "a,b,c"),
            ("dfs.namenode.rpc-address.ns.a", "one:8020"),
            ("dfs.namenode.rpc-address.ns.b", "two:8020"),
            ("dfs.namenode.rpc-address.ns.c", "three:8020"),
            ("hadoop.security.authentication", "simple"),
            ("other", "x, y"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn files_are_made_as_the_settings_say() {
        for (copies, size, expected) in [
            (None, None, Some((None, None))),
            (Some("2"), Some("1048576"), Some((Some(2), Some(1 << 20)))),
            (Some(" 3 "), Some("64M"), Some((Some(3), Some(64 << 20)))),
            (None, Some("1g"), Some((None, Some(1 << 30)))),
            (Some(""), Some(""), Some((None, None))),
            (Some("0"), None, None),
            (Some("x"), None, None),
            (None, Some("1000"), None),
            (None, Some("m"), None),
            (None, Some("64mb"), None),
            (None, Some("99999999e"), None),
        ] {
            let named = [("dfs.replication", copies), ("dfs.blocksize", size)];
            let given: Vec<(&str, &str)> = named
                .iter()
                .filter_map(|(name, value)| Some((*name, (*value)?)))
                .collect();
            let made = site(&given).new_files();
            let made = made.map(|made| (made.replication, made.block_size));
            assert_eq!(made.ok(), expected, "{copies:?} {size:?}");
        }
    }
}
