//! How much memory the functions of one evaluation may ask for.
//!
//! A number in a record can ask for 9·10¹⁸ characters. An allocation that fails ends the process, so the room is
//! counted before. It is that of one evaluation on one thread.

use std::cell::Cell;

use datafusion_common::{Result, exec_err};

/// What the functions of one evaluation of a query may make beyond what they are given, in bytes.
pub(crate) const ROOM: u64 = 64 << 20;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(ROOM) };
}

/// An evaluation begins.
pub(crate) fn refill() {
    LEFT.with(|left| left.set(ROOM));
}

/// Takes `bytes` of what is left for this evaluation, for what `name` names.
pub(crate) fn take(name: &str, bytes: u64) -> Result<()> {
    LEFT.with(|left| match left.get().checked_sub(bytes) {
        Some(rest) => {
            left.set(rest);
            Ok(())
        }
        None => exec_err!(
            "{name} would make about {bytes} bytes, and values have at most {ROOM} together"
        ),
    })
}

/// Whether `bytes` are no more than an evaluation may make at all; nothing is taken.
pub(crate) fn fits(name: &str, bytes: u64) -> Result<()> {
    if bytes <= ROOM {
        return Ok(());
    }
    exec_err!("{name} would make about {bytes} bytes, and values have at most {ROOM} together")
}
