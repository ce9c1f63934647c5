//! Which dialect a pattern is of.

use chrono::format::{Item as Strftime, StrftimeItems};

use super::{Item, java, postgres};

/// A dialect of patterns beside strftime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::functions) enum Dialect {
    Java,
    Postgres,
}

impl Dialect {
    /// Reads a pattern of this dialect.
    ///
    /// # Errors
    /// What is not offered, in words that follow "the pattern …:".
    pub(in crate::functions) fn items(self, pattern: &str) -> Result<Vec<Item>, String> {
        match self {
            Self::Java => java(pattern),
            Self::Postgres => postgres(pattern),
        }
    }

    /// Whether a pattern is one of strftime where it may be one of this dialect, too: a percent sign stands outside of
    /// this dialect's quotes. Where all of them stand within, it is one of this dialect, unless it names no part of a time
    /// there and is right in strftime, such as `'%Y'`.
    pub(in crate::functions) fn is_strftime(self, pattern: &str) -> bool {
        if !pattern.contains('%') {
            return false;
        }
        if self.has_percent_outside(pattern) {
            return true;
        }
        let items = self.items(pattern);
        let names_part = items.is_ok_and(|items| !items.iter().all(Item::is_plain));
        !names_part && StrftimeItems::new(pattern).all(|item| !matches!(item, Strftime::Error))
    }

    /// What stands behind a quote that is not closed stands outside of quotes.
    fn has_percent_outside(self, pattern: &str) -> bool {
        let quote = match self {
            Self::Java => '\'',
            Self::Postgres => '"',
        };
        let (mut is_quoted, mut has_quoted) = (false, false);
        let mut signs = pattern.chars().peekable();
        while let Some(sign) = signs.next() {
            match sign {
                '%' if is_quoted => has_quoted = true,
                '%' => return true,
                '\\' if self == Self::Postgres && (is_quoted || signs.peek() == Some(&quote)) => {
                    has_quoted |= signs.next() == Some('%');
                }
                sign if sign == quote => {
                    is_quoted = !is_quoted;
                    has_quoted = false;
                }
                _ => {}
            }
        }
        is_quoted && has_quoted
    }
}

/// Whether a pattern is one of strftime, where it may be one of Java's, too.
pub(crate) fn is_strftime(pattern: &str) -> bool {
    Dialect::Java.is_strftime(pattern)
}
