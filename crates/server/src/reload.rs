//! What is read again while the server runs: tokens and the level of the log at SIGHUP, the file of tokens when it has changed. What
//! the server tells of itself follows.

use std::sync::Arc;
use std::time::Duration;

use millstream_core::options::LOG_LEVEL;
use millstream_core::{Configuration, Result};
use tokio::signal::unix::Signal;

use crate::background::blocking;
use crate::configuration;
use crate::exposure::Exposure;
use crate::rest::Tokens;

/// The file of tokens is looked at so often.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads the configuration of the server again, as it was read when the server was started.
pub type Reload = Arc<dyn Fn() -> Result<Configuration> + Send + Sync>;

/// Goes on for as long as the server runs. `present` is the configuration that counts.
pub(crate) async fn run(
    mut hangups: Signal,
    reload: Reload,
    tokens: Arc<Tokens>,
    exposure: Arc<Exposure>,
    mut present: Configuration,
) {
    // What was wrong when it was last looked at.
    let mut last: Option<String> = None;
    loop {
        let is_told = tokio::select! {
            told = hangups.recv() => told.is_some(),
            () = tokio::time::sleep(PAUSE) => false,
        };
        let (reload, tokens) = (Arc::clone(&reload), Arc::clone(&tokens));
        let exposure = Arc::clone(&exposure);
        let before = present.clone();
        let look = blocking(move || {
            // What has been looked at once is not told twice.
            let has_changed = tokens.has_changed();
            let told = if is_told {
                everything(&reload, &tokens)
            } else {
                Ok(before.clone())
            };
            // A hangup that can't be followed does not hide that the file has changed.
            if has_changed && (!is_told || told.is_err()) {
                let replaced = tokens.replace(&before);
                if replaced.is_ok() {
                    tracing::info!("The file of tokens has changed and was read again.");
                } else if !is_told {
                    replaced?;
                }
            }
            exposure.tell_again();
            told.map(|new| (new, is_told || has_changed))
        });
        match look.await {
            Ok((new, is_read)) => {
                present = new;
                if is_read {
                    last = None;
                }
            }
            Err(error) => {
                let error = error.to_string();
                if last.as_ref() == Some(&error) && is_told {
                    tracing::warn!("As before, nothing is changed: {error}");
                } else {
                    tracing::error!("Nothing is changed, what counted before goes on to: {error}");
                }
                last = Some(error);
            }
        }
    }
}

fn everything(reload: &Reload, tokens: &Tokens) -> Result<Configuration> {
    let mut new = reload()?;
    configuration::take_token(&mut new);
    configuration::resolve(&mut new)?;
    let level = new.require(&LOG_LEVEL)?;
    // All of it is looked at before any of it counts.
    let replacement = tokens.replacement(&new)?;
    let is_set = millstream_log::set_level(&level)
        .map_err(|what| configuration::not_levels(&level, &what))?;
    tokens.take(replacement);
    if is_set {
        tracing::info!("Tokens and the level of the log ({level}) were read again.");
    } else {
        tracing::info!("Tokens were read again; the level of the log is that of MILLSTREAM_LOG.");
    }
    Ok(new)
}
