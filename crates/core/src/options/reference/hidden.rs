//! What references stand for, kept out of what is said about a text that has them.

use std::fmt;

use super::Reference;
use crate::error::Error;

/// What is shorter is a part of many words, and no secret: it is hidden where it stands alone.
const SHORT: usize = 4;

/// What the references in some texts stand for. Messages that quote such a text, or a part of it, show the references in its
/// place.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hidden {
    /// What is not to be shown, and what is shown for it; the longest first.
    found: Vec<(String, String)>,
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let references = self.found.iter().map(|(_, reference)| reference);
        f.debug_set().entries(references).finish()
    }
}

impl Hidden {
    /// `reference` stands for `value`.
    pub fn add(&mut self, reference: &Reference<'_>, value: &str) {
        // As it may be quoted: as it is, within a literal of SQL, in small letters as a name, with its special signs escaped.
        let forms = [
            value.to_owned(),
            value.replace('\'', "''"),
            value.to_lowercase(),
            value.escape_debug().to_string(),
        ];
        for form in forms {
            if !form.trim().is_empty() && self.found.iter().all(|(known, _)| *known != form) {
                self.found.push((form, reference.to_string()));
            }
        }
        let length = |(form, _): &(String, String)| std::cmp::Reverse(form.len());
        self.found.sort_by_key(length);
    }

    /// Takes over what `other` hides.
    pub fn extend(&mut self, other: &Self) {
        self.found.extend(other.found.iter().cloned());
        self.found
            .sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        self.found.dedup();
    }

    /// `text` with references in the place of what they stand for.
    pub fn hide(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let before = shown.chars().next_back();
            let mut found = self.found.iter();
            match found.find(|(form, _)| begins_with(rest, form, before)) {
                Some((form, reference)) => {
                    shown.push_str(reference);
                    rest = rest.get(form.len()..).unwrap_or_default();
                }
                None => {
                    shown.push(first);
                    rest = rest.get(first.len_utf8()..).unwrap_or_default();
                }
            }
        }
        shown
    }

    /// The same for everything that an error says.
    #[must_use]
    pub fn hide_in(&self, error: Error) -> Error {
        if self.found.is_empty() {
            return error;
        }
        error.reworded(|text| self.hide(text))
    }
}

/// Whether `rest`, behind the sign `before`, begins with `form`; with a short one as a word of its own.
fn begins_with(rest: &str, form: &str, before: Option<char>) -> bool {
    let Some(after) = rest.strip_prefix(form) else {
        return false;
    };
    let is_part = |sign: Option<char>| sign.is_some_and(char::is_alphanumeric);
    form.chars().count() >= SHORT || !(is_part(before) || is_part(after.chars().next()))
}
