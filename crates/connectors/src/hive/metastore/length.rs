//! How long texts are that have a type with a length. Pure.
//!
//! Files hold what somebody wrote into them. Hive makes texts of their types when it reads: `varchar(n)` is cut, and `char(n)` is cut
//! and filled up with blanks.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};

/// How many characters the texts of a column have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// So many at most: `varchar`.
    Most(usize),
    /// So many: `char`.
    Exactly(usize),
}

impl Length {
    /// That of texts of a type of Hive, as the metastore writes it; `None`: any.
    pub(super) fn of(type_: &str) -> Option<Self> {
        let (name, rest) = type_.split_once('(')?;
        let count = rest.trim_end().strip_suffix(')')?.trim().parse().ok()?;
        match name.trim().to_ascii_lowercase().as_str() {
            "varchar" => Some(Self::Most(count)),
            "char" => Some(Self::Exactly(count)),
            _ => None,
        }
    }

    /// The texts of a column of a file, as Hive reads them.
    pub(super) fn apply(self, column: &ArrayRef) -> ArrayRef {
        let Some(texts) = column.as_string_opt::<i32>() else {
            return Arc::clone(column);
        };
        if texts.iter().flatten().all(|text| self.fits(text)) {
            return Arc::clone(column);
        }
        let texts = texts.iter().map(|text| Some(self.made(text?)));
        Arc::new(texts.collect::<StringArray>())
    }

    fn fits(self, text: &str) -> bool {
        match self {
            // No character has less than a byte.
            Self::Most(count) => text.len() <= count || text.chars().count() <= count,
            Self::Exactly(count) => text.chars().count() == count,
        }
    }

    fn made(self, text: &str) -> Cow<'_, str> {
        let (Self::Most(count) | Self::Exactly(count)) = self;
        let end = text.char_indices().nth(count).map(|(end, _)| end);
        let cut = end.and_then(|end| text.get(..end)).unwrap_or(text);
        match self {
            Self::Most(_) => Cow::Borrowed(cut),
            Self::Exactly(_) => Cow::Owned(format!("{cut:<count$}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, Int32Array, StringArray};

    use super::Length;

    #[test]
    fn types_with_a_length_are_told_from_others() {
        for (type_, expected) in [
            ("varchar(10)", Some(Length::Most(10))),
            ("CHAR( 3 )", Some(Length::Exactly(3))),
            ("string", None),
            ("varchar", None),
            ("decimal(3)", None),
            ("array<char(3)>", None),
            ("char(x)", None),
        ] {
            assert_eq!(Length::of(type_), expected, "{type_}");
        }
    }

    #[test]
    fn texts_have_the_lengths_of_their_types() {
        let (most, exactly) = (Length::Most(3), Length::Exactly(3));
        for (text, cut, filled) in [
            ("", "", "   "),
            ("a", "a", "a  "),
            ("abc", "abc", "abc"),
            ("abcd", "abc", "abc"),
            ("ab  ", "ab ", "ab "),
            // Characters count, not bytes.
            ("\u{e9}\u{4e2d}", "\u{e9}\u{4e2d}", "\u{e9}\u{4e2d} "),
            (
                "\u{1f600}\u{e9}\u{4e2d}x",
                "\u{1f600}\u{e9}\u{4e2d}",
                "\u{1f600}\u{e9}\u{4e2d}",
            ),
        ] {
            let column: ArrayRef = Arc::new(StringArray::from(vec![Some(text), None]));
            for (length, expected) in [(most, cut), (exactly, filled)] {
                let told = length.apply(&column);
                let told: Vec<Option<&str>> = told.as_string::<i32>().iter().collect();
                assert_eq!(told, [Some(expected), None], "{text} {length:?}");
            }
        }
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        assert_eq!(&exactly.apply(&numbers), &numbers);
    }
}
