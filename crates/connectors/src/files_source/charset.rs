//! Charsets: which there are, and where records can be cut before the text is decoded.

use encoding_rs::Encoding;
use millstream_core::{Error, Result, codes};

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

    /// The charset with the label `name`, in upper or lower case; `cp936` and `ms936` mean GBK as in
    /// Java, and `_` may stand for `-`.
    ///
    /// # Errors
    /// There is none; the message lists names that look like it.
    pub fn parse(name: &str) -> Result<Self> {
        let label = name.trim().to_ascii_lowercase();
        let label = match label.as_str() {
            "cp936" | "ms936" | "windows-936" => "gbk",
            other => other,
        };
        Encoding::for_label_no_replacement(label.as_bytes())
            .or_else(|| Encoding::for_label_no_replacement(label.replace('_', "-").as_bytes()))
            .map(|encoding| Self { encoding })
            .ok_or_else(|| unknown(name))
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
    use super::{Charset, Reading};

    #[test]
    fn labels_of_the_standard_and_of_java_are_known() {
        for (label, name) in [
            ("utf8", "UTF-8"),
            ("UTF_8", "UTF-8"),
            ("gb2312", "GBK"),
            ("MS936", "GBK"),
            ("ISO-8859-1", "windows-1252"),
            ("utf-16le", "UTF-16LE"),
        ] {
            assert_eq!(Charset::parse(label).expect(label).name(), name);
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
