//! Delimiters as text: a character, an escape, or an ASCII code.
//!
//! | given | means |
//! |---|---|
//! | `,` | the character itself |
//! | `\t` `\n` `\r` `\f` `\b` `\0` `\\` | as in Java |
//! | `\u0001`, `\x01`, `\001` | the character of that code: 4 or 2 hexadecimal, 3 octal digits |
//! | `0x01`, `0x0D0A` | ASCII codes, two hexadecimal digits each |
//! | `9`, `44` | a decimal ASCII code, 0 to 127 |
//!
//! Digits are always a code, also a single one: `1` is U+0001, Hive's own delimiter, since a digit as a
//! delimiter would cut every number. One who means the digit writes its code (`49`).

use std::iter::Peekable;
use std::str::Chars;

use millstream_core::options::FromOptionText;

/// What stands between two fields: one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FieldDelimiter(pub(super) char);

/// What stands between two records: one or more characters; none: whatever ends lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineDelimiter(pub(super) String);

/// What quotes fields: one character, or none does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote(pub(super) Option<char>);

/// Behind which any character means itself: one character, or there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Escape(pub(super) Option<char>);

const FORMS: &str =
    "a character, an escape such as \\t or \\u0001, or an ASCII code such as 0x01 or 44";

impl FromOptionText for FieldDelimiter {
    const TYPE_NAME: &'static str = "one character: itself, an escape or its ASCII code";

    fn from_option_text(text: &str) -> Result<Self, String> {
        let delimiter = read(text)?;
        let mut characters = delimiter.chars();
        match (characters.next(), characters.next()) {
            (Some('"'), None) => Err("a delimiter, as it quotes fields".to_owned()),
            (Some(character), None) => Ok(Self(character)),
            _ => Err(format!("one character ({FORMS})")),
        }
    }
}

impl FromOptionText for LineDelimiter {
    const TYPE_NAME: &'static str = "characters: themselves, escapes or ASCII codes";

    fn from_option_text(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case(AUTO) {
            return Ok(Self(String::new()));
        }
        let delimiter = read(text)?;
        if delimiter.is_empty() || delimiter.contains('"') {
            return Err(format!(
                "a line delimiter ({FORMS}; without quotes), or {AUTO}"
            ));
        }
        Ok(Self(delimiter))
    }
}

/// Takes each line end as it is, in words.
const AUTO: &str = "auto";
/// No quote, or no escape.
const NONE: &str = "none";

impl FromOptionText for Quote {
    const TYPE_NAME: &'static str = "one character: itself, an escape or its ASCII code; or `none`";

    fn from_option_text(text: &str) -> Result<Self, String> {
        sign(text, "a quote").map(Self)
    }
}

impl FromOptionText for Escape {
    const TYPE_NAME: &'static str = "one character: itself, an escape or its ASCII code; or `none`";

    fn from_option_text(text: &str) -> Result<Self, String> {
        sign(text, "an escape character").map(Self)
    }
}

/// One ASCII character that is no letter and no digit, or none.
fn sign(text: &str, what: &str) -> Result<Option<char>, String> {
    if text.eq_ignore_ascii_case(NONE) {
        return Ok(None);
    }
    let given = read(text)?;
    let mut characters = given.chars();
    match (characters.next(), characters.next()) {
        (Some(sign), None) if sign.is_ascii() && !sign.is_ascii_alphanumeric() => Ok(Some(sign)),
        _ => Err(format!("{what}: one ASCII sign ({FORMS}), or {NONE}")),
    }
}

/// The characters that `text` stands for.
fn read(text: &str) -> Result<String, String> {
    let text = unquoted(text);
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return hexadecimal(digits)
            .ok_or_else(|| "ASCII codes of two hexadecimal digits, 00 to 7F".to_owned());
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let code = text.parse::<u8>().ok().filter(u8::is_ascii);
        let code = code.ok_or("an ASCII code, 0 to 127; write other characters as \\uXXXX")?;
        return Ok(char::from(code).to_string());
    }
    escapes(text).ok_or_else(|| format!("a delimiter ({FORMS})"))
}

/// Takes one pair of quotes off, as in `','`.
fn unquoted(text: &str) -> &str {
    for quote in ['\'', '"'] {
        let inner = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.is_empty()) {
            return inner;
        }
    }
    text
}

fn hexadecimal(digits: &str) -> Option<String> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let padded = if digits.len() % 2 == 1 {
        format!("0{digits}")
    } else {
        digits.to_owned()
    };
    let mut characters = String::new();
    let mut rest = padded.as_str();
    while let Some((code, after)) = rest.split_at_checked(2) {
        characters.push(character(code, 16).filter(char::is_ascii)?);
        rest = after;
    }
    Some(characters)
}

fn character(digits: &str, radix: u32) -> Option<char> {
    char::from_u32(u32::from_str_radix(digits, radix).ok()?)
}

fn escapes(text: &str) -> Option<String> {
    let mut characters = String::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        // A backslash alone is the character itself: some files are delimited by it.
        if next != '\\' || text == "\\" {
            characters.push(next);
        } else {
            characters.push(escape(&mut rest)?);
        }
    }
    Some(characters)
}

fn escape(rest: &mut Peekable<Chars<'_>>) -> Option<char> {
    match rest.next()? {
        't' => Some('\t'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        'f' => Some('\u{c}'),
        'b' => Some('\u{8}'),
        quoted @ ('\\' | '\'' | '"' | ' ') => Some(quoted),
        'u' => digits(rest, 4, 16, None),
        'x' => digits(rest, 2, 16, None),
        '0' if !rest.peek().is_some_and(char::is_ascii_digit) => Some('\0'),
        octal @ '0'..='7' => digits(rest, 2, 8, Some(octal)),
        _ => None,
    }
}

fn digits(
    rest: &mut Peekable<Chars<'_>>,
    count: usize,
    radix: u32,
    first: Option<char>,
) -> Option<char> {
    let mut code = String::from_iter(first);
    for _ in 0..count {
        code.push(rest.next().filter(|digit| digit.is_digit(radix))?);
    }
    character(&code, radix)
}

#[cfg(test)]
mod tests;
