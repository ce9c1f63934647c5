//! How fields are written, and where they stand in a line. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

/// How fields are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Look {
    /// Between two fields.
    delimiter: u8,
    /// What is null.
    null: Vec<u8>,
    /// The sign behind which another stands for itself.
    escape: Option<u8>,
    /// Whether the last field is all of what is left.
    takes_rest: bool,
    /// So many lines at the beginning of each file are no records.
    pub(super) skip: u64,
}

/// The delimiter where nothing is said.
const DELIMITER: u8 = 1;
/// Null where nothing is said.
const NULL: &str = "\\N";

impl Look {
    /// What the settings of LazySimpleSerDe say.
    ///
    /// # Errors
    /// They ask for what is not read; in words that follow the table's name.
    pub(in super::super) fn of(settings: &BTreeMap<String, String>) -> Result<Self, String> {
        let get = |name: &str| settings.get(name).map(String::as_str);
        let is_on = |name: &str| get(name).is_some_and(|on| on.eq_ignore_ascii_case("true"));
        if get("line.delim").is_some_and(|end| end != "\n" && end != "10") {
            return Err("has lines that end with another sign than \\n".to_owned());
        }
        if let Some(charset) = get("serialization.encoding")
            && !["utf-8", "utf8"].contains(&charset.to_ascii_lowercase().as_str())
        {
            return Err(format!(
                "is written in {charset}, and of tables of text only UTF-8 is read"
            ));
        }
        for name in [
            "timestamp.formats",
            "hive.serialization.extend.nesting.levels",
        ] {
            if get(name).is_some() {
                return Err(format!("has {name}, which is not understood"));
            }
        }
        if is_on("hive.lazysimple.extended_boolean_literal") {
            return Err(
                "has hive.lazysimple.extended_boolean_literal, which is not understood".to_owned(),
            );
        }
        let delimiter = get("field.delim").or_else(|| get("serialization.format"));
        Ok(Self {
            delimiter: delimiter.map_or(DELIMITER, |text| sign(text, DELIMITER)),
            null: get("serialization.null.format")
                .unwrap_or(NULL)
                .as_bytes()
                .to_vec(),
            escape: get("escape.delim").map(|text| sign(text, b'\\')),
            takes_rest: is_on("serialization.last.column.takes.rest"),
            skip: 0,
        })
    }

    /// The same where lines at the beginning of files are no records.
    pub(in super::super) fn skipping(mut self, lines: u64) -> Self {
        self.skip = lines;
        self
    }

    /// Where the first `wanted` fields of a line stand, as far as there are any.
    pub(super) fn fields(&self, line: &[u8], wanted: usize, fields: &mut Vec<Range<usize>>) {
        fields.clear();
        let (mut from, mut at) = (0, 0);
        while fields.len() < wanted {
            let is_last = fields.len() + 1 == wanted;
            if is_last && self.takes_rest {
                fields.push(from..line.len());
                return;
            }
            match line.get(at) {
                None => {
                    fields.push(from..line.len());
                    return;
                }
                Some(byte) if *byte == self.delimiter => {
                    fields.push(from..at);
                    at += 1;
                    from = at;
                }
                Some(byte) if Some(*byte) == self.escape => at += 2,
                Some(_) => at += 1,
            }
        }
    }

    /// What a field holds, without escapes; `None`: it is null. `made` is room for it.
    pub(super) fn content<'a>(&self, field: &'a [u8], made: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        if field == self.null {
            return None;
        }
        let Some(escape) = self.escape else {
            return Some(field);
        };
        if memchr::memchr(escape, field).is_none() {
            return Some(field);
        }
        made.clear();
        let mut bytes = field.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            let escaped = (byte == escape).then(|| bytes.next()).flatten();
            made.push(match escaped {
                None => byte,
                Some(b'r') => b'\r',
                Some(b'n') => b'\n',
                Some(other) => other,
            });
        }
        Some(made)
    }
}

/// A sign as Hive takes it: a number of one byte, else the low byte of the first character that Java sees.
fn sign(text: &str, usual: u8) -> u8 {
    match text.parse::<i8>() {
        Ok(number) => number as u8,
        Err(_) => {
            let low = |unit: u16| unit.to_be_bytes()[1];
            text.encode_utf16().next().map_or(usual, low)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Look;

    fn look(settings: &[(&str, &str)]) -> Result<Look, String> {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Look::of(&settings.collect::<BTreeMap<_, _>>())
    }

    fn fields(look: &Look, line: &str, wanted: usize) -> Vec<Option<String>> {
        let mut places = Vec::new();
        look.fields(line.as_bytes(), wanted, &mut places);
        let text = |place: &std::ops::Range<usize>| {
            let mut made = Vec::new();
            let content = look.content(&line.as_bytes()[place.clone()], &mut made);
            content.map(|bytes| String::from_utf8(bytes.to_vec()).expect("text"))
        };
        places.iter().map(text).collect()
    }

    fn some(texts: &[&str]) -> Vec<Option<String>> {
        let null = |text: &&str| (*text != "null").then(|| (*text).to_owned());
        texts.iter().map(null).collect()
    }

    #[test]
    fn fields_are_those_of_hive() {
        let plain = look(&[]).expect("usual");
        assert_eq!(
            fields(&plain, "a\u{1}\\N\u{1}", 3),
            some(&["a", "null", ""])
        );
        assert_eq!(
            fields(&plain, "a", 3),
            some(&["a"]),
            "the others are missing"
        );
        assert_eq!(
            fields(&plain, "a\u{1}b\u{1}c", 2),
            some(&["a", "b"]),
            "more than there are columns"
        );
        assert_eq!(fields(&plain, "", 2), some(&[""]));
        let comma = look(&[
            ("field.delim", ","),
            ("escape.delim", "\\"),
            ("serialization.null.format", "NULL"),
        ]);
        let comma = comma.expect("with escapes");
        assert_eq!(
            fields(&comma, "a\\,b,NULL,\\NULL,x\\ny\\\\", 4),
            some(&["a,b", "null", "NULL", "x\ny\\"])
        );
        assert_eq!(fields(&comma, "a\\", 1), some(&["a\\"]));
        let number = look(&[("field.delim", "9")]).expect("a number");
        assert_eq!(fields(&number, "a\tb", 2), some(&["a", "b"]));
        // As `(byte) charAt(0)` of Java.
        let section = look(&[("field.delim", "\u{a7}")]).expect("a sign");
        assert_eq!(section.delimiter, 0xa7);
        let middle = look(&[("field.delim", "\u{4e2d}")]).expect("a sign");
        assert_eq!(fields(&middle, "a-b", 2), some(&["a", "b"]));
        let rest = look(&[
            ("field.delim", "|"),
            ("serialization.last.column.takes.rest", "true"),
        ]);
        assert_eq!(
            fields(&rest.expect("well"), "a|b|c", 2),
            some(&["a", "b|c"])
        );
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for setting in [
            ("line.delim", ";"),
            ("serialization.encoding", "GBK"),
            ("timestamp.formats", "yyyy"),
            ("hive.lazysimple.extended_boolean_literal", "true"),
        ] {
            look(&[setting]).expect_err(setting.0);
        }
        look(&[("line.delim", "\n"), ("serialization.encoding", "UTF-8")]).expect("usual");
    }
}
