//! The format of delimited text, and what it comes to in bytes.

use millstream_core::{Error, Result, codes};

use super::charset::{Charset, Reading};

/// How a text file is cut into records and fields. See `docs/guide/csv.md` for every decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// Between two fields.
    pub field_delimiter: char,
    /// At the end of a record, one or more characters. `"\n"` also takes `"\r\n"`;
    /// [`ANY_LINE_END`](Self::ANY_LINE_END) takes `"\n"`, `"\r\n"` and `"\r"`, each where it stands.
    pub line_delimiter: String,
    /// The quote of RFC 4180 (ASCII, no letter or digit); `None`: quotes have no meaning.
    pub quote: Option<char>,
    /// The character (ASCII) behind which any other means itself, in quotes and outside; `None`: there is none.
    pub escape: Option<char>,
    /// Whether the first record of each file names the columns.
    pub header: bool,
    /// The charset.
    pub charset: Charset,
    /// So many lines at the beginning of each file are left out, whatever is in them.
    pub skip_lines: u64,
    /// Lines that begin with this outside of quotes are left out; `None`: none are.
    pub comment: Option<String>,
}

impl Format {
    /// The line delimiter of files of which nobody knows how their lines end.
    pub const ANY_LINE_END: &'static str = "";

    /// Comma-separated values: the format of source types `csv` and `txt`.
    pub fn csv() -> Self {
        Self {
            field_delimiter: ',',
            line_delimiter: "\n".to_owned(),
            quote: Some('"'),
            escape: None,
            header: false,
            charset: Charset::UTF_8,
            skip_lines: 0,
            comment: None,
        }
    }

    /// Tab-separated values: as [`Format::csv`] but for the delimiter.
    pub fn tsv() -> Self {
        Self {
            field_delimiter: '\t',
            ..Self::csv()
        }
    }

    pub(crate) fn compile(&self) -> Result<Dialects> {
        self.check()?;
        let delimiter = self.field_delimiter.to_string();
        let any_line_end = self.line_delimiter == Self::ANY_LINE_END;
        let line_delimiter = if any_line_end {
            "\n"
        } else {
            &self.line_delimiter
        };
        let mut marks = format!("{delimiter}{line_delimiter}");
        marks.extend(self.quote);
        // One that is also the quote is what a doubled quote means anyway.
        let escape = self.escape.filter(|escape| Some(*escape) != self.quote);
        marks.extend(escape);
        let reading = self.charset.reading(&marks);
        let mut text = Dialect::new(
            Some(delimiter.clone().into_bytes()),
            line_delimiter.as_bytes().to_vec(),
            self.quote.map(|quote| quote as u8),
            true,
        );
        text.escape = escape.map(|escape| escape as u8);
        text.any_line_end = any_line_end;
        let raw = match reading {
            Reading::Utf8 | Reading::DecodeFirst(_) => text.clone(),
            Reading::Cut(_) => Dialect {
                delimiter: Some(self.in_charset(&delimiter)?),
                line_end: self.in_charset(line_delimiter)?,
                ..text.clone()
            },
        };
        let skip = Skip {
            lines: self.skip_lines,
            comment: self.comment.clone().unwrap_or_default().into_bytes(),
        };
        self.check_skip(&skip, reading)?;
        Ok(Dialects {
            raw,
            text,
            reading,
            skip,
        })
    }

    /// Lines are left out of bytes in which records are found, by marks that are one byte each in them.
    fn check_skip(&self, skip: &Skip, reading: Reading) -> Result<()> {
        let line_end = self.line_delimiter == "\n" || self.line_delimiter == "\r\n";
        let fits = line_end && self.comment.iter().all(|comment| comment.is_ascii());
        let is_decoded = matches!(reading, Reading::DecodeFirst(_));
        if skip.is_nothing() || (fits && !is_decoded) {
            return Ok(());
        }
        let message = "lines are left out (source.skip.lines, source.comment) only of files whose lines end with \\n or \\r\\n, in a charset \
            that keeps ASCII, and by a mark of ASCII";
        Err(Error::new(&codes::OPTION_VALUE, message)
            .next("leave source.skip.lines and source.comment out, or convert the files first"))
    }

    fn check(&self) -> Result<()> {
        let refuse =
            |message: String, next: &str| Err(Error::new(&codes::OPTION_VALUE, message).next(next));
        if self.line_delimiter.contains(self.field_delimiter) {
            return refuse(
                format!(
                    "the field delimiter {:?} is also a part of the line delimiter {:?}",
                    self.field_delimiter, self.line_delimiter
                ),
                "give delimiters that have no character in common",
            );
        }
        let any = self.line_delimiter == Self::ANY_LINE_END;
        if (any || self.line_delimiter == "\n") && self.field_delimiter == '\r'
            || any && self.field_delimiter == '\n'
        {
            return refuse(
                format!(
                    "the field delimiter {:?} also ends lines",
                    self.field_delimiter
                ),
                "give another one",
            );
        }
        if let Some(escape) = self.escape
            && (!escape.is_ascii()
                || escape.is_ascii_alphanumeric()
                || escape == self.field_delimiter
                || "\r\n".contains(escape)
                || self.line_delimiter.contains(escape))
        {
            return refuse(
                format!("{escape:?} can't be the escape character"),
                "give an ASCII sign such as `\\` that is no part of a delimiter",
            );
        }
        let Some(quote) = self.quote else {
            return Ok(());
        };
        if !quote.is_ascii() || quote.is_ascii_alphanumeric() {
            return refuse(
                format!("{quote:?} can't be a quote"),
                "give an ASCII character that is no letter or digit, such as `\"` or `'`",
            );
        }
        if quote == self.field_delimiter
            || self.line_delimiter.contains(quote)
            || "\r\n".contains(quote)
        {
            return refuse(
                format!("the quote {quote:?} is also a part of a delimiter"),
                "give another delimiter, or switch quoting off",
            );
        }
        Ok(())
    }

    fn in_charset(&self, delimiter: &str) -> Result<Vec<u8>> {
        let (bytes, _, unmappable) = self.charset.encoding().encode(delimiter);
        if unmappable {
            return Err(Error::new(
                &codes::OPTION_VALUE,
                format!(
                    "the delimiter {delimiter:?} is no text in {}",
                    self.charset.name()
                ),
            )
            .next("give a delimiter that the charset has"));
        }
        Ok(bytes.into_owned())
    }
}

impl Default for Format {
    fn default() -> Self {
        Self::csv()
    }
}

/// The marks between records and fields, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// `None`: a record is one field (lines of text).
    pub(crate) delimiter: Option<Vec<u8>>,
    pub(crate) line_end: Vec<u8>,
    pub(crate) quote: Option<u8>,
    /// Behind it any byte means itself.
    pub(crate) escape: Option<u8>,
    /// Whether a carriage return ends lines, too, with or without a line feed behind it.
    pub(crate) any_line_end: bool,
    /// How far from a record's start a quote may close; in bytes.
    pub(crate) limit: usize,
    /// Whether a carriage return before the line end belongs to it.
    pub(crate) strip_cr: bool,
    /// Whether empty lines are no records.
    pub(crate) skip_blank: bool,
}

impl Dialect {
    pub(crate) fn new(
        delimiter: Option<Vec<u8>>,
        line_end: Vec<u8>,
        quote: Option<u8>,
        skip_blank: bool,
    ) -> Self {
        let strip_cr = line_end == b"\n";
        Self {
            delimiter,
            line_end,
            quote,
            escape: None,
            any_line_end: false,
            limit: usize::MAX,
            strip_cr,
            skip_blank,
        }
    }

    /// Lines of text: no fields, no quotes, and empty lines are lines.
    pub(crate) fn lines(line_end: &[u8]) -> Self {
        Self::new(None, line_end.to_vec(), None, false)
    }

    /// Whether a record's start can be found from any place, without passing over what lies before:
    /// nothing is quoted, and no line end can overlap with itself.
    pub(crate) fn can_jump(&self) -> bool {
        let overlaps = (1..self.line_end.len()).any(|length| {
            let tail = self.line_end.len() - length;
            self.line_end.get(..length) == self.line_end.get(tail..)
        });
        self.quote.is_none() && self.escape.is_none() && !self.any_line_end && !overlaps
    }
}

/// Which lines are taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Skip {
    /// So many at the beginning of each file, whatever is in them.
    pub(crate) lines: u64,
    /// Those that begin with this outside of quotes; empty: none.
    pub(crate) comment: Vec<u8>,
}

impl Skip {
    pub(crate) fn is_nothing(&self) -> bool {
        self.lines == 0 && self.comment.is_empty()
    }
}

/// The marks in the bytes of the file and in its text, and how one becomes the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dialects {
    /// In the bytes in which records are found.
    pub(crate) raw: Dialect,
    /// In the decoded text.
    pub(crate) text: Dialect,
    pub(crate) reading: Reading,
    /// Which lines are left out.
    pub(crate) skip: Skip,
}

impl Dialects {
    /// The same for records of at most `record` bytes.
    pub(crate) fn bounded(mut self, record: usize) -> Self {
        self.raw.limit = record;
        self.text.limit = record;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{Charset, Format, Reading};

    #[test]
    fn delimiters_that_contradict_each_other_are_refused() {
        for (format, word) in [
            (
                Format {
                    line_delimiter: ",\n".to_owned(),
                    ..Format::csv()
                },
                "line delimiter",
            ),
            (
                Format {
                    field_delimiter: '"',
                    ..Format::csv()
                },
                "quote",
            ),
            (
                Format {
                    field_delimiter: '\r',
                    ..Format::csv()
                },
                "also ends lines",
            ),
            (
                Format {
                    quote: Some('é'),
                    ..Format::csv()
                },
                "quote",
            ),
        ] {
            let error = format.compile().expect_err(word);
            assert!(error.message().contains(word), "{error}");
        }
    }

    #[test]
    fn any_sign_of_ascii_may_be_the_quote_and_no_letter_or_digit() {
        let with = |quote| Format {
            quote: Some(quote),
            ..Format::csv()
        };
        for quote in "~^|:@`_'".chars() {
            let dialects = with(quote).compile().expect("a quote");
            assert_eq!(dialects.raw.quote, Some(quote as u8));
        }
        for quote in "a0Z9é".chars() {
            let error = with(quote).compile().expect_err("no quote");
            assert!(error.message().contains("can't be a quote"), "{error}");
        }
    }

    #[test]
    fn what_may_be_a_part_of_a_character_is_looked_for_in_the_text() {
        let charset = Charset::parse("GBK").expect("known");
        for (quote, first) in [('|', true), ('"', false)] {
            let format = Format {
                quote: Some(quote),
                charset,
                ..Format::csv()
            };
            let reading = format.compile().expect("a format").reading;
            assert_eq!(matches!(reading, Reading::DecodeFirst(_)), first, "{quote}");
        }
    }

    #[test]
    fn a_delimiter_outside_the_charset_is_refused() {
        let charset = Charset::parse("latin1").expect("known");
        let format = Format {
            field_delimiter: '，',
            charset,
            ..Format::csv()
        };
        assert!(
            format
                .compile()
                .expect_err("no such byte")
                .message()
                .contains("windows-1252")
        );
        let format = Format {
            field_delimiter: '§',
            ..format
        };
        assert_eq!(
            format.compile().expect("a byte").raw.delimiter,
            Some(vec![0xA7])
        );
    }
}
