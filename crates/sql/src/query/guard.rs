//! Evaluation that survives what it is given: a panic is an error of the rows that it was given.

use std::thread::Builder;

use millstream_core::guard::{guarded as caught, told as panicked};
use millstream_core::{Error, Result, codes};

use crate::functions::room;
use crate::place::invalid;

/// Does `work` with fresh room for its functions; a panic becomes an error that tells in one line what it said.
///
/// What the work leaves behind when it panics is thrown away: an evaluation changes nothing.
///
/// # Errors
/// The work panicked.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    room::refill();
    caught(work).map_err(|panic| told(&panic))
}

/// What a panic said, as the failure of a function.
fn told(panic: &str) -> String {
    format!("a function gave up: {panic}")
}

/// The stack on which queries are planned. What it does not use is never taken from the machine.
const STACK: usize = 256 << 20;

/// Does `work`, which may go many levels deep, on a stack that has room for them.
///
/// # Errors
/// INTERNAL if there can't be another thread; SQL_INVALID if the work panics; else what the work gives.
#[allow(
    clippy::disallowed_methods,
    reason = "the thread on which a query is planned; it ends with the call"
)]
pub(super) fn on_a_large_stack<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let planner = Builder::new()
            .name("plans SQL".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || guarded(work))
            .map_err(|error| {
                Error::new(
                    &codes::INTERNAL,
                    "the SQL can't be planned on a thread of its own",
                )
                .cause(error)
                .next("raise the limits of threads and of memory")
            })?;
        let planned = planner
            .join()
            .map_err(|panic| told(&panicked(panic.as_ref())));
        match planned.and_then(|planned| planned) {
            Ok(planned) => planned,
            Err(message) => Err(invalid(None, &message)
                .next("write the SQL otherwise, and report it with the schema")),
        }
    })
}
