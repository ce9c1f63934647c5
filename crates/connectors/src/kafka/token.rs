//! The tokens of OAUTHBEARER: read from a file each time that one is needed, or made without a signature, for brokers that
//! take such.
//!
//! librdkafka and our own connections get them the same way: what is asked for is written as JSON into librdkafka's
//! `sasl.oauthbearer.config`, which nobody else reads.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rdkafka::client::OAuthToken;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::times::present;

/// Where the setting stands that says what tokens are.
pub(super) const SETTING: &str = "sasl.oauthbearer.config";

/// A file is read again after this time where its token does not say when it ends.
const AGAIN_MS: i64 = 5 * 60 * 1000;
/// No token is longer.
const LARGEST: usize = 1 << 20;

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tokens {
    /// A file that holds one, which somebody keeps new.
    File(PathBuf),
    /// They are made here, without a signature.
    Unsecured {
        /// The claims besides the times.
        claims: Map<String, Value>,
        /// The claim that names the user.
        principal: String,
        /// For how long one is good.
        seconds: i64,
    },
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    principal: String,
    /// When it ends, in milliseconds since 1970.
    ends: i64,
}

impl Tokens {
    /// As librdkafka's setting.
    pub(super) fn setting(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What the setting says.
    pub(super) fn of(setting: Option<&str>) -> Result<Self, String> {
        let tokens = setting.and_then(|setting| serde_json::from_str(setting).ok());
        tokens.ok_or_else(|| "it is not said where tokens come from".to_owned())
    }

    /// A token that is good now. The error holds nothing of one.
    pub(super) fn token(&self) -> Result<Token, String> {
        match self {
            Self::File(path) => {
                let shown = path.display();
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("the token in {shown} can't be read: {error}"))?;
                let text = text.trim();
                of_text(text).ok_or_else(|| {
                    format!("what {shown} holds is no token: three parts with points between, in base64url")
                })
            }
            Self::Unsecured {
                claims,
                principal,
                seconds,
            } => unsecured(claims, principal, *seconds, present()),
        }
    }
}

/// A signed token says itself whose it is, and when it ends.
fn of_text(text: &str) -> Option<Token> {
    let mut parts = text.split('.');
    let (_head, body, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || text.len() > LARGEST || text.contains(char::is_whitespace) {
        return None;
    }
    let body = URL_SAFE_NO_PAD.decode(body.trim_end_matches('=')).ok()?;
    let claims: Map<String, Value> = serde_json::from_slice(&body).ok()?;
    let ends = claims.get("exp").and_then(Value::as_f64);
    let principal = claims.get("sub").and_then(Value::as_str);
    Some(Token {
        text: text.to_owned(),
        principal: principal.unwrap_or("unknown").to_owned(),
        ends: ends.map_or(present() + AGAIN_MS, |seconds| (seconds * 1000.0) as i64),
    })
}

fn unsecured(
    claims: &Map<String, Value>,
    principal: &str,
    seconds: i64,
    now: i64,
) -> Result<Token, String> {
    let user = claims.get(principal).and_then(Value::as_str);
    let user = user.ok_or_else(|| format!("the token has no claim {principal}"))?;
    let ends = now + seconds * 1000;
    let mut all = claims.clone();
    all.entry("iat").or_insert(json!(now / 1000));
    all.entry("exp").or_insert(json!(ends / 1000));
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = encoded(&json!({ "alg": "none" }));
    Ok(Token {
        text: format!("{head}.{}.", encoded(&Value::Object(all.clone()))),
        principal: user.to_owned(),
        ends,
    })
}

/// What librdkafka asks for when it needs a token.
pub(super) fn for_librdkafka(
    setting: Option<&str>,
) -> Result<OAuthToken, Box<dyn std::error::Error>> {
    let token = Tokens::of(setting).and_then(|tokens| tokens.token())?;
    Ok(OAuthToken {
        token: token.text,
        principal_name: token.principal,
        lifetime_ms: token.ends,
    })
}

#[cfg(test)]
mod tests;
