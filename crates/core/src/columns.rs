//! What is said of columns beside their types.

/// The key, in the metadata of a column of texts, of the most characters that a text has.
pub const MAX_CHARACTERS: &str = "millstream.max-characters";
