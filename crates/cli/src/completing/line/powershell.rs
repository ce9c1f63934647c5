//! The words of a line of PowerShell.

use std::str::Chars;

/// Quotes within which nothing has a meaning. Those of typography count as well.
const SINGLE: &[char] = &['\'', '‘', '’', '‚', '‛'];
/// Quotes within which a backtick has its meaning.
const DOUBLE: &[char] = &['"', '“', '”', '„'];
/// Stands before a character that is meant as it is, or before a letter for one that can't be typed.
const ESCAPE: char = '`';

/// Takes a line apart; the last word is empty behind white space.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = without_blanks(line);
    loop {
        let mut characters = rest.chars();
        words.push(word(&mut characters));
        let behind = characters.as_str();
        rest = without_blanks(behind);
        if rest.is_empty() {
            words.extend((!behind.is_empty()).then(String::new));
            return words;
        }
    }
}

/// A line without the white space at its beginning; a line that goes on in the next one has some there.
fn without_blanks(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some(next) = rest
        .strip_prefix("`\n")
        .or_else(|| rest.strip_prefix("`\r\n"))
    {
        rest = next.trim_start();
    }
    rest
}

/// The word that `rest` begins with, which is taken off.
fn word(rest: &mut Chars<'_>) -> String {
    let mut word = String::new();
    let mut is_first = true;
    while let Some(c) = next_if(rest, |c| !c.is_whitespace()) {
        match quotes_of(c) {
            Some(quotes) => {
                quoted(rest, quotes, &mut word);
                // What stands behind quotes that a word begins with is a word of its own.
                if is_first {
                    break;
                }
            }
            None if c == ESCAPE => word.extend(rest.next().map(meant)),
            None => word.push(c),
        }
        is_first = false;
    }
    word
}

/// Adds to `word` what stands between these quotes, the first of which is taken off already.
fn quoted(rest: &mut Chars<'_>, quotes: &[char], word: &mut String) {
    let has_escapes = quotes == DOUBLE;
    while let Some(c) = rest.next() {
        if quotes.contains(&c) {
            // Two of them are one that is meant.
            if next_if(rest, |next| quotes.contains(&next)).is_none() {
                return;
            }
            word.push(c);
        } else if has_escapes && c == ESCAPE {
            word.extend(rest.next().map(meant));
        } else {
            word.push(c);
        }
    }
}

/// The quotes that `c` is one of.
fn quotes_of(c: char) -> Option<&'static [char]> {
    [SINGLE, DOUBLE]
        .into_iter()
        .find(|quotes| quotes.contains(&c))
}

/// What a character means behind a backtick.
fn meant(c: char) -> char {
    match c {
        '0' => '\0',
        'a' => '\x07',
        'b' => '\x08',
        'e' => '\x1b',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        c => c,
    }
}

/// Takes the next character off if it is such a one.
fn next_if(rest: &mut Chars<'_>, is_such: impl Fn(char) -> bool) -> Option<char> {
    let next = rest.clone().next().filter(|&next| is_such(next))?;
    rest.next();
    Some(next)
}

#[cfg(test)]
mod tests;
