//! The client's side of SASL's mechanism GSSAPI (RFC 4752), and what protects messages behind it.

use crate::cause::Cause;
use crate::keys::{Identity, Keys};
use crate::library::{Context, Library, Service};
use crate::{Error, Result};

/// What is done to messages behind a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Nothing (`auth`).
    None,
    /// Nobody can change them (`auth-int`).
    Integrity,
    /// Nobody else can read them (`auth-conf`).
    Confidentiality,
}

impl Protection {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::None, Self::Integrity, Self::Confidentiality];

    /// What it is called in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "auth",
            Self::Integrity => "auth-int",
            Self::Confidentiality => "auth-conf",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::None => 1,
            Self::Integrity => 2,
            Self::Confidentiality => 4,
        }
    }

    /// The layer that is taken of those that a service offers: the wanted one, else the least. The error says what is wrong.
    fn chosen(offered: &[u8], wanted: Option<Self>) -> std::result::Result<Self, String> {
        let layers = offered.first().copied().unwrap_or_default();
        let offers = Self::ALL.iter().filter(|one| layers & one.bit() != 0);
        let offers: Vec<Self> = offers.copied().collect();
        let names = || {
            let names: Vec<&str> = offers.iter().map(|one| one.name()).collect();
            names.join(", ")
        };
        match (wanted, offers.first()) {
            _ if offered.len() != 4 => Err("it does not say which layers it offers".to_owned()),
            (_, None) => Err("it offers no layer that is known".to_owned()),
            (None, Some(least)) => Ok(*least),
            (Some(wanted), Some(_)) if offers.contains(&wanted) => Ok(wanted),
            (Some(wanted), Some(_)) => Err(format!(
                "{} is asked for, and it offers {}",
                wanted.name(),
                names()
            )),
        }
    }

    /// What the service is told of the layer, and of the longest message that is taken.
    const fn answer(self) -> [u8; 4] {
        match self {
            Self::None => [self.bit(), 0, 0, 0],
            _ => [self.bit(), 0xff, 0xff, 0xff],
        }
    }
}

/// A client that logs in.
#[derive(Debug)]
pub struct Login {
    context: Context,
    identity: Identity,
    service: Service,
    wanted: Option<Protection>,
    stage: Stage,
}

/// How far a login is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Both show who they are.
    Tokens,
    /// The service says how messages may be protected.
    Layers,
    /// It has been answered.
    Done(Protection),
}

/// What is to be sent to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// May be empty, and is sent all the same.
    pub message: Vec<u8>,
    /// Whether it is the last one.
    pub is_last: bool,
}

impl Login {
    /// A client of the service. `wanted`: what is done to messages afterwards; `None`: the least that the service offers.
    ///
    /// # Errors
    /// There is no library, no key, or Kerberos gives no ticket.
    pub fn new(service: Service, keys: &Keys, wanted: Option<Protection>) -> Result<Self> {
        let identity = keys.identity()?;
        let library = Library::load()?;
        let context = library.client(&service, &identity, true);
        let context = context.map_err(|said| identity.refused(&service, said))?;
        Ok(Self {
            context,
            identity,
            service,
            wanted,
            stage: Stage::Tokens,
        })
    }

    /// Goes on: `received` is what the service has sent, nothing at first.
    ///
    /// # Errors
    /// Kerberos, or the service by what it has sent, says no.
    pub fn step(&mut self, received: &[u8]) -> Result<Answer> {
        match self.stage {
            Stage::Tokens => {
                let step = self.context.step(received);
                let step = step.map_err(|said| self.identity.refused(&self.service, said))?;
                if step.done {
                    self.stage = Stage::Layers;
                }
                Ok(Answer {
                    message: step.token,
                    is_last: false,
                })
            }
            Stage::Layers => self.settle(received),
            Stage::Done(_) => Err(self.odd("it goes on behind the end of the login".to_owned())),
        }
    }

    fn settle(&mut self, received: &[u8]) -> Result<Answer> {
        let offered = self
            .context
            .unwrap(received)
            .map_err(|said| self.odd(said))?;
        let chosen = Protection::chosen(&offered, self.wanted).map_err(|why| self.odd(why))?;
        let message = self.context.wrap(&chosen.answer(), false);
        let message = message.map_err(|said| self.odd(said))?;
        self.stage = Stage::Done(chosen);
        Ok(Answer {
            message,
            is_last: true,
        })
    }

    /// Who logs in, for people.
    pub fn who(&self) -> String {
        self.identity.to_string()
    }

    /// What protects messages from now on; `None`: nothing does, as was agreed on.
    pub fn guard(self) -> Option<Guard> {
        let is_secret = match self.stage {
            Stage::Done(Protection::Integrity) => false,
            Stage::Done(Protection::Confidentiality) => true,
            _ => return None,
        };
        Some(Guard {
            context: self.context,
            is_secret,
        })
    }

    fn odd(&self, said: String) -> Error {
        Error::Refused {
            who: self.identity.to_string(),
            service: self.service.to_string(),
            said,
            cause: Cause::Answer,
        }
    }
}

/// What is shown to a service that wants one message only: a new one each time.
///
/// # Errors
/// There is no library, no key, or Kerberos gives no ticket.
pub fn token(service: &Service, keys: &Keys) -> Result<Vec<u8>> {
    let identity = keys.identity()?;
    let library = Library::load()?;
    let context = library.client(service, &identity, false);
    let step = context.and_then(|mut context| context.step(&[]));
    let step = step.map_err(|said| identity.refused(service, said))?;
    Ok(step.token)
}

/// Protects messages behind a login.
#[derive(Debug)]
pub struct Guard {
    context: Context,
    is_secret: bool,
}

impl Guard {
    /// Protects a message.
    ///
    /// # Errors
    /// What the library says.
    pub fn wrap(&mut self, message: &[u8]) -> std::result::Result<Vec<u8>, String> {
        self.context.wrap(message, self.is_secret)
    }

    /// What a protected message says.
    ///
    /// # Errors
    /// Somebody has changed it, or it is none; what the library says.
    pub fn unwrap(&mut self, message: &[u8]) -> std::result::Result<Vec<u8>, String> {
        self.context.unwrap(message)
    }
}

#[cfg(test)]
mod tests;
