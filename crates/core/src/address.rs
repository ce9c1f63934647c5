//! Texts in addresses.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but what RFC 3986 calls unreserved.
const WITH_A_MEANING: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A text as one piece of a path or one value of a query, in which nothing has a meaning of its own.
///
/// ```
/// assert_eq!(millstream_core::address::piece("a/b?c"), "a%2Fb%3Fc");
/// ```
pub fn piece(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, WITH_A_MEANING).into()
}

#[cfg(test)]
mod tests {
    use super::piece;

    #[test]
    fn nothing_has_a_meaning_of_its_own() {
        assert_eq!(piece("orders-2024.01_a~"), "orders-2024.01_a~");
        assert_eq!(piece("a/b?c#d%"), "a%2Fb%3Fc%23d%25");
        assert_eq!(piece("a b&c=ä.csv"), "a%20b%26c%3D%C3%A4.csv");
    }
}
