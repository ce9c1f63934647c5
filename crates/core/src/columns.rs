//! What is said of columns beside their types.

/// The key, in the metadata of a column of texts, of the most characters that a text has.
pub const MAX_CHARACTERS: &str = "millstream.max-characters";

/// The key, in the metadata of a column of Doubles, of the name by which it was declared: one that elsewhere means a
/// decimal.
pub const INEXACT_DECIMAL: &str = "millstream.inexact-decimal";
