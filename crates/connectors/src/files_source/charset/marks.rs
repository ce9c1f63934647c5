//! Byte order marks: first bytes by which a file says its charset itself.

/// A byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) bytes: &'static [u8],
    /// Whose it is. All but UTF-32 are charsets of the standard.
    pub(crate) charset: &'static str,
}

const fn mark(bytes: &'static [u8], charset: &'static str) -> Mark {
    Mark { bytes, charset }
}

pub(crate) const UTF_8: Mark = mark(b"\xEF\xBB\xBF", "UTF-8");
pub(crate) const GB18030: Mark = mark(b"\x84\x31\x95\x33", "GB18030");
pub(crate) const UTF_32_LE: Mark = mark(b"\xFF\xFE\0\0", "UTF-32");
pub(crate) const UTF_32_BE: Mark = mark(b"\0\0\xFE\xFF", "UTF-32");

/// Those that no text of another charset begins with. That of UTF-32 comes before that of UTF-16, with which it begins.
const CERTAIN: [Mark; 5] = [
    UTF_8,
    UTF_32_LE,
    UTF_32_BE,
    mark(b"\xFF\xFE", "UTF-16LE"),
    mark(b"\xFE\xFF", "UTF-16BE"),
];

/// Bytes of the longest mark.
pub(crate) const LONGEST: usize = 4;

impl Mark {
    /// The mark at the head of a file that is none of its text whatever its charset is said to be.
    pub(crate) fn certain(head: &[u8]) -> Option<Self> {
        CERTAIN
            .into_iter()
            .find(|mark| head.starts_with(mark.bytes))
    }

    /// The mark at the head of a file, where nobody says its charset.
    pub(crate) fn any(head: &[u8]) -> Option<Self> {
        let gb18030 = || head.starts_with(GB18030.bytes).then_some(GB18030);
        Self::certain(head).or_else(gb18030)
    }

    /// Whether bytes that follow `head` decide which [certain](Self::certain) mark it is.
    pub(crate) fn is_open(head: &[u8]) -> bool {
        CERTAIN
            .iter()
            .any(|mark| head.len() < mark.bytes.len() && mark.bytes.starts_with(head))
    }

    /// Whether no charset that files are read in has it.
    pub(crate) fn is_utf_32(self) -> bool {
        self == UTF_32_LE || self == UTF_32_BE
    }
}

#[cfg(test)]
mod tests {
    use super::Mark;

    #[test]
    fn a_mark_is_the_longest_that_stands_there() {
        for (head, charset) in [
            (&b"\xEF\xBB\xBFa"[..], Some("UTF-8")),
            (b"\xFF\xFEa\0", Some("UTF-16LE")),
            (b"\xFF\xFE", Some("UTF-16LE")),
            (b"\xFE\xFF\0a", Some("UTF-16BE")),
            (b"\xFF\xFE\0\0a\0\0\0", Some("UTF-32")),
            (b"\0\0\xFE\xFF\0\0\0a", Some("UTF-32")),
            (b"\x84\x31\x95\x33a", Some("GB18030")),
            (b"\xEF\xBBa", None),
            (b"a\xFF\xFE", None),
            (b"", None),
        ] {
            let found = Mark::any(head).map(|mark| mark.charset);
            assert_eq!(found, charset, "{head:?}");
        }
    }

    #[test]
    fn what_may_become_a_longer_mark_is_waited_for() {
        for (head, is_open) in [
            (&b""[..], true),
            (b"\xFF", true),
            (b"\xFF\xFE", true),
            (b"\xFF\xFE\0", true),
            (b"\xFF\xFE\0\0", false),
            (b"\xFF\xFEa", false),
            (b"a", false),
        ] {
            assert_eq!(Mark::is_open(head), is_open, "{head:?}");
        }
    }
}
