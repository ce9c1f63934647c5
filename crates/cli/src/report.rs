//! What the command says: data on standard output, everything else on standard error.

use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use millstream_core::{Error, Result, codes};
use millstream_server::{Harmless, harmless};
use serde_json::{Value, json};

/// How errors are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// With cause and the title of the code.
    pub(crate) verbose: bool,
    /// As JSON on standard output too, so that a program finds the code there.
    pub(crate) json: bool,
}

/// The arguments as text.
///
/// # Errors
/// One of them is not UTF-8.
pub(crate) fn texts(arguments: Vec<OsString>) -> Result<Vec<String>> {
    let text = |argument: OsString| {
        argument.into_string().map_err(|argument| {
            let shown = argument.to_string_lossy().into_owned();
            Error::new(
                &codes::USAGE,
                format!("the argument `{shown}` is not UTF-8"),
            )
            .next("set a locale of UTF-8, or rename the file")
        })
    };
    arguments.into_iter().map(text).collect()
}

/// Prints `text` for people on standard output, where nothing in it commands a terminal: names, messages and the like are other
/// people's. A reader that has gone away, such as `head`, is no failure.
pub(crate) fn output(text: &str) -> ExitCode {
    match say(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => self::error(&error, Style::default()),
    }
}

/// As [`output`].
///
/// # Errors
/// Those of [`write`].
pub(crate) fn say(text: &str) -> Result<()> {
    write(harmless(text).as_bytes())
}

/// Writes what others have written, such as the output of a program: as it is, but to a terminal as [`output`] does. A character may
/// come in parts, which `terminal` keeps from one call to the next.
///
/// # Errors
/// Those of [`write`].
pub(crate) fn foreign(terminal: &mut Harmless<Vec<u8>>, bytes: &[u8]) -> Result<ControlFlow<()>> {
    if !std::io::stdout().is_terminal() {
        return stream(bytes);
    }
    // A vector takes everything.
    drop(terminal.write_all(bytes));
    stream(&terminal.take())
}

/// Writes bytes to standard output and flushes. A reader that has gone away is no failure.
///
/// # Errors
/// Standard output can't be written, for example because the disk is full.
pub(crate) fn write(bytes: &[u8]) -> Result<()> {
    stream(bytes).map(|_| ())
}

/// Writes bytes to standard output as [`write`] does; `Break`: the reader has gone away, and what goes on for its sake alone can
/// end.
///
/// # Errors
/// Those of [`write`].
pub(crate) fn stream(bytes: &[u8]) -> Result<ControlFlow<()>> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(cause) if cause.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(cause) => Err(Error::new(&codes::USAGE, "can't write to standard output")
            .cause(cause)
            .next("free space on its disk, or send the output elsewhere")),
    }
}

/// Prints `value` as the only thing on standard output.
pub(crate) fn json(value: &Value) -> Result<ExitCode> {
    write(plain(&format!("{value:#}\n")).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints `value` as one line of several; `Break`: the reader has gone away.
pub(crate) fn json_line(value: &Value) -> Result<ControlFlow<()>> {
    stream(plain(&format!("{value}\n")).as_bytes())
}

/// The same JSON without the control characters that it may have in its texts: those behind ASCII.
pub(crate) fn plain(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '\u{7f}'..='\u{9f}' => plain.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => plain.push(letter),
        }
    }
    plain
}

/// Prints one line about what is worth knowing and is no error.
pub(crate) fn note(text: &str) {
    progress(&format!("WARNING: {text}"));
}

/// Says of options that were given and are not looked at that they have no effect, and why.
pub(crate) fn note_without_effect(options: &[(bool, &str)], why: &str) {
    for (_, name) in options.iter().filter(|(given, _)| *given) {
        self::note(&format!("{name} has no effect: {why}"));
    }
}

/// Prints one line about how far something is. Nothing depends on somebody reading it.
pub(crate) fn progress(text: &str) {
    drop(writeln!(std::io::stderr(), "{}", harmless(text)));
}

/// Prints `error` as one line, which says where its page is (its problems below it, where it has several).
pub(crate) fn error(error: &Error, style: Style) -> ExitCode {
    progress(&with_page(error));
    if style.verbose {
        if let Some(cause) = error.cause_text() {
            progress(&format!("  caused by: {cause}"));
        }
        let mut all = codes::ALL.iter();
        if let Some(code) = all.find(|code| code.id == error.code()) {
            progress(&format!("  {}: {}", code.id, code.title));
        }
    }
    if style.json {
        let value = json!({ "error": {
            "code": error.code(),
            "message": error.message(),
            "cause": error.cause_text(),
            "help": error.next_step(),
        }});
        // The exit code is that of a failure already.
        drop(json(&value));
    }
    ExitCode::FAILURE
}

/// The text of `error`, and behind its first line what shows its page, and where that lies if it was installed.
fn with_page(error: &Error) -> String {
    let text = error.to_string();
    let (line, below) = match text.split_once('\n') {
        Some((line, below)) => (line, format!("\n{below}")),
        None => (text.as_str(), String::new()),
    };
    let (line, colon) = match line.strip_suffix(':') {
        Some(line) => (line, ":"),
        None => (line, ""),
    };
    let code = error.code();
    let place =
        installed(code).map_or_else(String::new, |place| format!(", or {}", place.display()));
    format!("{line} (millstream explain {code}{place}){colon}{below}")
}

/// Where the page lies that was installed with the command: below the directory of an archive, or where Debian and environments of
/// Python have documents. `None`: none was.
pub(crate) fn installed(code: &str) -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let top = program.parent()?.parent()?;
    let page = Path::new("docs/errors").join(code).with_extension("md");
    let places = [
        top.join(&page),
        top.join("share/doc/millstream").join(&page),
    ];
    places.into_iter().find(|place| place.is_file())
}

/// Whether standard output takes colour: a terminal whose user has not said no (`NO_COLOR`).
pub(crate) fn takes_colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn json_commands_no_terminal() {
        let text = "a\u{9b}31m\u{7f}\u{e4}\u{1b}";
        let json = plain(&serde_json::json!([text]).to_string());
        assert_eq!(json, r#"["a\u009b31m\u007fä\u001b"]"#);
        let read: Vec<String> = serde_json::from_str(&json).expect("JSON");
        assert_eq!(read, [text]);
    }
}
