//! A line as a shell tells it, and words as it takes them.

mod powershell;

use super::Candidate;

/// The characters that stand in a word of bash as they are.
const PLAIN: &str = "_./=:,@%+-";
/// Those that mean something to bash within double quotes, unless a backslash stands before them.
const IN_DOUBLE_QUOTES: &str = "$`\"\\";

/// A line up to the cursor.
pub(super) struct Line {
    shell: String,
    /// The words behind the command's name and before the one that is being written.
    pub(super) before: Vec<String>,
    /// The word that is being written, as far as it goes.
    pub(super) current: String,
    /// The quotes that the word that is being written is in.
    open: Option<char>,
    /// So many bytes of that word the shell leaves as they are: those before the quotes, or up to a character at which it begins a
    /// new word of its own.
    kept: usize,
}

impl Line {
    /// The line that `arguments` tell: the shell, and the text of the line with the characters that break words (bash), the
    /// text alone (PowerShell), or the words (others). `None`: they tell none.
    pub(super) fn of(arguments: &[String]) -> Option<Self> {
        let (shell, rest) = arguments.split_first()?;
        let Split {
            mut words,
            open,
            kept,
        } = match shell.as_str() {
            "bash" => split(rest.first()?, rest.get(1).map_or("", String::as_str)),
            "powershell" => Split {
                words: powershell::words(rest.first()?),
                ..Split::default()
            },
            _ => Split {
                words: rest.to_vec(),
                ..Split::default()
            },
        };
        let current = words.pop()?;
        Some(Self {
            shell: shell.clone(),
            before: words.into_iter().skip(1).collect(),
            current,
            open,
            kept,
        })
    }

    /// A line of the answer: the word, and behind a tab what it means, for shells that show it. Bash takes a word as it stands, so
    /// whatever would mean something to it there is quoted: names of jobs are anybody's.
    pub(super) fn shown(&self, candidate: &Candidate) -> String {
        let Candidate { value, meaning } = candidate;
        match self.shell.as_str() {
            "bash" => {
                // For it the word begins there.
                let replaced = value.get(self.kept..).unwrap_or(value);
                match self.open {
                    Some('"') => in_double_quotes(replaced),
                    // Nothing can be quoted within: they are closed for it, and opened again.
                    Some(_) => replaced.replace('\'', r"'\''"),
                    None => escaped(replaced),
                }
            }
            _ if meaning.is_empty() => value.clone(),
            _ => format!("{value}\t{meaning}"),
        }
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

fn in_double_quotes(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    for c in word.chars() {
        // A backslash before it would stay, and without one it means a line that was entered before.
        if c == '!' {
            text.push_str(r#""\!""#);
            continue;
        }
        if IN_DOUBLE_QUOTES.contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// A line in words, the last one empty behind white space.
#[derive(Debug, Default, PartialEq, Eq)]
struct Split {
    words: Vec<String>,
    /// The quotes that are still open.
    open: Option<char>,
    /// So many bytes of the last word stand before them, or up to the last break that is not quoted.
    kept: usize,
}

/// Takes a line of bash apart; at `breaks` it begins words of its own.
fn split(line: &str, breaks: &str) -> Split {
    let is_break = |c: char| matches!(c, '=' | ':' | '@') && breaks.contains(c);
    let mut words = vec![String::new()];
    let (mut begun, mut open, mut kept) = (false, None, 0);
    let mut broken = 0;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if open.is_none() && c.is_whitespace() {
            if begun {
                words.push(String::new());
            }
            (begun, kept, broken) = (false, 0, 0);
            continue;
        }
        begun = true;
        let Some(word) = words.last_mut() else { break };
        match (open, c) {
            (Some(quote), c) if c == quote => (open, kept) = (None, broken),
            (None, '\'' | '"') => (open, kept) = (Some(c), word.len()),
            (None, '\\') => word.extend(rest.next()),
            (Some('"'), '\\') => {
                let next = rest.next();
                // Before any other it is one itself.
                let stays = next.is_some_and(|next| !IN_DOUBLE_QUOTES.contains(next));
                word.extend(stays.then_some('\\').into_iter().chain(next));
            }
            (_, c) => {
                word.push(c);
                if open.is_none() && is_break(c) {
                    broken = word.len();
                    kept = broken;
                }
            }
        }
    }
    Split { words, open, kept }
}

#[cfg(test)]
mod tests {
    use super::{Candidate, Line, Split, split};

    const BREAKS: &str = " \t\n\"'@><=;|&(:";

    fn shown(text: &str, value: &str) -> String {
        let arguments = ["bash", text, BREAKS].map(str::to_owned);
        let line = Line::of(&arguments).expect("a line");
        line.shown(&Candidate::new(value, "x"))
    }

    #[test]
    fn words_are_those_of_the_shell() {
        for (text, words, open, kept) in [
            ("m", &["m"][..], None, 0),
            ("m  stop ", &["m", "stop", ""], None, 0),
            ("m 'a b' c\\ d", &["m", "a b", "c d"], None, 0),
            ("m stop \"my jo", &["m", "stop", "my jo"], Some('"'), 0),
            ("m stop my\" jo", &["m", "stop", "my jo"], Some('"'), 2),
            ("m stop 'it'\\''", &["m", "stop", "it'"], Some('\''), 3),
            ("m ''", &["m", ""], None, 0),
            ("m a=b:c", &["m", "a=b:c"], None, 4),
            ("m a=b\":c\"d", &["m", "a=b:cd"], None, 2),
            ("m a\\=b", &["m", "a=b"], None, 0),
            ("m \"a\\$\\b\\", &["m", "a$\\b"], Some('"'), 0),
        ] {
            let words = words.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(split(text, BREAKS), Split { words, open, kept }, "{text}");
        }
    }

    #[test]
    fn bash_gets_what_follows_its_break() {
        assert_eq!(shown("m -D rest.", "rest.port="), "rest.port=");
        assert_eq!(shown("m --target=lo", "--target=local"), "local");
        assert_eq!(shown("m --target=\"lo", "--target=local"), "local");
        assert_eq!(shown("m stop my", "my job"), "my\\ job");
        assert_eq!(shown("m stop \"my", "my job"), "my job");
        assert_eq!(shown("m stop my\" ", "my job"), " job");
    }

    #[test]
    fn bash_gets_nothing_that_it_would_run() {
        let name = "x $(id)`id`\"'\\!e";
        assert_eq!(shown("m stop x", name), r#"x\ \$\(id\)\`id\`\"\'\\\!e"#);
        let quoted = r#"x \$(id)\`id\`\"'\\"\!"e"#;
        assert_eq!(shown("m stop \"x", name), quoted);
        let quoted = r#"x $(id)`id`"'\''\!e"#;
        assert_eq!(shown("m stop 'x", name), quoted);
        // What has been completed up to the quotes that were opened last is not written once more.
        assert_eq!(shown(r#"m stop "a"\!""#, "a!b"), "b");
        assert_eq!(shown(r"m stop 'it'\''", "it's"), "s");
    }
}
