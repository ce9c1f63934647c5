//! Patterns of `to_char` as PostgreSQL and Oracle have them.

use super::{Case, Item, Named, Number, Years, push_text};

/// What a word of PostgreSQL's patterns means.
#[derive(Debug, Clone, Copy)]
enum Word {
    Number(Number, usize),
    Year(Years),
    ShortYear,
    Fraction(usize),
    Half(bool),
    Name(Named, bool),
    /// It is known, so that it is not taken for shorter words, and not offered.
    Refused,
}

/// All words of PostgreSQL's patterns, and the prefixes that it has beside `FM`.
const WORDS: &[(&str, Word)] = &[
    ("Y,YYY", Word::Refused),
    ("YYYY", Word::Year(Years::OfEra)),
    ("YYY", Word::Refused),
    ("YY", Word::ShortYear),
    ("Y", Word::Refused),
    ("IYYY", Word::Year(Years::OfWeeks)),
    ("IYY", Word::Refused),
    ("IY", Word::Refused),
    ("I", Word::Refused),
    ("A.D.", Word::Refused),
    ("B.C.", Word::Refused),
    ("AD", Word::Refused),
    ("BC", Word::Refused),
    ("CC", Word::Refused),
    ("J", Word::Refused),
    ("Q", Word::Number(Number::Quarter, 1)),
    ("MONTH", Word::Name(Named::Month, false)),
    ("MON", Word::Name(Named::Month, true)),
    ("MM", Word::Number(Number::Month, 2)),
    ("RM", Word::Refused),
    ("WW", Word::Number(Number::Week, 2)),
    ("W", Word::Number(Number::WeekOfMonth, 1)),
    ("IW", Word::Number(Number::IsoWeek, 2)),
    ("DAY", Word::Name(Named::DayOfWeek, false)),
    ("DY", Word::Name(Named::DayOfWeek, true)),
    ("DDD", Word::Number(Number::DayOfYear, 3)),
    ("IDDD", Word::Refused),
    ("DD", Word::Number(Number::Day, 2)),
    ("D", Word::Number(Number::DayOfWeek, 1)),
    ("ID", Word::Number(Number::IsoDayOfWeek, 1)),
    ("HH24", Word::Number(Number::Hour, 2)),
    ("HH12", Word::Number(Number::ShortHour, 2)),
    ("HH", Word::Number(Number::ShortHour, 2)),
    ("A.M.", Word::Half(true)),
    ("P.M.", Word::Half(true)),
    ("AM", Word::Half(false)),
    ("PM", Word::Half(false)),
    ("MI", Word::Number(Number::Minute, 2)),
    ("SSSSS", Word::Number(Number::SecondOfDay, 1)),
    ("SSSS", Word::Number(Number::SecondOfDay, 1)),
    ("SS", Word::Number(Number::Second, 2)),
    ("MS", Word::Fraction(3)),
    ("US", Word::Fraction(6)),
    ("FF1", Word::Fraction(1)),
    ("FF2", Word::Fraction(2)),
    ("FF3", Word::Fraction(3)),
    ("FF4", Word::Fraction(4)),
    ("FF5", Word::Fraction(5)),
    ("FF6", Word::Fraction(6)),
    ("TZH", Word::Refused),
    ("TZM", Word::Refused),
    ("TZ", Word::Refused),
    ("OF", Word::Refused),
    ("FX", Word::Refused),
    ("TM", Word::Refused),
];

/// Reads a pattern of `to_char` as PostgreSQL and Oracle have it.
///
/// # Errors
/// What is not offered, in words that follow "the pattern …:".
pub(in crate::functions) fn postgres(pattern: &str) -> Result<Vec<Item>, String> {
    if pattern.contains(":mm") || pattern.contains("H:m") {
        return Err("`mm` is the month here; write HH24:MI:SS".to_owned());
    }
    let mut items = Vec::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if letter == '"' {
            let (text, behind) = quoted(rest)?;
            push_text(&mut items, &text);
            rest = behind;
            continue;
        }
        // It is about the next word alone.
        let unfilled = rest.strip_prefix("FM").or_else(|| rest.strip_prefix("fm"));
        let text = unfilled.unwrap_or(rest);
        if let Some((word, meaning)) = longest(text) {
            let (written, behind) = text.split_at(word.len());
            items.push(item_of(word, meaning, written, unfilled.is_none())?);
            rest = refuse_ordinal(behind)?;
        } else if unfilled.is_some() {
            return Err("`FM` stands before no word of a time".to_owned());
        } else if letter.is_ascii_alphabetic() {
            return Err(not_offered(&letter.to_string()));
        } else {
            // Before a double quote a backslash makes it a sign as any other.
            let sign = rest.strip_prefix('\\').filter(|more| more.starts_with('"'));
            let (sign, rest_at) = sign.map_or((letter, rest), |more| ('"', more));
            push_text(&mut items, &sign.to_string());
            rest = rest_at.get(sign.len_utf8()..).unwrap_or_default();
        }
    }
    Ok(items)
}

/// The longest word with which a text begins, in any case.
fn longest(text: &str) -> Option<(&'static str, Word)> {
    let words = WORDS.iter().filter(|(word, _)| starts_with(text, word));
    words.max_by_key(|(word, _)| word.len()).copied()
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn not_offered(letters: &str) -> String {
    format!("`{letters}` is not offered; letters that mean themselves stand in double quotes")
}

/// Refuses what makes an ordinal of the number before it, such as `DDTH`: a T before an hour is no text.
fn refuse_ordinal(behind: &str) -> Result<&str, String> {
    if starts_with(behind, "TH") {
        return Err(format!(
            "`{}` makes an ordinal in PostgreSQL, which is not offered; a T that means itself stands in double quotes",
            behind.get(..2).unwrap_or_default()
        ));
    }
    Ok(behind)
}

/// The text in double quotes at the start of `rest`, in which a backslash has the sign behind it mean itself; and what
/// lies behind.
fn quoted(rest: &str) -> Result<(String, &str), String> {
    let mut text = String::new();
    let mut signs = rest.char_indices().skip(1);
    while let Some((at, sign)) = signs.next() {
        match sign {
            '"' => return Ok((text, rest.get(at + 1..).unwrap_or_default())),
            '\\' => text.extend(signs.next().map(|(_, sign)| sign)),
            sign => text.push(sign),
        }
    }
    Err("a double quote is not closed".to_owned())
}

/// What a word means as it is `written`, filled with zeros and blanks or not.
fn item_of(word: &str, meaning: Word, written: &str, fill: bool) -> Result<Item, String> {
    let upper = |at: usize| written.chars().nth(at).is_some_and(char::is_uppercase);
    let is_upper = written == word;
    let is_lower = written == word.to_ascii_lowercase();
    let is_title = upper(0) && written.get(1..) == word.to_ascii_lowercase().get(1..);
    let is_one_word = match meaning {
        Word::Name(..) => is_upper || is_lower || is_title,
        Word::Refused => true,
        _ => is_upper || is_lower,
    };
    // PostgreSQL takes it apart into shorter words and letters that mean themselves.
    if !is_one_word {
        return Err(format!("`{written}` is not offered; write `{word}`"));
    }
    let digits = |usual: usize| if fill { usual } else { 1 };
    Ok(match meaning {
        Word::Number(number, usual) => Item::Number(number, digits(usual)),
        Word::Year(of) => Item::Year {
            of,
            digits: digits(4),
            plus: false,
        },
        Word::ShortYear => Item::ShortYear {
            of: Years::OfEra,
            digits: digits(2),
        },
        Word::Fraction(digits) => Item::Fraction(digits),
        Word::Half(points) => Item::Half {
            upper: is_upper,
            points,
        },
        Word::Name(of, short) => Item::Name {
            of,
            short,
            case: if is_upper {
                Case::Upper
            } else if is_lower {
                Case::Lower
            } else {
                Case::Title
            },
            // Names are filled to the longest there is.
            width: if short || !fill { 0 } else { 9 },
        },
        Word::Refused => return Err(not_offered(written)),
    })
}
