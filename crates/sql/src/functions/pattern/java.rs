//! Patterns of Java's `DateTimeFormatter`.

use std::iter::repeat_n;

use super::{Case, Edge, Item, Named, Number, Years, push_text};

/// Reads a pattern of Java's `DateTimeFormatter`.
///
/// # Errors
/// What is not offered, in words that follow "the pattern …:".
pub(in crate::functions) fn java(pattern: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut open = 0_usize;
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let (text, behind) = quoted(rest)?;
            push_text(&mut items, &text);
            rest = behind;
            continue;
        }
        let end = rest.find(|next| next != letter).unwrap_or(rest.len());
        let run = rest.get(..end).unwrap_or_default();
        let count = run.chars().count();
        match letter {
            'A'..='Z' | 'a'..='z' => items.push(item_of(letter, count)?),
            // One that is not closed ends with the pattern.
            '[' => {
                open += count;
                items.extend(repeat_n(Item::Section(Edge::Begin), count));
            }
            ']' => {
                open = open.checked_sub(count).ok_or(
                    "a `]` stands behind no `[`; as text it is written ']' in single quotes",
                )?;
                items.extend(repeat_n(Item::Section(Edge::End), count));
            }
            '{' | '}' | '#' => {
                return Err(format!(
                    "`{letter}` has no meaning yet in Java, which keeps it; as text it is written '{letter}' in single quotes"
                ));
            }
            _ => push_text(&mut items, run),
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    Ok(items)
}

fn item_of(letter: char, count: usize) -> Result<Item, String> {
    let name = |of| Item::Name {
        of,
        short: count < 4,
        case: Case::Title,
        width: 0,
    };
    let letters = || letter.to_string().repeat(count.min(20));
    Ok(match (letter, count) {
        ('y' | 'u', 1..=19) => year(letter, count),
        ('M' | 'L', 1 | 2) => Item::Number(Number::Month, count),
        ('M' | 'L', 3 | 4) => name(Named::Month),
        ('d', 1 | 2) => Item::Number(Number::Day, count),
        ('D', 1 | 3) => Item::Number(Number::DayOfYear, count),
        ('Q', 1 | 2) => Item::Number(Number::Quarter, count),
        ('E', 1..=4) => name(Named::DayOfWeek),
        ('H', 1 | 2) => Item::Number(Number::Hour, count),
        ('h', 1 | 2) => Item::Number(Number::ShortHour, count),
        ('m', 1 | 2) => Item::Number(Number::Minute, count),
        ('s', 1 | 2) => Item::Number(Number::Second, count),
        ('S', 1..=9) => Item::Fraction(count),
        ('a', 1) => Item::Half {
            upper: true,
            points: false,
        },
        ('Y', _) => return Err("`Y` is the year of the week in Java; write yyyy".to_owned()),
        ('D', _) => return Err("`D` is the day of the year in Java; write dd".to_owned()),
        ('O' | 'V' | 'X' | 'Z' | 'v' | 'x' | 'z', _) => {
            return Err(format!(
                "`{}` is the time zone in Java, and times have none here; letters that mean themselves stand in single quotes",
                letters()
            ));
        }
        _ => {
            return Err(format!(
                "`{}` is not offered; letters that mean themselves stand in single quotes",
                letters()
            ));
        }
    })
}

/// `y` is the year of the era, `u` may be below 0. From four letters on a year with more digits has a sign.
fn year(letter: char, count: usize) -> Item {
    let of = match letter {
        'u' => Years::Proleptic,
        _ => Years::OfEra,
    };
    match count {
        2 => Item::ShortYear { of, digits: 2 },
        digits => Item::Year {
            of,
            digits,
            plus: digits > 3,
        },
    }
}

/// The text in single quotes at the start of `rest`, in which two stand for one, as they do alone; and what lies behind.
fn quoted(rest: &str) -> Result<(String, &str), String> {
    let mut text = String::new();
    let mut behind = rest.strip_prefix('\'').unwrap_or(rest);
    loop {
        let Some((piece, more)) = behind.split_once('\'') else {
            return Err("a single quote is not closed".to_owned());
        };
        text.push_str(piece);
        match more.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                behind = more;
            }
            None if text.is_empty() => return Ok(("'".to_owned(), more)),
            None => return Ok((text, more)),
        }
    }
}
