//! Patterns of strftime in which letters of another dialect stand, such as `yyyy-MM-dd %H:%M`.

use super::pattern::{Item, java, postgres, strftime};

/// Words of PostgreSQL that are ordinary words as well.
const ORDINARY: &[&str] = &["AM", "PM", "MS", "US", "ID", "DAY", "MONTH"];

/// The first run of letters of another dialect in a pattern of strftime, and the pattern in which all of them are
/// strftime's.
pub(super) fn mixed(pattern: &str) -> Option<(String, String)> {
    let mut first = None;
    let mut same = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        let length = match character {
            '%' => percent(rest),
            letter if letter.is_alphanumeric() => rest
                .find(|next: char| !next.is_alphanumeric())
                .unwrap_or(rest.len()),
            other => other.len_utf8(),
        };
        let (piece, behind) = rest.split_at_checked(length)?;
        match translated(piece) {
            Some(translated) => {
                first.get_or_insert_with(|| piece.to_owned());
                same.push_str(&translated);
            }
            None => same.push_str(piece),
        }
        rest = behind;
    }
    first.map(|first| (first, same))
}

/// How long what begins with a percent sign is: up to its letter, or to what stands in place of one.
fn percent(text: &str) -> usize {
    let behind = text.get(1..).unwrap_or_default();
    let letter = behind.find(|next: char| next.is_ascii_alphabetic() || "%+".contains(next));
    letter.map_or(text.len(), |letter| letter + 2)
}

/// The same in strftime, if these are letters of a pattern of Java or PostgreSQL. Single letters may be anything.
fn translated(run: &str) -> Option<String> {
    let dates = |items: Result<Vec<Item>, String>| {
        let items = items.ok()?;
        let all = !items.is_empty() && !items.iter().any(Item::is_plain);
        all.then(|| strftime(&items)).flatten()
    };
    let letters: Vec<char> = run.chars().collect();
    let doubled = letters.chunk_by(|a, b| a == b).all(|same| same.len() > 1);
    if doubled && let Some(same) = dates(java(run)) {
        return Some(same);
    }
    let upper = letters.len() > 1 && !letters.iter().any(|letter| letter.is_lowercase());
    let is_word = upper && letters.iter().any(|letter| letter.is_ascii_uppercase());
    if is_word && !ORDINARY.contains(&run) {
        return dates(postgres(run));
    }
    None
}
