//! References in values: `${env:NAME}` and `${file:PATH}` stand for the value of an environment variable and for the
//! content of a file. A value keeps its references wherever it is stored, sent or shown; the process that uses it
//! replaces them.
//!
//! `$${` stands for `${`. What a reference stands for is taken as it is: references in it are none.

mod hidden;

use std::fmt;

pub use hidden::Hidden;

use crate::codes;
use crate::error::{Error, Result};

/// What stands for something that must not be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// `${env:NAME}`: the value of this environment variable.
    Variable(&'a str),
    /// `${file:PATH}`: the content of this file, without the line break at its end.
    File(&'a str),
}

impl fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "${{env:{name}}}"),
            Self::File(path) => write!(f, "${{file:{path}}}"),
        }
    }
}

/// Finds out what a reference stands for; else why that is not to be had, in words behind the reference.
pub type Read<'a> = &'a dyn Fn(&Reference<'_>) -> Result<String, String>;

const BEGIN: &str = "${";

/// Values that are stored, shown and sent as they are, so that nothing that must be hidden may be in them.
const SHOWN: [&str; 2] = ["job.name", "pipeline.name"];

/// A piece of a value.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    /// `$${`.
    Escaped,
    Reference(Reference<'a>),
    /// It begins as a reference does, and is none.
    Wrong(&'a str),
}

/// Cuts the first piece off `text`, which is not empty.
fn next_piece(text: &str) -> (Piece<'_>, &str) {
    let Some(at) = text.find(BEGIN) else {
        return (Piece::Text(text), "");
    };
    let (before, rest) = text.split_at(at);
    if let Some(before) = before.strip_suffix('$') {
        return match before {
            "" => (Piece::Escaped, rest.strip_prefix(BEGIN).unwrap_or(rest)),
            // The dollar stays with what it escapes.
            before => (Piece::Text(before), text.split_at(before.len()).1),
        };
    }
    if !before.is_empty() {
        return (Piece::Text(before), rest);
    }
    let Some(end) = rest.find('}') else {
        return (Piece::Wrong(rest), "");
    };
    let (whole, after) = rest.split_at(end + 1);
    let inner = whole
        .strip_prefix(BEGIN)
        .and_then(|inner| inner.strip_suffix('}'));
    let reference = inner.and_then(|inner| match inner.split_once(':')? {
        ("env", name) if !name.is_empty() => Some(Reference::Variable(name)),
        ("file", path) if path.starts_with('/') => Some(Reference::File(path)),
        _ => None,
    });
    (
        reference.map_or(Piece::Wrong(whole), Piece::Reference),
        after,
    )
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = next_piece(rest);
        rest = after;
        Some(piece)
    })
}

/// Whether `text` has something in it that begins as a reference does.
pub fn has_references(text: &str) -> bool {
    pieces(text).any(|piece| matches!(piece, Piece::Reference(_) | Piece::Wrong(_)))
}

/// Whether `text` is a reference and nothing else, so that it may be shown whatever it stands for.
pub fn is_reference(text: &str) -> bool {
    let mut pieces = pieces(text.trim());
    matches!(pieces.next(), Some(Piece::Reference(_))) && pieces.next().is_none()
}

/// `text` without its references: what is written down of it.
pub fn without_references(text: &str) -> String {
    pieces(text)
        .map(|piece| match piece {
            Piece::Text(text) | Piece::Wrong(text) => text,
            Piece::Escaped => BEGIN,
            Piece::Reference(_) => "",
        })
        .collect()
}

/// A value that stands for `text` itself, whatever is in it.
pub fn escape(text: &str) -> String {
    text.replace(BEGIN, "$${")
}

/// `text`, the value of `place` (an option or parameter), with what its references stand for.
///
/// # Errors
/// Something begins as a reference and is none, what one stands for is not to be had, or the value is one that everybody sees
/// ([`codes::REFERENCE`]).
pub fn resolve(place: &str, text: &str, read: Read<'_>) -> Result<String> {
    let mut resolved = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => resolved.push_str(text),
            Piece::Escaped => resolved.push_str(BEGIN),
            Piece::Reference(reference) if is_shown(place) => {
                return Err(Error::new(
                    &codes::REFERENCE,
                    format!("{place} is given by {reference}, and a name is stored and shown to everybody"),
                )
                .next("write the name itself"));
            }
            Piece::Reference(reference) => {
                let found = read(&reference).map_err(|why| missing(place, reference, &why))?;
                resolved.push_str(&found);
            }
            Piece::Wrong(wrong) => return Err(no_reference(place, wrong)),
        }
    }
    Ok(resolved)
}

/// Whether everybody sees what `place` says, behind which may stand where it was given.
fn is_shown(place: &str) -> bool {
    let name = place.split(' ').next();
    name.is_some_and(|name| SHOWN.contains(&name))
}

fn missing(place: &str, reference: Reference<'_>, why: &str) -> Error {
    let next = match reference {
        Reference::Variable(name) => {
            format!("set {name} for the process that runs the job, or for the server")
        }
        Reference::File(path) => format!("put {path} where the process that uses it can read it"),
    };
    Error::new(
        &codes::REFERENCE,
        format!("{place} is given by {reference}, {why}"),
    )
    .next(next)
}

fn no_reference(place: &str, wrong: &str) -> Error {
    let wrong: String = wrong.chars().take(60).collect();
    Error::new(
        &codes::REFERENCE,
        format!("{place} has `{wrong}` in it, which is no reference"),
    )
    .next("write ${env:NAME} or ${file:/PATH}, or $${ where ${ itself is meant")
}

#[cfg(test)]
mod tests;
