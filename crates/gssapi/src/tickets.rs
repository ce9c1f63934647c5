//! Tickets for a library of this process that logs in by itself.

use crate::keys::{Identity, Keys};
use crate::library::Library;
use crate::{Error, Result};

/// Whose tickets a library takes that logs in by itself, with the same GSSAPI.
#[derive(Debug, Clone)]
pub struct Tickets {
    identity: Identity,
    /// Where tickets of a keytab's principal are put.
    place: Option<(String, String)>,
}

impl Tickets {
    /// Those of whose keys are named. The KDC is not asked yet.
    ///
    /// # Errors
    /// There is no library, or no key.
    pub fn of(keys: &Keys) -> Result<Self> {
        let identity = keys.identity()?;
        Library::load()?;
        let place = match &identity {
            Identity::Keytab(keytab) => {
                let cache = keytab.cache().map_err(|why| Error::Keytab {
                    path: keytab.path.display().to_string(),
                    why: format!("can't be used: {why}"),
                    next: "give it another path",
                })?;
                Some((keytab.principal.clone(), cache))
            }
            Identity::Cache => None,
        };
        Ok(Self { identity, place })
    }

    /// The principal, and the cache where its tickets are; `None`: those of `kinit`, which are found without being named.
    pub fn place(&self) -> Option<(&str, &str)> {
        let place = self.place.as_ref();
        place.map(|(principal, cache)| (principal.as_str(), cache.as_str()))
    }

    /// Who logs in, for people.
    pub fn who(&self) -> String {
        self.identity.to_string()
    }

    /// Sees to it that there are good ones: new ones are got when half of the time of the old ones is over. `service`: for what,
    /// as the error tells.
    ///
    /// # Errors
    /// There are none, and Kerberos gives none.
    pub fn renew(&self, service: &str) -> Result<()> {
        let library = Library::load()?;
        match &self.identity {
            Identity::Keytab(keytab) => {
                let renewed = library.renew(keytab);
                renewed.map_err(|said| self.refused(service, &said))
            }
            Identity::Cache => Ok(()),
        }
    }

    /// The error of what the library, or the service, has said to who logs in at a service.
    pub fn refused(&self, service: &str, said: &str) -> Error {
        self.identity.refused(&service, said.to_owned())
    }
}
