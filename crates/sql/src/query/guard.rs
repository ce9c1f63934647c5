//! Evaluation that survives what it is given: a panic is an error of the rows that it was given.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::functions::room;

thread_local! {
    /// Whether a panic of this thread is expected, and told by who catches it.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does `work` with fresh room for its functions; a panic becomes an error.
///
/// What the work leaves behind when it panics is thrown away: an evaluation changes nothing.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    keep_quiet();
    room::refill();
    let before = GUARDED.with(|guarded| guarded.replace(true));
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.with(|guarded| guarded.set(before));
    done.unwrap_or_else(|panic| Err(told(panic.as_ref())))
}

/// What a panic says, in one line.
pub(super) fn told(panic: &(dyn Any + Send)) -> String {
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
