//! The lines: time, level, who, what.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use chrono::Local;
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::rotation::Rotating;

/// The environment variable that sets levels, for example `debug` or `millstream_engine=trace`.
pub const LEVEL_VARIABLE: &str = "MILLSTREAM_LOG";

/// Starts logging to standard error. `verbosity`: 0 shows what Flink's INFO shows, 1 debug lines, 2 everything. The
/// environment variable [`LEVEL_VARIABLE`] wins. Called again it does nothing.
pub fn start_to_stderr(verbosity: u8) {
    let default = match verbosity {
        0 => "info",
        1 => "debug",
        _ => "trace",
    };
    start_with(default, std::io::stderr);
}

/// Starts logging to the file at `path`, which is [put aside](crate::put_aside) when it has grown long, at the level of
/// [`LEVEL_VARIABLE`] or INFO. A line that can't be written is lost: the program does not stop for it. Called again it does
/// nothing.
///
/// # Errors
/// The file can't be opened.
pub fn start_to_file(path: &Path) -> io::Result<()> {
    start_with("info", Mutex::new(Rotating::open(path)?));
    Ok(())
}

fn start_with(default: &str, writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) {
    let filter =
        EnvFilter::try_from_env(LEVEL_VARIABLE).unwrap_or_else(|_| EnvFilter::new(default));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        // It would be told on standard error, and whoever logs would panic where that can't be written either.
        .log_internal_errors(false)
        .with_writer(writer)
        .event_format(FlinkLines)
        .finish();
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tracing::debug!("logging has been started already");
    }
}

/// `2026-11-21 08:00:00,123 INFO  millstream_engine::job [] - message`.
struct FlinkLines;

impl<S, N> FormatEvent<S, N> for FlinkLines
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
        let metadata = event.metadata();
        let time = Local::now().format("%Y-%m-%d %H:%M:%S,%3f");
        write!(
            writer,
            "{time} {:<5} {:<40} [] - ",
            metadata.level(),
            metadata.target()
        )?;
        context
            .field_format()
            .format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
