//! The tokens that requests may bring, and what each of them allows: one from `rest.auth.token`, and those of
//! `rest.auth.token-file`, which is read again when it has changed.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use millstream_core::options::{REST_TOKEN, REST_TOKEN_FILE};
use millstream_core::{Configuration, Error, Result, codes};
use millstream_process::regular;
use subtle::ConstantTimeEq;

/// A shorter token could be guessed.
const SHORTEST: usize = 16;

/// What a token allows. Each role allows what those before it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// To look.
    Read,
    /// To act on what runs: savepoints, checkpoints, stops, cancellations, the server's end.
    Operate,
    /// To run programs.
    Submit,
}

impl Role {
    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Submit => "submit",
        }
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Read, Self::Operate, Self::Submit];
        all.into_iter().find(|role| role.name() == text).ok_or(())
    }
}

/// A token and what it allows.
#[derive(Clone)]
struct Entry {
    /// What whoever brings it is called in the log.
    name: Arc<str>,
    role: Role,
    secret: String,
}

/// Who has brought a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bearer {
    /// The name of the token.
    pub(crate) name: Arc<str>,
    /// What it allows.
    pub(crate) role: Role,
}

/// The tokens. They can be compared but not printed.
pub(crate) struct Tokens {
    entries: RwLock<Arc<[Entry]>>,
    file: Mutex<Option<TokenFile>>,
}

/// The file of tokens, and how it was when it was read last, or last looked at.
struct TokenFile {
    path: PathBuf,
    stamp: Option<Stamp>,
}

/// What changes when a file does. The time of its last change stands for its owner and mode, and for content whose own time somebody
/// has put back.
#[derive(PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("******")
    }
}

impl Tokens {
    /// Reads the tokens that the configuration means.
    ///
    /// # Errors
    /// One is too short or can't be sent, or the file can't be read, or is open to others.
    pub(crate) fn of(configuration: &Configuration) -> Result<Self> {
        let path = configuration.get(&REST_TOKEN_FILE)?.map(PathBuf::from);
        // Before it is read: what is written meanwhile is read again.
        let stamp = path.as_deref().and_then(stamp);
        Ok(Self {
            entries: RwLock::new(entries(configuration)?.into()),
            file: Mutex::new(path.map(|path| TokenFile { path, stamp })),
        })
    }

    /// Whether there are none: then none is needed.
    pub(crate) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    /// Whose token it is; `None`: nobody's. It takes as long for one that is almost right as for one that is all wrong.
    pub(crate) fn bearer(&self, given: &[u8]) -> Option<Bearer> {
        let all = self.all();
        // All are looked at, so that the time does not tell the place of the right one.
        let found = all.iter().fold(None, |found, entry| {
            let is_it = is_same(given, entry.secret.as_bytes());
            if is_it { Some(entry) } else { found }
        });
        found.map(|entry| Bearer {
            name: Arc::clone(&entry.name),
            role: entry.role,
        })
    }

    /// Takes the tokens of `configuration` instead.
    ///
    /// # Errors
    /// As for [`Self::of`]; or there would be none any more. Then everything stays as it is.
    pub(crate) fn replace(&self, configuration: &Configuration) -> Result<()> {
        self.take(self.replacement(configuration)?);
        Ok(())
    }

    /// The tokens of `configuration`, for [`Self::take`]; those that there are go on to count.
    ///
    /// # Errors
    /// Those of [`Self::replace`].
    pub(crate) fn replacement(&self, configuration: &Configuration) -> Result<Self> {
        let new = Self::of(configuration)?;
        if new.is_empty() && !self.is_empty() {
            return Err(Error::new(
                &codes::SERVER_EXPOSED,
                "the configuration has no token any more: those that there were go on to count",
            )
            .next("give one, or start the server anew"));
        }
        Ok(new)
    }

    /// Has `new` count instead.
    pub(crate) fn take(&self, new: Self) {
        let entries = new.entries.into_inner();
        let entries = entries.unwrap_or_else(PoisonError::into_inner);
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = entries;
        let file = new.file.into_inner();
        let file = file.unwrap_or_else(PoisonError::into_inner);
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
    }

    /// Whether the file of tokens has changed since it was last asked for; it may have to be read again.
    pub(crate) fn has_changed(&self) -> bool {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = file.as_mut() else {
            return false;
        };
        let now = stamp(&file.path);
        let has_changed = now != file.stamp;
        file.stamp = now;
        has_changed
    }

    fn all(&self) -> Arc<[Entry]> {
        let entries = self.entries.read();
        Arc::clone(&entries.unwrap_or_else(PoisonError::into_inner))
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some(Stamp {
        device: about.dev(),
        inode: about.ino(),
        length: about.len(),
        modified: (about.mtime(), about.mtime_nsec()),
        changed: (about.ctime(), about.ctime_nsec()),
    })
}

/// Every token that the configuration means, each once.
fn entries(configuration: &Configuration) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    if let Some(secret) = configuration.get(&REST_TOKEN)? {
        check(&secret).map_err(|what| {
            let message = format!("{} {what}", REST_TOKEN.name);
            Error::new(&codes::OPTION_VALUE, message)
                .next("make one with `openssl rand -hex 32`, or leave the option away")
        })?;
        entries.push(Entry {
            name: REST_TOKEN.name.into(),
            role: Role::Submit,
            secret,
        });
    }
    if let Some(path) = configuration.get(&REST_TOKEN_FILE)? {
        entries.extend(in_file(Path::new(&path))?);
    }
    let mut names = HashSet::new();
    let mut secrets = HashSet::new();
    for entry in &entries {
        if !names.insert(&entry.name) || !secrets.insert(&entry.secret) {
            let message = format!("the token {} is given twice", entry.name);
            return Err(Error::new(&codes::OPTION_CONFLICT, message)
                .next("give each a name and a secret of its own"));
        }
    }
    Ok(entries)
}

/// The tokens of a file: lines `NAME ROLE TOKEN`, and such that begin with `#`.
fn in_file(path: &Path) -> Result<Vec<Entry>> {
    let shown = path.display();
    let refused = |what: String| {
        Error::new(&codes::CONFIG_FILE, what).next(format!(
            "write lines `NAME ROLE TOKEN` into {shown}, the role read, operate or submit, and let only the server's user read it"
        ))
    };
    let failed = |cause| refused(format!("the tokens in {shown} can't be read")).cause(cause);
    let about = fs::metadata(path).map_err(failed)?;
    let own = rustix::process::geteuid().as_raw();
    if ![own, 0].contains(&about.uid()) {
        let owner = about.uid();
        return Err(refused(format!(
            "the tokens in {shown} are somebody else's to read and write (it belongs to user {owner})"
        )));
    }
    if about.mode() & 0o027 != 0 {
        let mode = about.mode() & 0o777;
        return Err(refused(format!(
            "the tokens in {shown} are open to others (its mode is {mode:03o})"
        )));
    }
    let text = regular::read_text(path).map_err(failed)?;
    let mut entries = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // What is in the line stays out of the error: it may be a token.
        let entry = entry(line);
        let entry = entry.map_err(|what| refused(format!("{shown}, line {}: {what}", number + 1)));
        entries.push(entry?);
    }
    if entries.is_empty() {
        return Err(refused(format!("there is no token in {shown}")));
    }
    Ok(entries)
}

fn entry(line: &str) -> Result<Entry, String> {
    let mut words = line.split_ascii_whitespace();
    let (Some(name), Some(role), Some(secret), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err("it is not `NAME ROLE TOKEN`".to_owned());
    };
    let is_name = |letter: u8| letter.is_ascii_alphanumeric() || b"._-@".contains(&letter);
    if name.len() > 64 || !name.bytes().all(is_name) {
        return Err(
            "the name has other characters than letters, digits and ._-@, or more than 64"
                .to_owned(),
        );
    }
    let role = role
        .parse()
        .map_err(|()| "the role is none of read, operate and submit".to_owned())?;
    check(secret).map_err(|what| format!("the token {what}"))?;
    Ok(Entry {
        name: name.into(),
        role,
        secret: secret.to_owned(),
    })
}

/// What is wrong with a token.
fn check(secret: &str) -> Result<(), String> {
    if secret.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    if secret.len() < SHORTEST {
        return Err(format!(
            "is too short: {SHORTEST} characters at least, so that it can't be guessed"
        ));
    }
    let can_be_sent = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    let is_trimmed = secret.trim() == secret;
    if !is_trimmed || !secret.bytes().all(can_be_sent) {
        return Err(
            "has characters that no header can hold: take letters, digits and signs of ASCII"
                .to_owned(),
        );
    }
    Ok(())
}

/// Whether they are the same. It takes as long for a token that is almost right as for one that is all wrong, and that tells
/// nothing of the right one's length.
fn is_same(given: &[u8], token: &[u8]) -> bool {
    let lengths = (given.len() as u64).ct_eq(&(token.len() as u64));
    let pairs = given.iter().zip(token.iter().cycle());
    pairs.fold(lengths, |same, (a, b)| same & a.ct_eq(b)).into()
}

#[cfg(test)]
mod tests;
