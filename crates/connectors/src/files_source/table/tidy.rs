//! What is done to the text of fields before it becomes values: blanks around it, and texts that mean null.

/// What is done to fields that did not stand in quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tidy {
    /// Blanks and tabs around them are left out.
    pub trim: bool,
    /// They are null if they are one of these.
    pub nulls: Vec<String>,
}

impl Tidy {
    /// Whether nothing is done.
    pub fn is_nothing(&self) -> bool {
        !self.trim && self.nulls.is_empty()
    }

    /// The part of a field that is left of it; `None`: it is null. `escaped`: escapes have been taken out of it, so that it has been
    /// [held](Self::means_null) against the texts that mean null before.
    pub(super) fn left(&self, content: &[u8], escaped: bool) -> Option<(usize, usize)> {
        let (from, to) = self.trimmed(content);
        let rest = content.get(from..to).unwrap_or_default();
        let is_null = !escaped && self.is_among_nulls(rest);
        (!is_null && !rest.is_empty()).then_some((from, to))
    }

    /// Whether a field means null as it stands in the file, with its escapes: as Hive writes `\N`.
    pub(super) fn means_null(&self, content: &[u8]) -> bool {
        let (from, to) = self.trimmed(content);
        self.is_among_nulls(content.get(from..to).unwrap_or_default())
    }

    fn trimmed(&self, content: &[u8]) -> (usize, usize) {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let (mut from, mut to) = (0, content.len());
        if self.trim {
            from = content.iter().take_while(|byte| is_blank(byte)).count();
            let behind = content.iter().rev().take_while(|byte| is_blank(byte));
            to -= behind.count().min(to - from);
        }
        (from, to)
    }

    fn is_among_nulls(&self, content: &[u8]) -> bool {
        self.nulls.iter().any(|null| null.as_bytes() == content)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::FieldTable;
    use super::*;
    use crate::files_source::format::Format;

    fn fields(tidy: &Tidy, text: &str) -> Vec<Option<String>> {
        fields_of(tidy, Format::csv(), text)
    }

    fn fields_of(tidy: &Tidy, format: Format, text: &str) -> Vec<Option<String>> {
        let dialects = format.compile().expect("a format");
        let mut table = FieldTable::default();
        table.tidied_by(tidy.clone());
        let columns = text.split(',').count();
        table.clear(columns, 1);
        let span = crate::files_source::scan::Span {
            start: 0,
            end: text.len() as u32,
            line: 0,
        };
        table.find(&dialects.text, text.as_bytes(), &[span]);
        table.tidy(text.as_bytes());
        (0..columns)
            .flat_map(|column| table.column(column).collect::<Vec<_>>())
            .map(|field| {
                let content = table.content(text.as_bytes(), field);
                (!field.is_null()).then(|| String::from_utf8_lossy(content).into_owned())
            })
            .collect()
    }

    #[test]
    fn what_stands_in_quotes_stays_as_it_is() {
        let tidy = Tidy {
            trim: true,
            nulls: vec!["\\N".to_owned(), "-".to_owned()],
        };
        let found = fields(&tidy, " a b ,\\N, - ,\"\\N\",\" x \",\t");
        let expected = [Some("a b"), None, None, Some("\\N"), Some(" x "), None];
        assert_eq!(found, expected.map(|text| text.map(str::to_owned)));
        let found = fields(
            &Tidy {
                trim: false,
                ..tidy
            },
            " a, - ,-",
        );
        let expected = [Some(" a"), Some(" - "), None];
        assert_eq!(found, expected.map(|text| text.map(str::to_owned)));
    }

    #[test]
    fn null_is_told_before_escapes_are_taken_out_as_hive_does() {
        let tidy = Tidy {
            trim: true,
            nulls: vec!["\\N".to_owned()],
        };
        let format = Format {
            escape: Some('\\'),
            ..Format::csv()
        };
        let found = fields_of(&tidy, format, "\\N, \\N ,\\\\N,\\Na,N,x\\;y");
        let expected = [None, None, Some("\\N"), Some("Na"), Some("N"), Some("x;y")];
        let found: Vec<_> = found.iter().map(Option::as_deref).collect();
        assert_eq!(found, expected);
    }
}
