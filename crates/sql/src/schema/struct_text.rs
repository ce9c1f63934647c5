//! Schemas as `struct<name:Type,…>`.

use arrow::datatypes::{Field, Schema};
use millstream_core::Result;

use super::{field, invalid, push_unique};

const EXAMPLE: &str = "struct<id:BigInt,name:String>";

/// Parses a schema such as `struct<id:BigInt,name:String>`.
///
/// White space around names, types and signs is ignored, `struct` and the types are
/// case-insensitive. A name holds anything but `:`, `,` and `>`; in backquotes it holds anything, two
/// backquotes standing for one. A type may have arguments (`Decimal(10,2)`).
///
/// # Errors
/// SCHEMA_INVALID with the character (from 1) where the text stops being a schema.
///
/// ```
/// let schema = millstream_sql::schema::parse_struct("struct<_col0:BigInt, `a:b`:String>").unwrap();
/// assert_eq!(schema.field(1).name(), "a:b");
/// ```
pub fn parse_struct(text: &str) -> Result<Schema> {
    if text.trim_start().starts_with('{') {
        return Err(invalid(
            "schema: this is JSON where the struct<…> form is asked for",
            EXAMPLE,
        ));
    }
    let mut parser = Parser { text, at: 0 };
    match parser.schema() {
        Ok(fields) => Ok(Schema::new(fields)),
        Err(problem) => {
            let read = text.get(..parser.at).unwrap_or(text);
            let character = read.chars().count() + 1;
            Err(invalid(
                format!("schema, character {character}: {problem}"),
                EXAMPLE,
            ))
        }
    }
}

/// `at` is a byte position on a character boundary; when a method fails it stands at the fault.
struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes `expected` behind white space.
    fn take(&mut self, expected: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    fn expected(&self, what: &str) -> String {
        match self.rest().chars().next() {
            Some(found) => format!("expected {what}, found `{found}`"),
            None => format!("expected {what}, found the end"),
        }
    }

    fn schema(&mut self) -> Result<Vec<Field>, String> {
        self.skip_space();
        let keyword = self.rest().get(..6).unwrap_or_default();
        if !keyword.eq_ignore_ascii_case("struct") {
            return Err(self.expected("`struct<`"));
        }
        self.at += keyword.len();
        if !self.take('<') {
            return Err(self.expected("`<`"));
        }
        let mut fields = Vec::new();
        loop {
            self.skip_space();
            let start = self.at;
            let parsed = self.column()?;
            let end = std::mem::replace(&mut self.at, start);
            push_unique(&mut fields, parsed)?;
            self.at = end;
            if self.take('>') {
                break;
            }
            if !self.take(',') {
                return Err(self.expected("`,` or `>`"));
            }
        }
        self.skip_space();
        if !self.rest().is_empty() {
            return Err(self.expected("the end"));
        }
        Ok(fields)
    }

    fn column(&mut self) -> Result<Field, String> {
        let name = if self.take('`') {
            self.quoted_name()?
        } else {
            let rest = self.rest();
            let length = rest.find([':', ',', '>']).unwrap_or(rest.len());
            let name = rest.get(..length).unwrap_or_default().trim_end();
            if name.is_empty() {
                return Err(self.expected("a column name"));
            }
            self.at += name.len();
            name.to_string()
        };
        if !self.take(':') {
            return Err(self.expected("`:` and a type"));
        }
        self.skip_space();
        let start = self.at;
        let type_name = self.type_name()?;
        field(&name, type_name).inspect_err(|_| self.at = start)
    }

    fn quoted_name(&mut self) -> Result<String, String> {
        let mut name = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find('`') else {
                self.at = self.text.len();
                return Err(self.expected("a closing backquote"));
            };
            name.push_str(rest.get(..end).unwrap_or_default());
            self.at += end + 1;
            if !self.rest().starts_with('`') {
                break;
            }
            name.push('`');
            self.at += 1;
        }
        if name.is_empty() {
            return Err("a column has an empty name".to_string());
        }
        Ok(name)
    }

    /// The text up to the `,` or `>` that is not inside the type's own brackets.
    fn type_name(&mut self) -> Result<&'a str, String> {
        let rest = self.rest();
        let mut open = 0_usize;
        let mut length = rest.len();
        for (at, sign) in rest.char_indices() {
            match sign {
                '<' | '(' => open += 1,
                ',' | '>' if open == 0 => {
                    length = at;
                    break;
                }
                '>' | ')' => open = open.saturating_sub(1),
                _ => {}
            }
        }
        let name = rest.get(..length).unwrap_or_default().trim_end();
        if name.is_empty() {
            return Err(self.expected("a type"));
        }
        self.at += name.len();
        Ok(name)
    }
}
