//! What goes wrong with Kerberos, and what is to be done about it.

use crate::cause::Cause;

/// What goes wrong with Kerberos.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The library is not on this machine.
    #[error("Kerberos is asked for, and libgssapi_krb5.so.2 can't be loaded: {0}")]
    Absent(String),
    /// The keytab can't be read, or it is not clear whose keys are meant.
    #[error("keytab {path} {why}")]
    Keytab {
        /// Where it lies.
        path: String,
        /// What is wrong.
        why: String,
        /// What is to be done about it.
        next: &'static str,
    },
    /// Kerberos says no.
    #[error("Kerberos does not let {who} in at {service}: {said}")]
    Refused {
        /// Who wants in.
        who: String,
        /// Where.
        service: String,
        /// What Kerberos says.
        said: String,
        /// Why.
        cause: Cause,
    },
}

/// What comes of asking Kerberos.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What is to be done about it.
    pub fn next(&self) -> &'static str {
        match self {
            Self::Absent(_) => "install it: apt-get install libgssapi-krb5-2",
            Self::Keytab { next, .. } => next,
            Self::Refused { cause, .. } => cause.next(),
        }
    }

    /// Whether it may pass by itself.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                cause: Cause::Away | Cause::Ended,
                ..
            }
        )
    }
}
