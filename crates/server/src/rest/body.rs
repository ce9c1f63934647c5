//! JSON bodies, read as Flink [reads](super::lenient) them: whatever the `Content-Type` says, fields that are not known left aside, and an
//! empty body the same as `{}`.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;

use super::App;
use super::errors::{Answer, Problems, RestError, one_line};
use super::lenient;

/// A JSON body that was read as a `T`.
pub(crate) struct Body<T>(pub(crate) T);

impl<T> Body<T> {
    /// What was read.
    pub(crate) fn inner(self) -> T {
        self.0
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = RestError;

    async fn from_request(request: Request, app: &App) -> Answer<Self> {
        let bytes = Bytes::from_request(request, app).await.map_err(|error| {
            let message = format!("The body can't be read: {}", error.body_text());
            match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => RestError::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    &millstream_core::codes::REQUEST,
                    message,
                    "send a smaller body: it may hold 1 MiB",
                ),
                _ => RestError::bad_request(message, "send it again"),
            }
        })?;
        parse(&bytes).map(Self)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    let text = if bytes.iter().all(u8::is_ascii_whitespace) {
        b"{}".as_slice()
    } else {
        bytes
    };
    let value: Result<Value, _> = serde_json::from_slice(text);
    let read = value
        .map_err(|error| vec![error.to_string()])
        .and_then(lenient::read);
    read.map_err(|found| {
        let mut problems = Problems::default();
        for problem in found {
            let line = format!(
                "Request did not match expected format {}: {problem}",
                short_name::<T>()
            );
            problems.add(RestError::bad_request(
                one_line(&line),
                "send a JSON object as the OpenAPI document at /openapi.json says",
            ));
        }
        problems.into_one()
    })
}

fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}

/// Reads a field that may be `null`, which is the same as leaving it away.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::parse;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct SavepointTriggerRequestBody {
        #[serde(deserialize_with = "super::or_default")]
        drain: bool,
    }

    #[test]
    fn unknown_fields_nulls_and_empty_bodies_are_taken() {
        for text in ["", " \n", "{}", r#"{"nope":1}"#, r#"{"drain":null}"#] {
            let body: SavepointTriggerRequestBody = parse(text.as_bytes()).expect("a body");
            assert_eq!(body, SavepointTriggerRequestBody::default(), "{text}");
        }
    }

    #[test]
    fn other_bodies_are_refused_by_the_name_of_their_format() {
        for text in ["{bad", "[]x", "[]", "[true]", r#"{"drain":"often"}"#] {
            let error =
                parse::<SavepointTriggerRequestBody>(text.as_bytes()).expect_err("not such a body");
            let shown = format!("{error:?}");
            assert!(
                shown.contains("Request did not match expected format SavepointTriggerRequestBody"),
                "{shown}"
            );
        }
    }
}
