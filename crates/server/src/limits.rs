//! How much of the limits of the system the server takes for what.

/// So many connections may be open at once: what is left is for jobs.
pub(crate) fn connections() -> usize {
    const MOST: u64 = 10_000;
    let files = millstream_process::limits::open_files();
    usize::try_from((files / 2).min(MOST)).unwrap_or(usize::MAX)
}
