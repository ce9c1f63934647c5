//! Work that whoever asks for it does not do itself.

use millstream_core::{Error, Result, codes};

/// Does work to its end also if whoever asked for it goes away.
pub(crate) async fn unbroken<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(work).await.unwrap_or_else(|cause| {
        Err(Error::new(&codes::INTERNAL, "the work broke off").cause(cause))
    })
}

/// Does what waits for the disk on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|cause| {
            Err(Error::new(&codes::INTERNAL, "work on the disk broke off").cause(cause))
        })
}
