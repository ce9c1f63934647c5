//! What is done to the text of fields before it becomes values: blanks around it, and texts that mean null.

use super::fields::FieldTable;

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

    /// Does it to all fields of a table, which lie in `text`.
    pub(super) fn apply(&self, table: &mut FieldTable, text: &[u8]) {
        table.change_unquoted(text, |content| {
            let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
            let (mut from, mut to) = (0, content.len());
            if self.trim {
                from = content.iter().take_while(|byte| is_blank(byte)).count();
                let behind = content.iter().rev().take_while(|byte| is_blank(byte));
                to -= behind.count().min(to - from);
            }
            let rest = content.get(from..to).unwrap_or_default();
            let is_null = self.nulls.iter().any(|null| null.as_bytes() == rest);
            (!is_null && !rest.is_empty()).then_some((from, to))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files_source::format::Format;

    fn fields(tidy: &Tidy, text: &str) -> Vec<Option<String>> {
        let dialects = Format::csv().compile().expect("a format");
        let mut table = FieldTable::default();
        let columns = text.split(',').count();
        table.clear(columns, 1);
        let span = crate::files_source::scan::Span {
            start: 0,
            end: text.len() as u32,
            line: 0,
        };
        table.find(&dialects.text, text.as_bytes(), &[span]);
        tidy.apply(&mut table, text.as_bytes());
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
}
