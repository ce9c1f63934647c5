//! Work that may panic, and is told of in one line when it does.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is expected, and told by who catches it.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does `work`; a panic becomes an error that tells in one line what it said, and is not printed.
///
/// What the work leaves behind when it panics has to be thrown away, or must not matter.
///
/// # Errors
/// The work panicked.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    keep_quiet();
    let before = GUARDED.with(|guarded| guarded.replace(true));
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.with(|guarded| guarded.set(before));
    done.map_err(|panic| told(panic.as_ref()))
}

/// What a panic says, in one line.
pub fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("an unknown panic");
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// From the first guarded work on, panics of such work are not printed: there may be a million of them, each of which is
/// told by whoever catches it. All others are printed as before.
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

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    #[allow(clippy::panic, reason = "what is guarded against")]
    fn a_panic_is_told_in_one_line() {
        assert_eq!(guarded(|| 7), Ok(7));
        let told = guarded(|| -> u8 { panic!("of\n  {}", "two lines") });
        assert_eq!(told, Err("of two lines".to_owned()));
    }
}
