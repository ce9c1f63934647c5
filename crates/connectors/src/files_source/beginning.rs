//! The first bytes of a file, by which it is known again.

use millstream_core::hash::stable_hash;

/// How many bytes that are.
pub(crate) const BEGINNING: usize = 4_096;

/// The hash of the first bytes of a file of `size` bytes; never 0.
pub(crate) fn fingerprint(beginning: &[u8], size: u64) -> u64 {
    let length = usize::try_from(size).unwrap_or(usize::MAX).min(BEGINNING);
    let bytes = beginning.get(..length).unwrap_or(beginning);
    stable_hash(bytes).max(1)
}

#[cfg(test)]
mod tests {
    use super::{BEGINNING, fingerprint};

    #[test]
    fn a_fingerprint_is_of_the_first_bytes_alone() {
        let long = vec![b'x'; BEGINNING + 9];
        assert_eq!(
            fingerprint(&long, 1 << 40),
            fingerprint(&long[..BEGINNING], BEGINNING as u64)
        );
        assert_eq!(fingerprint(b"abc", 2), fingerprint(b"ab", 2));
        assert_ne!(fingerprint(b"abc", 3), fingerprint(b"ab", 2));
    }
}
