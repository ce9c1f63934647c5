//! Whose tickets are used.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::cause::Cause;
use crate::keytab::{Keytab, USUAL_KEYTAB, place};
use crate::{Error, Result};

/// Whose tickets are used, as far as somebody has said it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    /// The keytab that is named. `None`: [`USUAL_KEYTAB`] or the one that `KRB5_CLIENT_KTNAME` names; where there is neither,
    /// the tickets that somebody has got by `kinit`.
    pub keytab: Option<PathBuf>,
    /// The principal that is named. `None`: the only one in the keytab.
    pub principal: Option<String>,
}

/// Who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Whose keys a keytab holds.
    Keytab(Keytab),
    /// Whose tickets are in the cache of the process.
    Cache,
}

impl Identity {
    /// What the library, or a service, has said to who logs in there.
    pub(crate) fn refused(&self, service: &impl fmt::Display, said: String) -> Error {
        let cause = match (Cause::of(&said), self) {
            (Cause::Ticket, Self::Keytab(_)) => Cause::Ended,
            (cause, _) => cause,
        };
        Error::Refused {
            who: self.to_string(),
            service: service.to_string(),
            said,
            cause,
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keytab(keytab) => {
                write!(f, "{} (keytab {})", keytab.principal, keytab.path.display())
            }
            Self::Cache => f.write_str("whoever has got tickets by kinit"),
        }
    }
}

/// What stands before the path of a keytab where both are one text.
const FILE: &str = "FILE:";

impl Keys {
    /// The keys that a job is given for everything that it does: where [`USUAL_KEYTAB`] is there, it is used whatever else is
    /// named.
    pub fn of_job(keytab: Option<PathBuf>, principal: Option<String>) -> Self {
        Self::chosen(Path::new(USUAL_KEYTAB).exists(), keytab, principal)
    }

    fn chosen(usual_is_there: bool, keytab: Option<PathBuf>, principal: Option<String>) -> Self {
        let usual = usual_is_there.then(|| PathBuf::from(USUAL_KEYTAB));
        Self {
            keytab: usual.or(keytab),
            principal,
        }
    }

    /// As one text, for where there is room for no more.
    ///
    /// # Errors
    /// The keytab's path is no text.
    pub fn to_text(&self) -> std::result::Result<String, String> {
        let mut text = self.principal.clone().unwrap_or_default();
        if let Some(path) = &self.keytab {
            let path = path.to_str();
            let path = path.ok_or("the path of the keytab is no text in UTF-8")?;
            text.push_str(FILE);
            text.push_str(path);
        }
        Ok(text)
    }

    /// What [`to_text`](Self::to_text) made.
    pub fn of_text(text: &str) -> Self {
        let (principal, keytab) = match text.split_once(FILE) {
            Some((principal, path)) => (principal, Some(PathBuf::from(path))),
            None => (text, None),
        };
        Self {
            keytab,
            principal: Some(principal.to_owned()).filter(|principal| !principal.is_empty()),
        }
    }

    /// Who logs in, for people.
    ///
    /// # Errors
    /// The keytab can't be read, or it is not clear whose keys are meant.
    pub fn who(&self) -> Result<String> {
        self.identity().map(|identity| identity.to_string())
    }

    /// Who logs in.
    ///
    /// # Errors
    /// Those of [`Keytab::read`]; a principal is named and there is no keytab.
    pub(crate) fn identity(&self) -> Result<Identity> {
        let path = self.keytab.clone().or_else(|| {
            let named = std::env::var_os("KRB5_CLIENT_KTNAME");
            place(Path::new(USUAL_KEYTAB).exists(), named)
        });
        match (path, &self.principal) {
            (Some(path), principal) => {
                Keytab::read(&path, principal.as_deref()).map(Identity::Keytab)
            }
            (None, None) => Ok(Identity::Cache),
            (None, Some(principal)) => Err(Error::Keytab {
                path: USUAL_KEYTAB.to_owned(),
                why: format!(
                    "is not there, and nothing else says where the keys of {principal} are"
                ),
                next: "give its keytab: --security.kerberos.login.keytab <file>, or keyTab= in sasl.jaas.config",
            }),
        }
    }
}

#[cfg(test)]
mod tests;
