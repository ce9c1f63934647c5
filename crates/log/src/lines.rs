//! The lines: time, level, who, what.

use std::fmt;

use chrono::{Local, SecondsFormat, Utc};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// How a line looks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lines {
    /// `2026-11-21 08:00:00,123 INFO  millstream_engine::job [] - message`.
    Flink,
    /// `{"time":"2026-11-21T07:00:00.123Z","level":"INFO","logger":"millstream_engine::job","message":"…"}`.
    Json,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut message = String::new();
        let fields = context.field_format();
        fields.format_fields(Writer::new(&mut message), event)?;
        let (level, logger) = (event.metadata().level(), event.metadata().target());
        match self {
            Self::Flink => {
                let time = Local::now().format("%Y-%m-%d %H:%M:%S,%3f");
                let message = escaped(&message);
                writeln!(writer, "{time} {level:<5} {logger:<40} [] - {message}")
            }
            Self::Json => {
                let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
                write!(
                    writer,
                    "{{\"time\":\"{time}\",\"level\":\"{level}\",\"logger\":"
                )?;
                write_json(&mut writer, logger)?;
                writer.write_str(",\"message\":")?;
                write_json(&mut writer, &message)?;
                writer.write_str("}\n")
            }
        }
    }
}

/// `text` with control characters written out (`\n`, `\u{1b}`), so that nobody's name can begin a line of a log or command a
/// terminal.
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_control(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Control characters, and those that turn the direction of the text around them.
fn is_control(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn write_json(writer: &mut Writer<'_>, text: &str) -> fmt::Result {
    writer.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(writer, "\\{letter}")?,
            // All of them have four digits.
            letter if is_control(letter) => write!(writer, "\\u{:04x}", u32::from(letter))?,
            letter => writer.write_char(letter)?,
        }
    }
    writer.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_line_begins_another_one_or_commands_a_terminal() {
        assert_eq!(
            escaped("Anna \u{e4}\u{4e2d} \\n"),
            "Anna \u{e4}\u{4e2d} \\n"
        );
        assert_eq!(
            escaped("a\nb\u{1b}[2Jc\u{9b}d\t"),
            "a\\nb\\u{1b}[2Jc\\u{9b}d\\t"
        );
        assert_eq!(escaped("x\u{202e}y"), "x\\u{202e}y");
    }

    #[test]
    fn a_text_is_one_text_of_json() {
        let mut text = String::new();
        write_json(&mut Writer::new(&mut text), "a\"b\\c\nd\u{1b}\u{e4}").expect("written");
        assert_eq!(text, "\"a\\\"b\\\\c\\u000ad\\u001b\u{e4}\"");
    }
}
