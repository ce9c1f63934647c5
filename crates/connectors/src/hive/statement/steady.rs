//! Whether a query answers the same rows each time that it is asked. Pure.

use super::words::top;

/// Functions that answer something else each time.
const CHANCE: [&str; 2] = ["rand", "uuid"];
/// Behind these words of the outermost query its rows may go by any of its columns, or its columns have other names.
const BY_ANY: [&str; 6] = [
    "group",
    "union",
    "except",
    "intersect",
    "minus",
    "transform",
];

/// What stands within parentheses.
#[derive(Default)]
struct Within {
    cut: Option<&'static str>,
    is_ordered: bool,
    /// Whether it is a query.
    is_query: bool,
    /// Whether what follows only says where rows are worked at, and how they are sorted there.
    spreads: bool,
}

impl Within {
    /// The word that cuts rows off, where no order says which.
    fn cut_anyhow(&self) -> Option<&'static str> {
        self.cut.filter(|_| !self.is_ordered)
    }
}

/// The word by which the rows of a query may be other ones each time that it is asked, or may be in other parts where they are split by
/// the values of `column`, if one is known to be so: it cuts rows off where no order within the same parentheses says which, or
/// leaves something to chance.
pub(super) fn unsteady(words: &[String], column: &str) -> Option<&'static str> {
    let mut outer = Vec::new();
    let mut within = Within::default();
    for (place, word) in words.iter().enumerate() {
        let behind = |by: usize| words.get(place + by).map(String::as_str);
        match (word.as_str(), behind(1)) {
            ("(", _) => {
                let inner = Within {
                    spreads: within.spreads,
                    ..Within::default()
                };
                outer.push(std::mem::replace(&mut within, inner));
            }
            (")", _) => {
                let closed = std::mem::replace(&mut within, outer.pop().unwrap_or_default());
                if let Some(word) = closed.cut_anyhow() {
                    return Some(word);
                }
            }
            ("select", _) => {
                within.is_query = true;
                within.spreads = false;
            }
            ("order", Some("by")) => {
                within.is_ordered = true;
                within.spreads = false;
            }
            ("from" | "window", _) => within.spreads = false,
            // Of a window they say what its values are.
            ("distribute" | "cluster" | "sort", Some("by")) => within.spreads = within.is_query,
            // Buckets are those of values.
            ("tablesample", _) if behind(2) != Some("bucket") => return Some("tablesample"),
            _ => within.cut = within.cut.or(cut_at(words, place)),
        }
        let chance = chance_at(words, place).filter(|_| !within.spreads);
        if chance.is_some() && !makes_another(words, place, column) {
            return chance;
        }
    }
    outer.push(within);
    outer.iter().find_map(Within::cut_anyhow)
}

/// The word at this place, if it cuts rows off there. Columns may be called so, too: Hive takes nothing but a number behind such a word,
/// for which a variable may stand.
pub(super) fn cut_at(words: &[String], place: usize) -> Option<&'static str> {
    let behind = |by: usize| words.get(place + by).map_or("", String::as_str);
    let is_number =
        |word: &str| word == "$" || word.starts_with(|sign: char| sign.is_ascii_digit());
    match (behind(0), behind(1), behind(2)) {
        ("limit", next, _) if is_number(next) => Some("limit"),
        ("fetch", "first" | "next", "row" | "rows") => Some("fetch"),
        ("fetch", "first" | "next", next) if is_number(next) => Some("fetch"),
        _ => None,
    }
}

/// Whether something is left to chance.
pub(super) fn has_chance(words: &[String]) -> bool {
    (0..words.len()).any(|place| chance_at(words, place).is_some())
}

/// The function at this place, if it is called and answers something else each time.
fn chance_at(words: &[String], place: usize) -> Option<&'static str> {
    let word = words.get(place)?;
    let found = CHANCE.into_iter().find(|chance| word == chance)?;
    words.get(place + 1).filter(|next| *next == "(")?;
    Some(found)
}

/// Whether what is called at this place makes another column of the rows than `column`, and nothing else: it stands in the list of the
/// outermost `select`, with a name by which nothing goes.
fn makes_another(words: &[String], place: usize, column: &str) -> bool {
    let is_cut = (0..words.len()).any(|place| cut_at(words, place).is_some());
    let is_select = words.first().is_some_and(|word| word == "select");
    if is_cut || !is_select || top(words).any(|(_, word)| BY_ANY.contains(&word)) {
        return false;
    }
    let end_of = |ends: &[&str], behind: usize| {
        let mut found = top(words).filter(|(at, word)| *at > behind && ends.contains(word));
        found.next().map_or(words.len(), |(at, _)| at)
    };
    if place > end_of(&["from"], 0) {
        return false;
    }
    let item = words.get(..end_of(&[",", "from"], place));
    let Some([.., as_, name]) = item else {
        return false;
    };
    let name = plain(name);
    let uses = words.iter().filter(|word| plain(word) == name).count();
    as_ == "as" && uses == 1 && !may_be_called(column, name)
}

/// A name without its quote.
fn plain(word: &str) -> &str {
    word.strip_prefix('`').unwrap_or(word)
}

/// Whether a column of this name may be called so in the rows: of two of one name Hive gives the second a number.
fn may_be_called(column: &str, name: &str) -> bool {
    let column = column.to_lowercase();
    let Some(rest) = column.strip_prefix(name) else {
        return false;
    };
    let number = rest.strip_prefix('_');
    rest.is_empty() || number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}
