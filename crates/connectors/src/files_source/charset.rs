//! Charsets: which there are, and where records can be cut before the text is decoded.

pub(crate) mod marks;

use encoding_rs::Encoding;
use millstream_core::{Error, Result, codes};

use self::marks::Mark;

/// Names to suggest for one that is not known: those people write most.
const COMMON: &[&str] = &[
    "UTF-8",
    "UTF-16",
    "UTF-16LE",
    "UTF-16BE",
    "GBK",
    "GB2312",
    "GB18030",
    "Big5",
    "Shift_JIS",
    "EUC-JP",
    "EUC-KR",
    "ISO-2022-JP",
    "ISO-8859-1",
    "ISO-8859-2",
    "ISO-8859-15",
    "US-ASCII",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1254",
    "KOI8-R",
    "macintosh",
];

/// The charset of text files: any that the WHATWG encoding standard knows, by any of its labels.
///
/// `ISO-8859-1` and `US-ASCII` mean windows-1252, as in that standard: every byte is a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charset {
    encoding: &'static Encoding,
}

impl Charset {
    /// UTF-8, the default.
    pub const UTF_8: Self = Self {
        encoding: encoding_rs::UTF_8,
    };

    /// The charset with the label `name`, in upper or lower case, or with one of the names that Java has for it;
    /// `_` may stand for `-`.
    ///
    /// # Errors
    /// There is none; the message lists names that look like it.
    pub fn parse(name: &str) -> Result<Self> {
        let label = name.trim().to_ascii_lowercase();
        let written = |label: &str| Encoding::for_label_no_replacement(label.as_bytes());
        // Two names mean UTF-16 in another order of bytes to Java.
        java_name(&label)
            .and_then(written)
            .or_else(|| written(&label))
            .or_else(|| written(&label.replace('_', "-")))
            .map(|encoding| Self { encoding })
            .ok_or_else(|| unknown(name))
    }

    /// The charset that a file of which `head` is the beginning says itself, by a byte order mark.
    pub fn of_mark(head: &[u8]) -> Option<Self> {
        let mark = Mark::any(head)?;
        Self::parse(mark.charset).ok()
    }

    /// The text that begins with `bytes`; malformed bytes are U+FFFD. A byte order mark of UTF-8 or UTF-16 counts before this
    /// charset, and is no part of the text.
    pub fn text_of(&self, bytes: &[u8]) -> String {
        let (text, _, _) = self.encoding.decode(bytes);
        text.into_owned()
    }

    /// The name as the standard prints it, for example `GBK`.
    pub fn name(&self) -> &'static str {
        self.encoding.name()
    }

    pub(crate) fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    /// How text of this charset is read when `marks` (delimiters and quote) cut it into fields.
    pub(crate) fn reading(&self, marks: &str) -> Reading {
        if self.encoding == encoding_rs::UTF_8 {
            return Reading::Utf8;
        }
        if self.encoding.is_single_byte() {
            return Reading::Cut(self.encoding);
        }
        match self.first_trail_byte() {
            Some(first) if marks.chars().all(|mark| u32::from(mark) < u32::from(first)) => {
                Reading::Cut(self.encoding)
            }
            _ => Reading::DecodeFirst(self.encoding),
        }
    }

    /// The lowest byte that can be the second or a later one of a character. `None`: no byte is safe.
    fn first_trail_byte(&self) -> Option<u8> {
        match self.name() {
            // Digits are second and fourth bytes of four-byte characters.
            "GBK" | "gb18030" => Some(0x30),
            "Big5" | "Shift_JIS" => Some(0x40),
            "EUC-KR" => Some(0x41),
            "EUC-JP" => Some(0x80),
            // UTF-16, and ISO-2022-JP where escape sequences give ASCII bytes other meanings.
            _ => None,
        }
    }
}

impl Default for Charset {
    fn default() -> Self {
        Self::UTF_8
    }
}

/// How the bytes of a file become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As they are.
    Utf8,
    /// Records are found in the bytes; whole blocks of them are decoded.
    Cut(&'static Encoding),
    /// A delimiter could be a part of a character: the whole file is decoded before it is cut, by one
    /// reader.
    DecodeFirst(&'static Encoding),
}

impl Reading {
    /// The charset's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => encoding_rs::UTF_8.name(),
            Self::Cut(encoding) | Self::DecodeFirst(encoding) => encoding.name(),
        }
    }
}

/// Names of Java by the labels that the standard has for them, a charset of Java a line; those that differ in signs that are no
/// letters alone are one charset here, as in browsers. Lines behind those of Java are names of other programs.
const JAVA: &str = include_str!("charset/java.txt");

/// The label of the standard for a name of Java; `None`: Java has no such name, or the charset is none of the standard's.
fn java_name(name: &str) -> Option<&'static str> {
    let name = plain(name);
    JAVA.lines().find_map(|line| {
        let mut words = line.split(' ');
        let label = words.next()?;
        words.any(|known| plain(known) == name).then_some(label)
    })
}

/// A name without what people write in several ways: case, hyphens, and the `x` of names that nobody registered.
fn plain(name: &str) -> String {
    let signs = name.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = signs.map(|sign| sign.to_ascii_lowercase()).collect();
    match plain.strip_prefix('x') {
        Some(rest) => rest.to_owned(),
        None => plain,
    }
}

fn unknown(name: &str) -> Error {
    let mut near: Vec<(f64, &str)> = COMMON
        .iter()
        .map(|known| {
            let likeness =
                strsim::jaro_winkler(&known.to_ascii_lowercase(), &name.to_ascii_lowercase());
            (likeness, *known)
        })
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<&str> = near.into_iter().take(3).map(|(_, known)| known).collect();
    Error::new(&codes::OPTION_VALUE, format!("`{name}` is not a charset"))
        .next(format!("give one such as {}", near.join(", ")))
}

#[cfg(test)]
mod tests {
    use encoding_rs::Encoding;

    use super::{Charset, JAVA, Reading, plain};

    #[test]
    fn labels_of_the_standard_and_of_java_are_known() {
        for (label, name) in [
            ("utf8", "UTF-8"),
            ("UTF_8", "UTF-8"),
            ("gb2312", "GBK"),
            ("MS936", "GBK"),
            ("ISO-8859-1", "windows-1252"),
            ("utf-16le", "UTF-16LE"),
            ("EUC_CN", "GBK"),
            ("x-EUC-CN", "GBK"),
            ("x-mswin-936", "GBK"),
            ("MS950", "Big5"),
            ("x-windows-950", "Big5"),
            ("Big5_HKSCS", "Big5"),
            ("MS949", "EUC-KR"),
            ("x-windows-949", "EUC-KR"),
            ("MS874", "windows-874"),
            ("x-windows-874", "windows-874"),
            ("TIS620", "windows-874"),
            ("ISO2022JP", "ISO-2022-JP"),
            ("MS932", "Shift_JIS"),
            ("EUC_JP", "EUC-JP"),
            ("UnicodeBig", "UTF-16BE"),
            ("UnicodeLittle", "UTF-16LE"),
            ("UnicodeLittleUnmarked", "UTF-16LE"),
            ("Cp1252", "windows-1252"),
            ("Cp1251", "windows-1251"),
            ("ISO8859_1", "windows-1252"),
            ("ISO8859_15", "ISO-8859-15"),
            ("8859_5", "ISO-8859-5"),
            ("KOI8_R", "KOI8-R"),
            ("MacRoman", "macintosh"),
            ("ASCII", "windows-1252"),
            ("646", "windows-1252"),
            ("iso-ir-6", "windows-1252"),
            ("8859_1", "windows-1252"),
            ("latin9", "ISO-8859-15"),
            ("csWindows31J", "Shift_JIS"),
            ("eucjis", "EUC-JP"),
            ("x-IBM874", "windows-874"),
            ("unicode", "UTF-16BE"),
        ] {
            assert_eq!(Charset::parse(label).expect(label).name(), name);
        }
    }

    #[test]
    fn a_name_is_that_of_one_charset() {
        let mut seen = std::collections::BTreeMap::new();
        for line in JAVA.lines() {
            let (label, names) = line.split_once(' ').expect("a label and names");
            assert!(
                Encoding::for_label_no_replacement(label.as_bytes()).is_some(),
                "{label}"
            );
            for name in names.split(' ') {
                let before = seen.insert(plain(name), label);
                assert!(
                    before.is_none_or(|before| before == label),
                    "{name}: {label} and {before:?}"
                );
            }
        }
    }

    #[test]
    fn an_unknown_charset_is_answered_with_near_names() {
        let error = Charset::parse("UFT-8").expect_err("a slip of the pen");
        assert!(error.next_step().contains("UTF-8"), "{error}");
        assert_eq!(error.code(), "MS-1002");
        assert!(
            Charset::parse("hz-gb-2312").is_err(),
            "decodes to nothing in the standard"
        );
    }

    #[test]
    fn a_delimiter_that_can_be_part_of_a_character_is_found_after_decoding_only() {
        let gbk = Charset::parse("gbk").expect("GBK");
        assert!(matches!(gbk.reading(",\n\""), Reading::Cut(_)));
        assert!(matches!(gbk.reading("|\n\""), Reading::DecodeFirst(_)));
        assert!(matches!(gbk.reading("\u{1}\n"), Reading::Cut(_)));
        let utf16 = Charset::parse("utf-16").expect("UTF-16");
        assert!(matches!(utf16.reading(",\n"), Reading::DecodeFirst(_)));
        assert_eq!(Charset::UTF_8.reading("|"), Reading::Utf8);
    }
}
