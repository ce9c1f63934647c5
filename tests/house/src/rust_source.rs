//! A reader of Rust source that is just good enough to measure it: it tells code from comments and
//! literals, and finds functions by their braces.

/// A function found in source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of `fn`, from 1.
    pub line: usize,
    /// Lines from `fn` to the closing brace, both counted.
    pub lines: usize,
}

/// The code of `source`: comments, and what stands in texts and characters, become blanks. Every line and every column
/// stays where it is, counted in characters.
pub fn code_only(source: &str) -> String {
    let mut scanner = Scanner {
        rest: source.chars().collect(),
        at: 0,
        code: String::new(),
    };
    while scanner.at < scanner.rest.len() {
        scanner.step();
    }
    scanner.code
}

struct Scanner {
    rest: Vec<char>,
    at: usize,
    code: String,
}

impl Scanner {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest.get(self.at + ahead).copied()
    }

    /// Copies so many characters.
    fn keep(&mut self, count: usize) {
        let end = (self.at + count).min(self.rest.len());
        self.code
            .extend(self.rest.get(self.at..end).into_iter().flatten());
        self.at = end;
    }

    /// Blanks so many characters out.
    fn blank(&mut self, count: usize) {
        for _ in 0..count {
            let Some(character) = self.peek(0) else {
                return;
            };
            self.code.push(if character == '\n' { '\n' } else { ' ' });
            self.at += 1;
        }
    }

    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            (Some('/'), Some('/')) => self.blank_while(|scanner| scanner.peek(0) != Some('\n')),
            (Some('/'), Some('*')) => self.block_comment(),
            (Some('"'), _) => self.text(),
            (Some('\''), _) => self.character(),
            (Some('r'), Some('"' | '#')) if !self.is_inside_word() => self.raw_text(),
            (Some('b'), Some('r'))
                if !self.is_inside_word() && matches!(self.peek(2), Some('"' | '#')) =>
            {
                self.keep(1);
                self.raw_text();
            }
            _ => self.keep(1),
        }
    }

    fn is_inside_word(&self) -> bool {
        self.code
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '_')
    }

    fn blank_while(&mut self, holds: impl Fn(&Self) -> bool) {
        while self.at < self.rest.len() && holds(self) {
            self.blank(1);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                (None, _) => return,
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.blank(2);
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.blank(2);
                }
                _ => self.blank(1),
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn text(&mut self) {
        self.keep(1);
        loop {
            match self.peek(0) {
                None => return,
                Some('\\') => self.blank(2),
                Some('"') => return self.keep(1),
                Some(_) => self.blank(1),
            }
        }
    }

    /// `r#"…"#` with any number of `#`; or `r#name`, which is code.
    fn raw_text(&mut self) {
        let hashes = (1..)
            .take_while(|ahead| self.peek(*ahead) == Some('#'))
            .count();
        if self.peek(1 + hashes) != Some('"') {
            return self.keep(1);
        }
        self.keep(2 + hashes);
        let is_end = |scanner: &Self| {
            scanner.peek(0) == Some('"')
                && (1..=hashes).all(|ahead| scanner.peek(ahead) == Some('#'))
        };
        self.blank_while(|scanner| !is_end(scanner));
        self.keep(1 + hashes);
    }

    /// A character such as `'{'` or `'\''`, or a lifetime, which is code.
    fn character(&mut self) {
        if self.peek(1) == Some('\\') {
            self.keep(1);
            self.blank(2);
            self.blank_while(|scanner| scanner.peek(0) != Some('\''));
            self.keep(1);
        } else if self.peek(2) == Some('\'') {
            self.keep(1);
            self.blank(1);
            self.keep(1);
        } else {
            self.keep(1);
        }
    }
}

/// The functions in `code` that have a body, in the order in which they begin; `code` is what [`code_only`] answers.
pub fn functions(code: &str) -> Vec<Function> {
    let characters: Vec<char> = code.chars().collect();
    let mut functions = Vec::new();
    let mut line = 1;
    for (at, character) in characters.iter().enumerate() {
        if *character == '\n' {
            line += 1;
        }
        let Some(name) = function_name(&characters, at) else {
            continue;
        };
        if let Some(lines) = lines_to_end(characters.get(at..).unwrap_or_default()) {
            functions.push(Function { name, line, lines });
        }
    }
    functions
}

/// The name behind `fn`, if `fn` stands at `at` as a word of its own with a name.
fn function_name(characters: &[char], at: usize) -> Option<String> {
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let begins = at == 0 || characters.get(at - 1).is_some_and(|c| !is_word(c));
    let rest = characters.get(at..)?;
    if !begins || !rest.starts_with(&['f', 'n', ' ']) {
        return None;
    }
    let name: String = rest.iter().skip(3).take_while(|c| is_word(c)).collect();
    (!name.is_empty()).then_some(name)
}

/// Lines from here to the brace that closes the first block; `None`: a `;` comes before any block.
fn lines_to_end(characters: &[char]) -> Option<usize> {
    let (mut lines, mut braces, mut nested) = (1, 0, 0);
    for character in characters {
        match character {
            '\n' => lines += 1,
            '(' | '[' => nested += 1,
            ')' | ']' => nested -= 1,
            '{' => braces += 1,
            '}' if braces == 1 => return Some(lines),
            '}' => braces -= 1,
            ';' if braces == 0 && nested == 0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Function, code_only, functions};

    #[test]
    fn comments_and_literals_are_no_code() {
        let source = "a // {\nb /* { /* } */ */ c \"{\\\"\" d r#\"}\"\"# e '{' f '\\'' g::<'static>() br\"{\"";
        let code = code_only(source);
        assert!(!code.contains(['{', '}']), "{code}");
        for word in ["a", "b", "c", "d", "e", "f", "g::<'static>()"] {
            assert!(code.contains(word), "{word} is missing in {code}");
        }
        assert_eq!(code.lines().count(), source.lines().count());
        assert_eq!(code.chars().count(), source.chars().count());
    }

    #[test]
    fn a_function_is_as_long_as_its_braces() {
        let source = "trait T {\n    fn declared(&self, x: [u8; 2]);\n}\n\nfn long(\n    x: fn(u8) -> u8,\n) {\n    if x(\"}\") {\n    }\n}\nfn r#short() {}\n";
        let found = functions(&code_only(source));
        assert_eq!(
            found.first(),
            Some(&Function {
                name: "long".to_owned(),
                line: 5,
                lines: 6
            })
        );
        assert_eq!(
            found
                .iter()
                .filter(|function| function.name == "declared")
                .count(),
            0
        );
    }
}
