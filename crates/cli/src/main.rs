//! The millstream command.

mod actions;
mod answers;
mod arguments;
mod client;
mod completing;
mod drawing;
mod ids;
mod jobs;
mod places;
mod report;
mod run;
mod session;
mod settings;
mod table;
mod times;
mod waiting;

use std::ffi::OsString;
use std::process::ExitCode;

use report::Style;

/// Arrow allocates many buffers of all sizes, where mimalloc is faster and gives memory back sooner.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let arguments = match report::texts(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return report::error(&error, Style::default()),
    };
    // A server asks this program as the package of the ingestion job.
    if let Some(code) = millstream_ingest::answer(&arguments) {
        return code;
    }
    actions::dispatch(&arguments)
}
