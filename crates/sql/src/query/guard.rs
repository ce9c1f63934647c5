//! Evaluation that survives what it is given: a panic is an error of the rows that it was given.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::thread::Builder;

use millstream_core::{Error, Result, codes};

use crate::functions::room;
use crate::place::invalid;

thread_local! {
    /// Whether a panic of this thread is expected, and told by who catches it.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does `work` with fresh room for its functions; a panic becomes an error that tells in one line what it said.
///
/// What the work leaves behind when it panics is thrown away: an evaluation changes nothing.
///
/// # Errors
/// The work panicked.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    keep_quiet();
    room::refill();
    let before = GUARDED.with(|guarded| guarded.replace(true));
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.with(|guarded| guarded.set(before));
    done.map_err(|panic| told(panic.as_ref()))
}

/// What a panic says, in one line.
fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("an unknown panic");
    let words: Vec<&str> = text.split_whitespace().collect();
    format!("a function gave up: {}", words.join(" "))
}

/// From the first evaluation on, panics of guarded work are not printed: a file may hold a million records
/// that panic, each of which is told as a bad record. All others are printed as before.
fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.with(Cell::get) {
                others(panic);
            }
        }));
    });
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
        let planned = planner.join().map_err(|panic| told(panic.as_ref()));
        match planned.and_then(|planned| planned) {
            Ok(planned) => planned,
            Err(message) => Err(invalid(None, &message)
                .next("write the SQL otherwise, and report it with the schema")),
        }
    })
}
