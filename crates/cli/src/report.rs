//! What the command says: data on standard output, everything else on standard error.

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use millstream_core::{Error, Result, codes};

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

/// Whether `--verbose` stands before the program's own arguments. Looked at before anything else, so that it
/// holds for errors of the command line too.
pub(crate) fn asks_for_causes(arguments: &[OsString]) -> bool {
    let program = |argument: &OsString| argument == millstream_ingest::NAME;
    arguments
        .iter()
        .take_while(|argument| !program(argument))
        .any(|a| a == "--verbose")
}

/// Prints `text` on standard output. A reader that has gone away, such as `head`, is no failure.
pub(crate) fn output(text: &str) -> ExitCode {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) if cause.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(cause) => {
            let error = Error::new(&codes::USAGE, "can't write to standard output").cause(cause);
            self::error(&error, false)
        }
    }
}

/// Prints one line about what is worth knowing and is no error.
pub(crate) fn note(text: &str) {
    eprintln!("WARNING: {text}");
}

/// Prints `error` as one line (its problems below it, where it has several); with `verbose` also its cause and where
/// its page is.
pub(crate) fn error(error: &Error, verbose: bool) -> ExitCode {
    eprintln!("{error}");
    if verbose {
        if let Some(cause) = error.cause_text() {
            eprintln!("  caused by: {cause}");
        }
        let title = codes::ALL
            .iter()
            .find(|code| code.id == error.code())
            .map(|code| code.title);
        eprintln!(
            "  {}: {}, see docs/errors/{0}.md",
            error.code(),
            title.unwrap_or_default()
        );
    }
    ExitCode::FAILURE
}
