//! How often a request is tried, and how long it is waited for.

use std::time::Duration;

use object_store::{BackoffConfig, ClientOptions, RetryConfig};

/// A store that does not answer for as long is away: who asked decides what follows.
const TRIED_FOR: Duration = Duration::from_secs(15);
/// So often at most.
const TRIES: usize = 6;
/// A part of an upload has this long.
const ONE_REQUEST: Duration = Duration::from_secs(120);
/// A connection has this long.
const ONE_CONNECTION: Duration = Duration::from_secs(5);

/// Requests that fail for a reason that may pass are made again, each time later.
pub(crate) fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(4),
            base: 2.0,
        },
        max_retries: TRIES,
        retry_timeout: TRIED_FOR,
    }
}

/// What clients are made with.
pub(crate) fn client(allows_http: bool) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(allows_http)
        .with_timeout(ONE_REQUEST)
        .with_connect_timeout(ONE_CONNECTION)
}
