//! JSON bodies, read as Flink [reads](super::lenient) them: whatever the `Content-Type` says, fields that are not known left aside, and an
//! empty body the same as `{}`.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;

use super::App;
use super::errors::{Problems, RestError, one_line};
use super::lenient::{self, Wrong};

/// A JSON body that was read as a `T`.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T> Body<T> {
    /// What was read.
    pub(crate) fn inner(self) -> T {
        self.0
    }
}

/// A body as a handler takes it that looks at the rest of the request before it refuses anything.
pub(crate) type Given<T> = Result<Body<T>, Misread<T>>;

/// A body that can't be read, or not all of it.
#[derive(Debug)]
pub(crate) struct Misread<T> {
    /// Why it is refused.
    pub(crate) error: RestError,
    /// What is read where the fields that are wrong are left away; `None`: nothing.
    pub(crate) rest: Option<T>,
    /// What is wrong with the fields, which the lines begin with.
    problems: Vec<String>,
}

impl<T> Misread<T> {
    /// Nothing of it can be read.
    fn whole(error: RestError) -> Self {
        Self {
            error,
            rest: None,
            problems: Vec::new(),
        }
    }

    /// Whether something is wrong with a field whose name begins with `name`.
    pub(crate) fn is_about(&self, name: &str) -> bool {
        let mut problems = self.problems.iter();
        problems.any(|problem| problem.starts_with(name))
    }
}

impl<T> IntoResponse for Misread<T> {
    fn into_response(self) -> Response {
        self.error.into_response()
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Misread<T>;

    async fn from_request(request: Request, app: &App) -> Given<T> {
        let bytes = Bytes::from_request(request, app).await.map_err(|error| {
            let message = format!("The body can't be read: {}", error.body_text());
            Misread::<T>::whole(match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => RestError::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    &millstream_core::codes::REQUEST,
                    message,
                    "send a smaller body: it may hold 1 MiB",
                ),
                _ => RestError::bad_request(message, "send it again"),
            })
        })?;
        parse(&bytes).map(Self)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Misread<T>> {
    let text = if bytes.iter().all(u8::is_ascii_whitespace) {
        b"{}".as_slice()
    } else {
        bytes
    };
    let value: Result<Value, _> = serde_json::from_slice(text);
    let read = match value {
        Ok(value) => lenient::read(value),
        Err(error) => Err(Wrong {
            problems: vec![error.to_string()],
            rest: None,
        }),
    };
    read.map_err(|wrong| {
        let mut problems = Problems::default();
        for problem in &wrong.problems {
            let line = format!(
                "Request did not match expected format {}: {problem}",
                short_name::<T>()
            );
            problems.add(RestError::bad_request(
                one_line(&line),
                "send a JSON object as the OpenAPI document at /openapi.json says",
            ));
        }
        Misread {
            error: problems.into_one(),
            rest: wrong.rest,
            problems: wrong.problems,
        }
    })
}

fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    // What stands behind the bracket are names of other types.
    let name = name.split('<').next().unwrap_or(name);
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

    use super::{parse, short_name};

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
    fn a_name_has_nothing_of_the_types_inside() {
        assert_eq!(
            short_name::<SavepointTriggerRequestBody>(),
            "SavepointTriggerRequestBody"
        );
        assert_eq!(short_name::<Vec<Option<String>>>(), "Vec");
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
