//! A line as a shell tells it, and words as it takes them.

use super::Candidate;

/// The characters that stand in a word of bash as they are.
const PLAIN: &str = "_./=:,@%+-";

/// A line up to the cursor.
pub(super) struct Line {
    shell: String,
    /// The words behind the command's name and before the one that is being written.
    pub(super) before: Vec<String>,
    /// The word that is being written, as far as it goes.
    pub(super) current: String,
    /// Whether the word that is being written is in quotes.
    quoted: bool,
    /// The characters at which the shell begins a new word of its own.
    breaks: String,
}

impl Line {
    /// The line that `arguments` tell: the shell, and the text of the line with the characters that break words (bash), the
    /// text alone (PowerShell), or the words (others). `None`: they tell none.
    pub(super) fn of(arguments: &[String]) -> Option<Self> {
        let (shell, rest) = arguments.split_first()?;
        let (mut words, quoted) = match shell.as_str() {
            "bash" | "powershell" => split(rest.first()?),
            _ => (rest.to_vec(), false),
        };
        let current = words.pop()?;
        let breaks = match shell.as_str() {
            "bash" => rest.get(1).cloned(),
            _ => None,
        };
        Some(Self {
            shell: shell.clone(),
            before: words.into_iter().skip(1).collect(),
            current,
            quoted,
            breaks: breaks.unwrap_or_default(),
        })
    }

    /// A line of the answer: the word, and behind a tab what it means, for shells that show it.
    pub(super) fn shown(&self, candidate: &Candidate) -> String {
        let Candidate { value, meaning } = candidate;
        match self.shell.as_str() {
            "bash" if self.quoted => value.clone(),
            "bash" => escaped(self.behind_breaks(value)),
            _ if meaning.is_empty() => value.clone(),
            _ => format!("{value}\t{meaning}"),
        }
    }

    /// What bash replaces: for it the word begins behind the last of its breaks.
    fn behind_breaks<'a>(&self, value: &'a str) -> &'a str {
        let breaks = |c: char| matches!(c, '=' | ':' | '@') && self.breaks.contains(c);
        let kept = self.current.rfind(breaks).map_or(0, |at| at + 1);
        value.get(kept..).unwrap_or(value)
    }
}

fn escaped(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    for c in word.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && !PLAIN.contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// The words of a line, the last one empty behind white space; whether that is in quotes that are still open.
fn split(line: &str) -> (Vec<String>, bool) {
    let mut words = vec![String::new()];
    let mut begun = false;
    let mut open: Option<char> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if open.is_none() && c.is_whitespace() {
            if begun {
                words.push(String::new());
            }
            begun = false;
            continue;
        }
        begun = true;
        let Some(word) = words.last_mut() else { break };
        match (open, c) {
            (Some(quote), c) if c == quote => open = None,
            (None, '\'' | '"') => open = Some(c),
            (None | Some('"'), '\\') => word.extend(rest.next()),
            (_, c) => word.push(c),
        }
    }
    (words, open.is_some())
}

#[cfg(test)]
mod tests {
    use super::{Candidate, Line, split};

    fn line(text: &str) -> Line {
        let arguments = ["bash", text, " \t\n\"'@><=;|&(:"].map(str::to_owned);
        Line::of(&arguments).expect("a line")
    }

    #[test]
    fn words_are_those_of_the_shell() {
        for (text, words, quoted) in [
            ("m", &["m"][..], false),
            ("m  stop ", &["m", "stop", ""], false),
            ("m 'a b' c\\ d", &["m", "a b", "c d"], false),
            ("m stop \"my jo", &["m", "stop", "my jo"], true),
            ("m ''", &["m", ""], false),
        ] {
            assert_eq!(
                split(text),
                (words.iter().map(|&w| w.to_owned()).collect(), quoted)
            );
        }
    }

    #[test]
    fn bash_gets_what_follows_its_break() {
        let shown = |text: &str, value: &str| line(text).shown(&Candidate::new(value, "x"));
        assert_eq!(shown("m -D rest.", "rest.port="), "rest.port=");
        assert_eq!(shown("m --target=lo", "--target=local"), "local");
        assert_eq!(shown("m stop my", "my job"), "my\\ job");
        assert_eq!(shown("m stop \"my", "my job"), "my job");
    }
}
