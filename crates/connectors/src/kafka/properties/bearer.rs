//! OAUTHBEARER, by the properties of Java: a token from a file, or one without a signature.

use std::path::PathBuf;

use millstream_core::{Error, Result, codes};
use serde_json::{Map, Value, json};

use super::{OAUTH, Side};
use crate::kafka::token::{SETTING, Tokens};

/// What the claims and settings of unsecured tokens begin with, as in Java.
const UNSECURED: &str = "unsecuredLogin";
/// For how long Java has an unsecured token be good.
const HOUR: i64 = 3600;

const FORM: &str = "give sasl.oauthbearer.token.endpoint.url file:///path of a token, or write sasl.jaas.config as: \
                    org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"user\";";

/// What librdkafka is told, where tokens come from `endpoint` or are made of the options of `jaas`.
///
/// # Errors
/// Neither says what a token is, or it is a way that is not there.
pub(super) fn settings(
    side: Side,
    endpoint: Option<&str>,
    options: &[(String, String)],
) -> Result<Vec<(String, String)>> {
    let tokens = match endpoint {
        Some(url) => Tokens::File(file_of(side, url)?),
        None => unsecured(side, options)?,
    };
    Ok(vec![
        ("sasl.mechanism".to_owned(), "OAUTHBEARER".to_owned()),
        (SETTING.to_owned(), tokens.setting()),
    ])
}

fn file_of(side: Side, url: &str) -> Result<PathBuf> {
    let path = url.trim().strip_prefix("file:");
    let path = path.map(|path| path.strip_prefix("//").unwrap_or(path));
    match path.filter(|path| path.starts_with('/')) {
        Some(path) => Ok(PathBuf::from(path)),
        None => {
            let what = format!("sasl.oauthbearer.token.endpoint.url {url}");
            Err(side
                .refused(&what, OAUTH)
                .next("have the token written to a file, which is read again before it ends"))
        }
    }
}

fn unsecured(side: Side, options: &[(String, String)]) -> Result<Tokens> {
    let wrong = |message: String| {
        let message = format!("{}{message}", side.prefix());
        Error::new(&codes::INGEST_PARAMETERS, message).next(FORM)
    };
    let mut claims = Map::new();
    let (mut principal, mut seconds) = ("sub".to_owned(), HOUR);
    for (name, value) in options {
        let Some(own) = name.strip_prefix(UNSECURED) else {
            continue;
        };
        let whole = || {
            let number = value.trim().parse::<i64>();
            number.map_err(|_| wrong(format!("sasl.jaas.config has {name}, which is no number")))
        };
        match own.split_once('_') {
            Some(("StringClaim", claim)) => drop(claims.insert(claim.to_owned(), json!(value))),
            Some(("NumberClaim", claim)) => drop(claims.insert(claim.to_owned(), json!(whole()?))),
            Some(("ListClaim", claim)) => {
                drop(claims.insert(claim.to_owned(), list(value)));
            }
            None if own == "PrincipalClaimName" => principal.clone_from(value),
            None if own == "LifetimeSeconds" => seconds = whole()?,
            _ => {
                let what = format!("sasl.jaas.config {name}");
                return Err(side.refused(&what, "it is not known"));
            }
        }
    }
    if !claims.get(&principal).is_some_and(Value::is_string) {
        return Err(wrong(format!(
            "sasl.mechanism is OAUTHBEARER, and nothing says what the token is: sasl.jaas.config has no {UNSECURED}StringClaim_{principal}"
        )));
    }
    Ok(Tokens::Unsecured {
        claims,
        principal,
        seconds,
    })
}

/// As in Java the first character is what stands between.
fn list(value: &str) -> Value {
    let mut characters = value.chars();
    let values = match characters.next() {
        None => Vec::new(),
        Some(between) => characters
            .as_str()
            .split(between)
            .map(Value::from)
            .collect(),
    };
    Value::Array(values)
}
