//! Where the settings of Hadoop are, and who asks.

use std::path::{Path, PathBuf};

use millstream_core::options::{HADOOP_HOME, HADOOP_USER, KERBEROS_KEYTAB, KERBEROS_PRINCIPAL};
use millstream_core::{Configuration, Result};
use millstream_gssapi::Keys;

use crate::error::HdfsError;
use crate::mounts;
use crate::site::Site;
use crate::url::HdfsUrl;

/// The directory of `core-site.xml` and `hdfs-site.xml`, of this name in the environment.
const CONFIGURATION: &str = "HADOOP_CONF_DIR";

/// Where the settings of Hadoop are, and who asks its clusters. The environment wins: `HADOOP_CONF_DIR`, then `HADOOP_HOME`, and
/// `HADOOP_USER_NAME`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HdfsSettings {
    /// The directory of `core-site.xml` and `hdfs-site.xml`; `None`: there is none, and paths name their NameNode.
    pub directory: Option<PathBuf>,
    /// Who asks, where clusters believe that; `None`: the user of the process.
    pub user: Option<String>,
    /// Whose keys prove who asks, where clusters want Kerberos.
    pub keys: Keys,
}

impl HdfsSettings {
    /// What a job's configuration and the environment say.
    ///
    /// # Errors
    /// A value is none of its type.
    pub fn of(configuration: &Configuration) -> Result<Self> {
        Self::told(configuration, |name| std::env::var(name).ok())
    }

    /// What a configuration says, and an environment in which each name has this value.
    fn told(
        configuration: &Configuration,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let own = |name: &str| variable(name).filter(|text| !text.is_empty());
        let home = match own("HADOOP_HOME") {
            Some(home) => Some(home),
            None => configuration.get(&HADOOP_HOME)?,
        };
        let user = match own("HADOOP_USER_NAME") {
            Some(user) => Some(user),
            None => configuration.get(&HADOOP_USER)?,
        };
        let keytab = configuration.get(&KERBEROS_KEYTAB)?.map(PathBuf::from);
        let directory = own(CONFIGURATION).map(PathBuf::from);
        Ok(Self {
            directory: directory.or_else(|| home.map(|home| below(Path::new(&home)))),
            user,
            keys: Keys::of_job(keytab, configuration.get(&KERBEROS_PRINCIPAL)?),
        })
    }

    /// The cluster that a path means which names none; `None`: there are no settings, or they tell of none of HDFS.
    ///
    /// # Errors
    /// The settings can't be read.
    pub fn default_cluster(&self) -> Result<Option<HdfsUrl>, HdfsError> {
        Ok(self.site()?.default_cluster())
    }

    /// What a path of `viewfs://` stands for, which is not supported, so that people can be told what to write instead. `None`: it is no
    /// such path, or its mount table is not in `core-site.xml` or `hdfs-site.xml`.
    ///
    /// # Errors
    /// The settings can't be read.
    pub fn mounted(&self, path: &str) -> Result<Option<String>, HdfsError> {
        Ok(mounts::target(&self.site()?, path))
    }

    pub(crate) fn site(&self) -> Result<Site, HdfsError> {
        self.directory
            .as_deref()
            .map_or_else(|| Ok(Site::default()), Site::read)
    }
}

/// The directory of settings below that of Hadoop: what distributions have there, or the directory itself.
fn below(home: &Path) -> PathBuf {
    let usual = home.join("etc/hadoop");
    let known = [home.to_owned(), usual.clone(), home.join("conf")];
    let holds_settings = |directory: &PathBuf| {
        let files = ["core-site.xml", "hdfs-site.xml"];
        files.iter().any(|file| directory.join(file).is_file())
    };
    known.into_iter().find(holds_settings).unwrap_or(usual)
}

#[cfg(test)]
mod tests;
