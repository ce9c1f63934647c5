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
            let look = look(is_told, &reload, &tokens, &before);
            exposure.tell_again();
            Ok(look)
        });
        let found = look.await;
        let trouble = match &found {
            Ok(look) => look.trouble(),
            Err(error) => Some(error.to_string()),
        };
        let is_read = found.as_ref().is_ok_and(Look::is_any_read);
        if let Ok(Look {
            all: Some(Ok(new)), ..
        }) = found
        {
            present = new;
        }
        match trouble {
            None if is_read => last = None,
            None => {}
            Some(trouble) => {
                if last.as_ref() == Some(&trouble) && is_told {
                    tracing::warn!("As before: {trouble}");
                } else {
                    tracing::error!("{trouble}");
                }
                last = Some(trouble);
            }
        }
    }
}

/// What came of a look at what may have changed.
struct Look {
    /// The configuration, where it was to be read again: what counts from now on.
    all: Option<Result<Configuration>>,
    /// The file of tokens for itself, where it has changed and was not taken with the configuration.
    file: Option<Result<()>>,
}

impl Look {
    /// Whether anything was read and counts now.
    fn is_any_read(&self) -> bool {
        matches!(self.all, Some(Ok(_))) || matches!(self.file, Some(Ok(())))
    }

    /// What is to be told of what does not count, and what of it does all the same.
    fn trouble(&self) -> Option<String> {
        let all = self.all.as_ref().and_then(|all| all.as_ref().err());
        let all = all.map(ToString::to_string);
        let file = self
            .file
            .as_ref()
            .map(|file| file.as_ref().err().map(ToString::to_string));
        match (all, file) {
            (None, None | Some(None)) => None,
            (Some(all), Some(None)) => Some(format!(
                "The file of tokens has changed and was read again. Nothing else is changed, what counted before goes on to: {all}"
            )),
            (Some(all), Some(Some(file))) if file != all => Some(format!(
                "Nothing is changed, what counted before goes on to: {all}. The file of tokens has changed, too: {file}"
            )),
            (Some(why), _) | (None, Some(Some(why))) => Some(format!(
                "Nothing is changed, what counted before goes on to: {why}"
            )),
        }
    }
}

/// Reads everything again where that `is_told`, else the file of tokens where it has changed. `present` is what counts.
fn look(is_told: bool, reload: &Reload, tokens: &Tokens, present: &Configuration) -> Look {
    // What has been looked at once is not told twice.
    let has_changed = tokens.has_changed();
    let all = is_told.then(|| everything(reload, tokens));
    // A hangup that can't be followed does not hide that the file has changed.
    let is_due = has_changed && !matches!(all, Some(Ok(_)));
    let file = is_due.then(|| tokens.replace(present));
    if !is_told && matches!(file, Some(Ok(()))) {
        tracing::info!("The file of tokens has changed and was read again.");
    }
    Look { all, file }
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

#[cfg(test)]
mod tests;
