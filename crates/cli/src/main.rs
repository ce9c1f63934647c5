//! The millstream command.

mod actions;
mod report;
mod run;

use std::ffi::OsString;
use std::process::ExitCode;

/// Arrow allocates many buffers of all sizes, where mimalloc is faster and gives memory back sooner.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let verbose = report::asks_for_causes(&arguments);
    match report::texts(arguments).and_then(|arguments| actions::dispatch(&arguments)) {
        Ok(code) => code,
        Err(error) => report::error(&error, verbose),
    }
}
