//! What servers answer. Pure.

use serde::Deserialize;

/// The answer to a bulk: what became of each action, in their order.
#[derive(Debug, Deserialize)]
pub(super) struct Reply {
    /// One for each action.
    #[serde(default)]
    pub(super) items: Vec<ReplyItem>,
}

/// What became of an action, under the name of what was to be done.
#[derive(Debug, Deserialize)]
pub(super) struct ReplyItem {
    #[serde(alias = "update", alias = "create")]
    index: ItemReply,
}

/// What became of an action.
#[derive(Debug, Deserialize)]
pub(super) struct ItemReply {
    /// As of a request.
    pub(super) status: u16,
    /// What is wrong.
    #[serde(default)]
    pub(super) error: Option<ServerError>,
}

impl ReplyItem {
    /// What became of the action.
    pub(super) fn result(&self) -> &ItemReply {
        &self.index
    }
}

/// An error of a server's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct ServerError {
    /// What kind of error it is.
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    /// What is wrong, in words.
    #[serde(default)]
    pub(super) reason: Option<String>,
    /// What it comes of.
    #[serde(default)]
    pub(super) caused_by: Option<Box<ServerError>>,
}

#[derive(Deserialize)]
struct Failed {
    #[serde(default)]
    error: Option<serde_json::Value>,
}

impl ServerError {
    /// The error of a request that failed, as far as it can be read.
    pub(super) fn of_request(body: &[u8]) -> Self {
        let failed: Option<Failed> = serde_json::from_slice(body).ok();
        match failed.and_then(|failed| failed.error) {
            Some(error) => Self::of(&error),
            None => {
                let text = String::from_utf8_lossy(body);
                let text: String = text.chars().take(200).collect();
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                Self {
                    reason: Some(text).filter(|text| !text.is_empty() && text != "{}"),
                    ..Self::default()
                }
            }
        }
    }

    /// The error that a value is, as far as it can be read.
    pub(super) fn of(error: &serde_json::Value) -> Self {
        match error {
            serde_json::Value::String(reason) => Self {
                reason: Some(reason.clone()),
                ..Self::default()
            },
            error => Self::deserialize(error).unwrap_or_default(),
        }
    }

    /// Whether it, or what it comes of, is of this kind.
    pub(super) fn is(&self, kind: &str) -> bool {
        let mut error = Some(self);
        while let Some(one) = error {
            if one.kind == kind {
                return true;
            }
            error = one.caused_by.as_deref();
        }
        false
    }

    /// The words of it and of what it comes of, each once.
    pub(super) fn words(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        let mut error = Some(self);
        while let Some(one) = error {
            let word = one.reason.as_deref().unwrap_or(&one.kind);
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
            error = one.caused_by.as_deref();
        }
        let words: String = words.join(": ").chars().take(1_000).collect();
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests;
