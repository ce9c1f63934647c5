//! What a server answers over REST.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

/// Longer than this no answer is waited for: a server that was killed or stopped gives none.
const PATIENCE: Duration = Duration::from_secs(10);

/// What `GET path` answers at `port`; `None`: nothing that is good.
pub(crate) fn get(port: u16, path: &str) -> Option<Value> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .build();
    let agent = ureq::Agent::new_with_config(config);
    let mut answer = agent
        .get(format!("http://127.0.0.1:{port}{path}"))
        .call()
        .ok()?;
    answer.body_mut().read_json().ok()
}

/// The newest cause in the answer of `/jobs/…/exceptions`, on one line.
pub(crate) fn cause(shown: &Value) -> String {
    let newest = shown.pointer("/exceptionHistory/entries/0");
    let text = newest.and_then(|entry| entry.get("stacktrace").or(entry.get("exceptionName")));
    let words: Vec<&str> = text
        .and_then(Value::as_str)
        .unwrap_or("no cause is shown")
        .split_whitespace()
        .collect();
    words.join(" ").chars().take(600).collect()
}

/// A port at which nobody listens.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("a free port")?;
    Ok(listener.local_addr()?.port())
}
