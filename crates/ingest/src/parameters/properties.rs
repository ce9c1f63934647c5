//! Files in the syntax of Java properties (`java.util.Properties`): `name=value`, `name: value` or `name value`, `#` and `!`
//! begin comments, a backslash at the end of a line continues it, and `\t`, `\n`, `\r`, `\f`, `\uXXXX` are escapes;
//! before any other character a backslash is dropped.
//!
//! The text is UTF-8, else ISO-8859-1 as in Java.

use std::path::Path;

use millstream_core::{Error, Result, codes};
use millstream_process::regular;

/// One entry of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) value: String,
    /// The line it begins on, from 1.
    pub(super) line: usize,
}

/// Reads the file.
///
/// # Errors
/// The file can't be read, or holds an escape that is none ([`codes::CONFIG_FILE`]).
pub(super) fn read_file(path: &Path) -> Result<Vec<Property>> {
    let bytes = regular::read(path).map_err(|cause| {
        Error::new(
            &codes::CONFIG_FILE,
            format!("can't read the parameter file {}", path.display()),
        )
        .cause(cause)
        .next("see that it is a file that may be read, or give another one with --config")
    })?;
    parse(&decode(&bytes)).map_err(|line| {
        Error::new(
            &codes::CONFIG_FILE,
            format!(
                "{}:{line} holds a \\u that four hexadecimal digits do not follow",
                path.display()
            ),
        )
        .next("write \\uXXXX for a character, or \\\\u for a backslash and a u")
    })
}

fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// The entries of `text`; as error the number of the line with a wrong escape.
fn parse(text: &str) -> Result<Vec<Property>, usize> {
    let mut properties = Vec::new();
    for (line, content) in logical_lines(text) {
        let (name, value) = split(&content);
        properties.push(Property {
            name: unescape(name).ok_or(line)?,
            value: unescape(value).ok_or(line)?,
            line,
        });
    }
    Ok(properties)
}

/// Lines without comments and blank ones, continued lines joined, each with the number of its first.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut continued = false;
    // As in Java a line ends with \n, \r or \r\n; here \r\n only adds an empty line, which means
    // nothing except to a continuation and to the count of lines.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for (index, natural) in text.split('\n').enumerate() {
        let natural = natural.trim_start_matches(BLANK);
        if !continued && (natural.is_empty() || natural.starts_with(['#', '!'])) {
            continue;
        }
        let continues = natural
            .bytes()
            .rev()
            .take_while(|byte| *byte == b'\\')
            .count()
            % 2
            == 1;
        let content = if continues {
            natural.strip_suffix('\\').unwrap_or(natural)
        } else {
            natural
        };
        match lines.last_mut() {
            Some((_, line)) if continued => line.push_str(content),
            _ => lines.push((index + 1, content.to_owned())),
        }
        continued = continues;
    }
    lines
}

const BLANK: [char; 3] = [' ', '\t', '\u{c}'];

/// Cuts a line at the first `=`, `:` or blank that no backslash stands before.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|c| {
        let ends = !escaped && (matches!(c, '=' | ':') || BLANK.contains(&c));
        escaped = c == '\\' && !escaped;
        ends
    });
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start_matches(BLANK);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (name, value.trim_start_matches(BLANK))
}

fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    // Java works on UTF-16: a character outside of the basic plane is two escapes.
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        let character = match (next, if next == '\\' { rest.next() } else { None }) {
            ('\\', Some('u')) => {
                let (code, after) = rest.as_str().split_at_checked(4)?;
                if !code.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return None;
                }
                units.push(u16::from_str_radix(code, 16).ok()?);
                rest = after.chars();
                continue;
            }
            ('\\', Some('t')) => '\t',
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some('f')) => '\u{c}',
            ('\\', Some(other)) => other,
            ('\\', None) => continue,
            (other, _) => other,
        };
        plain.push_str(&String::from_utf16_lossy(&units));
        units.clear();
        plain.push(character);
    }
    plain.push_str(&String::from_utf16_lossy(&units));
    Some(plain)
}

#[cfg(test)]
mod tests;
