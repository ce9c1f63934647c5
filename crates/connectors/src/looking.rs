//! Threads that look for what there is to read.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::Builder;

use millstream_core::guard::told;
use millstream_core::{Error, codes};

/// Starts a thread with this name that does `work`. Where that panics, `died` hears of it: nobody else would notice that nothing
/// is found any more.
///
/// # Errors
/// There can't be another thread.
pub(crate) fn start(
    name: String,
    work: impl FnOnce() + Send + 'static,
    died: impl FnOnce(Error) + Send + 'static,
) -> io::Result<()> {
    let run = move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            let what = told(panic.as_ref());
            let message = format!("the thread that looks for input panicked: {what}");
            died(Error::new(&codes::INTERNAL, message));
        }
    };
    Builder::new().name(name).spawn(run).map(drop)
}

#[cfg(test)]
mod tests {
    use super::start;

    #[test]
    #[allow(clippy::panic, reason = "what is to be noticed")]
    fn a_panic_is_told() {
        let (tell, heard) = crossbeam_channel::bounded(1);
        let died = move |error| drop(tell.send(error));
        start("looker".to_owned(), || panic!("of the disk"), died).expect("a thread");
        let error = heard.recv().expect("is told");
        assert!(
            error.message().ends_with("panicked: of the disk"),
            "{error}"
        );
    }
}
