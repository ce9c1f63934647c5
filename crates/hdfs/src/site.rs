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
pub(crate) const NODES: &str = "dfs.ha.namenodes.";
/// What stands before the names of a service and of one of its NameNodes, whose address it has.
const NODE: &str = "dfs.namenode.rpc-address.";
/// Whether who asks is believed.
const AUTHENTICATION: &str = "hadoop.security.authentication";
/// Whether a client that would prove who asks goes on where nobody wants to know.
const FALLBACK: &str = "ipc.client.fallback-to-simple-auth-allowed";

/// What stands before the name of a service and tells which of its NameNodes are asked.
const PROVIDER: &str = "dfs.client.failover.proxy.provider.";
/// What is in the name of a provider that also asks NameNodes which follow the active one, and know less than it.
const OBSERVER: &str = "Observer";
/// The provider that asks the active one alone: the client does not see to it that what it reads is as new as what was written.
const ACTIVE_ALONE: &str =
    "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider";

/// What is made use of before a cluster is asked, or by the client: names of settings, or what they begin with. `dfs.replication` and
/// `dfs.blocksize` are none: who only reads need not know them.
const USED: [&str; 10] = [
    "fs.defaultFS",
    NODES,
    NODE,
    "dfs.client.failover.",
    "dfs.client.socket-timeout",
    "dfs.client.use.datanode.hostname",
    "dfs.client.block.write.replace-datanode-on-failure.",
    "dfs.data.transfer.protection",
    AUTHENTICATION,
    FALLBACK,
];

/// Hadoop gives up where a value is not done when it has put so many others into it.
const REFERENCES: usize = 20;

/// Bytes for which there is one checksum: blocks have no part of them.
const CHUNK: u64 = 512;

#[derive(Debug, Default, Deserialize)]
struct Document {
    #[serde(default, rename = "property")]
    properties: Vec<Property>,
    #[serde(default, rename = "include")]
    includes: Vec<Include>,
}

#[derive(Debug, Deserialize)]
struct Property {
    name: Option<String>,
    value: Option<String>,
}

/// A file whose settings are meant to be among those of another one.
#[derive(Debug, Deserialize)]
struct Include {
    #[serde(rename = "@href")]
    file: Option<String>,
}

/// The settings of a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Site(BTreeMap<String, String>);

impl Site {
    /// Reads the files of a directory, as far as they are there.
    ///
    /// # Errors
    /// The directory is not there, a file can't be read, is no XML or includes another one, or it can't be told what a setting means.
    pub(crate) fn read(directory: &Path) -> Result<Self, HdfsError> {
        if !directory.is_dir() {
            let what = format!(
                "there is no directory {} of Hadoop's settings",
                directory.display()
            );
            return Err(HdfsError::new(Trouble::Refused, what));
        }
        let mut written = Self::default();
        for path in FILES.map(|file| directory.join(file)) {
            if path.exists() {
                written.add(&path)?;
            }
        }
        written.resolved()
    }

    /// Takes over what a file says.
    fn add(&mut self, path: &Path) -> Result<(), HdfsError> {
        let refused = |what: String| {
            let what = format!("{} {what}", path.display());
            HdfsError::new(Trouble::Refused, what)
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| refused(format!("can't be read: {error}")))?;
        let document: Document = quick_xml::de::from_str(&text)
            .map_err(|error| refused(format!("is damaged: {error}")))?;
        if let Some(include) = document.includes.first() {
            let file = include.file.as_deref().unwrap_or("another file");
            return Err(refused(format!(
                "includes {file} (xi:include), which is not read: its settings have to stand in the file itself"
            )));
        }
        let pairs = document.properties.into_iter();
        let pairs = pairs.filter_map(|pair| Some((pair.name?, pair.value?)));
        self.0
            .extend(pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())));
        Ok(())
    }

    /// The same with values in the place of the references to them. A value for which one is missing stays as it is where nothing is
    /// made of it.
    ///
    /// # Errors
    /// Something is made of it.
    fn resolved(&self) -> Result<Self, HdfsError> {
        let mut resolved = BTreeMap::new();
        for (name, written) in &self.0 {
            let is_used = USED.iter().any(|used| name.starts_with(used));
            let value = match self.value(name, written) {
                Err(_) if !is_used => written.clone(),
                value => value?,
            };
            resolved.insert(name.clone(), value);
        }
        Ok(Self(resolved))
    }

    /// What is meant by the value `written` of a setting: `${other}` in it stands for the value of `other`, as in Hadoop.
    fn value(&self, name: &str, written: &str) -> Result<String, HdfsError> {
        let wrong = |why: String| {
            let what = format!("{name} in core-site.xml or hdfs-site.xml is `{written}`, {why}");
            HdfsError::new(Trouble::Refused, what)
        };
        let mut value = written.to_owned();
        for _ in 0..REFERENCES {
            let Some(other) = reference(&value) else {
                return Ok(value);
            };
            let Some(meant) = self.get(other) else {
                return Err(wrong(format!(
                    "and no setting there says what ${{{other}}} is: the environment, properties of Java and Hadoop's defaults are not asked"
                )));
            };
            value = value.replacen(&format!("${{{other}}}"), meant, 1);
        }
        Err(wrong(format!(
            "which refers to itself, or to {REFERENCES} values and more"
        )))
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

    /// The name services that are described.
    pub(crate) fn services(&self) -> impl Iterator<Item = &str> {
        self.beginning(NODES).map(|(name, _)| name)
    }

    /// The settings whose names begin so, by what follows there.
    pub(crate) fn beginning(&self, with: &str) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter();
        all.filter_map(move |(name, value)| Some((name.strip_prefix(with)?, value.as_str())))
    }

    /// How many NameNodes are at an address.
    pub(crate) fn count(&self, address: &str) -> usize {
        let names = self.get(&format!("{NODES}{address}"));
        names.map_or(1, |names| listed(names).count().max(1))
    }

    /// What the NameNodes of a service are called whose addresses are told; none: it is the address of one.
    pub(crate) fn names(&self, address: &str) -> Vec<String> {
        let names = self.get(&format!("{NODES}{address}")).unwrap_or_default();
        let has_address = |name: &&str| self.given(&format!("{NODE}{address}.{name}")).is_some();
        let names = listed(names).filter(has_address);
        names.map(str::to_owned).collect()
    }

    /// The NameNodes at an address: that of a name service, or of one NameNode with its port.
    pub(crate) fn nodes(&self, address: &str) -> Vec<String> {
        let names = self.get(&format!("{NODES}{address}"));
        let Some(names) = names else {
            return vec![address.to_owned()];
        };
        let node = |name: &str| self.get(&format!("{NODE}{address}.{name}"));
        let nodes = listed(names).filter_map(node);
        nodes.map(str::to_owned).collect()
    }

    /// All settings as a client takes them that takes every sign by its word: Hadoop's own lets blanks stand around values, and around
    /// the names in a list. One without a value is none. Observers are not asked: what they tell may be of the past.
    pub(crate) fn by_the_word(&self) -> Vec<(String, String)> {
        let given = self.0.iter().filter(|(_, value)| !value.is_empty());
        let written = given.map(|(name, value)| {
            let value = if name.starts_with(NODES) {
                listed(value).collect::<Vec<_>>().join(",")
            } else if name == AUTHENTICATION {
                value.to_ascii_lowercase()
            } else if name.starts_with(PROVIDER) && value.contains(OBSERVER) {
                ACTIVE_ALONE.to_owned()
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

    /// Whether a cluster that wants no proof is spoken with where there is to be some.
    pub(crate) fn may_fall_back(&self) -> bool {
        let allowed = self.get(FALLBACK);
        allowed.is_some_and(|allowed| allowed.eq_ignore_ascii_case("true"))
    }
}

/// The name in the first reference of a text: of `${name}`, in which there is no blank and no `$`.
fn reference(text: &str) -> Option<&str> {
    text.match_indices("${").find_map(|(at, begin)| {
        let rest = text.get(at + begin.len()..)?;
        let (name, behind) = rest.split_at(rest.find(['}', '$', ' '])?);
        (!name.is_empty() && behind.starts_with('}')).then_some(name)
    })
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
mod tests;
