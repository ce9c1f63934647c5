//! Keytabs: which one is used, and whose keys it holds. The format is that of MIT (version 5.2).

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The keytab that is used where it is there, whatever else is said.
pub const USUAL_KEYTAB: &str = "/etc/user.keytab";

/// A keytab, and one principal whose keys it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keytab {
    /// Where it lies.
    pub path: PathBuf,
    /// The principal, as `name/host@REALM`.
    pub principal: String,
}

impl Keytab {
    /// The keytab in a file. `principal`: whose keys are used, with or without the realm; `None`: it holds those of one
    /// principal only.
    ///
    /// # Errors
    /// It can't be read, holds no key of that principal, or those of several where none is named.
    pub fn read(path: &Path, principal: Option<&str>) -> Result<Self> {
        let wrong = |why: String, next| Error::Keytab {
            path: path.display().to_string(),
            why,
            next,
        };
        let bytes = fs::read(path).map_err(|error| {
            let next =
                "correct its path, or let the user of this process read it (and nobody else)";
            wrong(format!("can't be read: {error}"), next)
        })?;
        let held = principals(&bytes);
        if held.is_empty() {
            let next = "have it written anew (kadmin: ktadd -k <file> <principal>)";
            return Err(wrong("holds no key that can be read".to_owned(), next));
        }
        let chosen = chosen(&held, principal).map_err(|why| {
            let next = "name one of them: --security.kerberos.login.principal <principal>, or principal= in sasl.jaas.config";
            wrong(why, next)
        })?;
        Ok(Self {
            path: path.to_path_buf(),
            principal: chosen.to_owned(),
        })
    }

    /// The cache in the memory of this process where tickets of the principal are.
    ///
    /// # Errors
    /// The path is no text.
    pub(crate) fn cache(&self) -> std::result::Result<String, &'static str> {
        let path = self.path.to_str();
        let path = path.ok_or("the path of the keytab is no text in UTF-8")?;
        Ok(format!("MEMORY:millstream {} {path}", self.principal))
    }
}

/// The principal that is meant, of those that a keytab holds keys of; the error says what is wrong.
fn chosen<'a>(held: &'a [String], wanted: Option<&str>) -> std::result::Result<&'a str, String> {
    let all = || held.join(", ");
    let meant: Vec<&String> = match wanted {
        None => held.iter().collect(),
        Some(wanted) => held
            .iter()
            .filter(|held| {
                let name = held
                    .rsplit_once('@')
                    .map_or(held.as_str(), |(name, _)| name);
                held.as_str() == wanted || name == wanted
            })
            .collect(),
    };
    match (meant.as_slice(), wanted) {
        ([one], _) => Ok(one),
        ([], Some(wanted)) => Err(format!("holds no key of {wanted}, but of {}", all())),
        _ => Err(format!("holds keys of several principals: {}", all())),
    }
}

/// Which keytab is used: the usual one if it is there, else the one that is named, `FILE:` before it or not.
pub(crate) fn place(usual_is_there: bool, named: Option<OsString>) -> Option<PathBuf> {
    if usual_is_there {
        return Some(PathBuf::from(USUAL_KEYTAB));
    }
    let named = named.filter(|named| !named.is_empty())?;
    let path = named.to_str().and_then(|text| text.strip_prefix("FILE:"));
    Some(match path {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(named),
    })
}

/// The principals of all entries that were not deleted, each once, in order.
fn principals(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let Some(rest) = bytes.strip_prefix(&[5, 2]) else {
        return found;
    };
    let mut input = Input(rest);
    while let Some(entry) = next_entry(&mut input) {
        let principal = principal(entry).filter(|principal| !found.contains(principal));
        found.extend(principal);
    }
    found
}

/// The next entry; a hole, whose length is below 0, is one without bytes.
fn next_entry<'a>(input: &mut Input<'a>) -> Option<&'a [u8]> {
    let length = input.number::<4>()? as u32 as i32;
    let entry = input.take(length.unsigned_abs() as usize)?;
    // Behind the last entry there may be zeros.
    (length != 0).then_some(if length > 0 { entry } else { &[] })
}

fn principal(entry: &[u8]) -> Option<String> {
    let mut input = Input(entry);
    let parts = input.number::<2>()?;
    let realm = input.text()?;
    let parts: Option<Vec<String>> = (0..parts).map(|_| input.text()).collect();
    let parts = parts.filter(|parts| !parts.is_empty())?;
    Some(format!("{}@{realm}", parts.join("/")))
}

/// Big-endian numbers and texts.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number<const N: usize>(&mut self) -> Option<u64> {
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(self.take(N)?.iter().fold(0, fold))
    }

    fn text(&mut self) -> Option<String> {
        let length = self.number::<2>()?;
        let text = self.take(usize::try_from(length).ok()?)?;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests;
