//! Errors as answers: Flink's `errors`, with the stable code and the next step beside them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use millstream_core::codes::Code;
use millstream_core::{Error, ErrorKind, codes};
use serde::Serialize;
use utoipa::ToSchema;

use crate::outcomes::with_cause;
use crate::views::SubmitRequest;

/// The result of a handler.
pub(crate) type Answer<T> = Result<T, RestError>;

/// The body of every answer that reports an error.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// What happened and where, in one line; several where there are several problems.
    pub(crate) errors: Vec<String>,
    /// The stable code, for example `MS-2008`.
    pub(crate) code: String,
    /// What to do next, and the page about the code.
    pub(crate) help: String,
}

/// An error and the status that it is answered with.
#[derive(Debug, Clone)]
pub(crate) struct RestError {
    status: StatusCode,
    error: Error,
}

/// The error of an answer, for the layer that rewrites bodies for clients that refuse fields they do not know.
#[derive(Debug, Clone)]
pub(crate) struct ErrorOfAnswer(pub(crate) Error);

impl RestError {
    /// `error` with a status of its own.
    pub(crate) fn with_status(status: StatusCode, error: Error) -> Self {
        Self { status, error }
    }

    /// The request can't be understood: what is wrong with it, and what to send.
    pub(crate) fn bad_request(message: impl Into<String>, next: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, &codes::REQUEST, message, next)
    }

    /// There is no such thing.
    pub(crate) fn not_found(message: impl Into<String>, next: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            &codes::RESOURCE_UNKNOWN,
            message,
            next,
        )
    }

    /// An error of `code`.
    pub(crate) fn new(
        status: StatusCode,
        code: &'static Code,
        message: impl Into<String>,
        next: &str,
    ) -> Self {
        Self::with_status(status, Error::new(code, message).next(next))
    }

    /// The error of a submission: whatever is wrong with the job, its program or its snapshot is the caller's to mend.
    pub(crate) fn of_submission(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, error }
    }

    /// The same, of what `request` asks for. A reference that it holds is the caller's to mend as well: sent again it would be refused
    /// again. Of any other it is said that it is not.
    pub(crate) fn of_request(error: Error, request: &SubmitRequest) -> Self {
        if error.code() != codes::REFERENCE.id {
            return Self::of_submission(error);
        }
        if holds_reference(request, error.message()) {
            return Self::with_status(StatusCode::BAD_REQUEST, error);
        }
        let message = format!(
            "{}; it is none of this request: a setting of the server, or the job itself, has it",
            error.message()
        );
        let told = Error::new(&codes::REFERENCE, message).next(error.next_step());
        Self::of_submission(match error.cause_text() {
            Some(cause) => told.cause(cause),
            None => told,
        })
    }
}

/// Whether the reference of which `message` tells, or what looks like one and is none, stands in a request.
fn holds_reference(request: &SubmitRequest, message: &str) -> bool {
    let named = message.split_once("${").and_then(|(_, rest)| {
        let whole = rest.split_inclusive('}').next()?;
        // What has no end stands in quotes.
        whole.split('`').next()
    });
    let Some(named) = named else {
        return false;
    };
    let named = format!("${{{named}");
    let settings = request.configuration.iter().map(|(_, value)| value);
    let mut given = request.arguments.iter().map(String::as_str).chain(settings);
    given.any(|text| text.contains(&named))
}

/// What is wrong with a request, until all of it has been looked at.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<RestError>);

impl Problems {
    pub(crate) fn add(&mut self, error: RestError) {
        self.0.push(error);
    }

    /// Keeps an error; where it tells of several problems, each of them by itself.
    pub(crate) fn tell(&mut self, error: RestError) {
        let told = lines(&error.error);
        if told.len() < 2 {
            return self.add(error);
        }
        let code = code_of(&error.error).unwrap_or(&codes::REQUEST);
        for line in told {
            let next = error.error.next_step();
            self.add(RestError::new(error.status, code, line, next));
        }
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value, or the default where there is none for a reason that is kept, or for several.
    pub(crate) fn value_of<T: Default>(&mut self, answer: Answer<T>) -> T {
        answer.unwrap_or_else(|error| {
            self.tell(error);
            T::default()
        })
    }

    /// What each of `texts` means by `read`, without those that mean nothing for a reason that is kept.
    pub(crate) fn values_of<T>(
        &mut self,
        texts: Vec<&str>,
        read: impl Fn(&str) -> Answer<T>,
    ) -> Vec<T> {
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            match read(text) {
                Ok(value) => values.push(value),
                Err(error) => self.add(error),
            }
        }
        values
    }

    /// The value, if nothing is wrong.
    pub(crate) fn unless<T>(self, value: T) -> Answer<T> {
        if self.0.is_empty() {
            return Ok(value);
        }
        Err(self.into_one())
    }

    /// One error of all, a line for each; see [`lines`]. What they have in common of code and next step it has, too.
    pub(crate) fn into_one(mut self) -> RestError {
        if self.0.len() == 1
            && let Some(only) = self.0.pop()
        {
            return only;
        }
        let errors: Vec<&Error> = self.0.iter().map(|problem| &problem.error).collect();
        let all = errors.iter().map(|error| format!("\n  {}", line(error)));
        let message = format!("{} problems:{}", errors.len(), all.collect::<String>());
        let have_one = |read: fn(&Error) -> &str| {
            let first = errors.first().map(|error| read(error));
            errors.iter().all(|error| Some(read(error)) == first)
        };
        let first = errors.first();
        let code = first.filter(|_| have_one(Error::code));
        let code = code.and_then(|first| code_of(first));
        let next = first.filter(|_| have_one(Error::next_step));
        RestError::new(
            StatusCode::BAD_REQUEST,
            code.unwrap_or(&codes::REQUEST),
            message,
            next.map_or("mend them, then ask again", |first| first.next_step()),
        )
    }
}

/// The code of an error.
fn code_of(error: &Error) -> Option<&'static Code> {
    let mut all = codes::ALL.iter().copied();
    all.find(|code| code.id == error.code())
}

/// The status that an error of this kind is answered with.
pub(crate) fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::Invalid | ErrorKind::Data | ErrorKind::Program | ErrorKind::Unsupported => {
            StatusCode::BAD_REQUEST
        }
    }
}

/// What happened in one line, with the cause underneath.
pub(crate) fn line(error: &Error) -> String {
    one_line(&with_cause(error))
}

/// What happened, a line for each problem: an error with several has one below the other, behind a line that says so.
pub(crate) fn lines(error: &Error) -> Vec<String> {
    let mut parts = error.message().lines();
    let heading = parts.next().unwrap_or_default();
    let problems: Vec<&str> = parts.collect();
    let are_listed = heading.ends_with(':')
        && !problems.is_empty()
        && problems.iter().all(|problem| problem.starts_with("  "));
    if !are_listed {
        return vec![line(error)];
    }
    problems.into_iter().map(one_line).collect()
}

/// `text` with its line breaks taken out.
pub(crate) fn one_line(text: &str) -> String {
    text.split(['\n', '\r'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn help(error: &Error) -> String {
    let page = format!("`millstream explain {}`", error.code());
    match error.next_step() {
        "" => page,
        step => format!("{step}; {page}"),
    }
}

impl From<Error> for RestError {
    fn from(error: Error) -> Self {
        Self {
            status: status_of(error.kind()),
            error,
        }
    }
}

impl IntoResponse for RestError {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::warn!("answered with {}: {}", self.status.as_u16(), self.error);
        }
        let body = ErrorBody {
            errors: lines(&self.error),
            code: self.error.code().to_owned(),
            help: help(&self.error),
        };
        let mut response = (self.status, Json(body)).into_response();
        response.extensions_mut().insert(ErrorOfAnswer(self.error));
        response
    }
}

#[cfg(test)]
mod tests {
    use millstream_core::{Error, codes};

    use axum::http::StatusCode;

    use super::{RestError, lines, one_line};
    use crate::views::SubmitRequest;

    #[test]
    fn a_reference_is_the_callers_to_mend_where_the_request_holds_it() {
        let request = |argument: &str, setting: &str| {
            let mut request = SubmitRequest {
                arguments: vec!["--source.type=csv".to_owned(), argument.to_owned()],
                ..SubmitRequest::default()
            };
            request.configuration.set("s3.secret-key", setting);
            request
        };
        let (away, none) = (
            "s3.secret-key is given by ${env:KEY}, an environment variable that is not set",
            "s3.secret-key has `${KEY` in it, which is no reference",
        );
        for (message, argument, setting, is_held) in [
            (away, "--a=1", "${env:KEY}", true),
            (away, "--password=x${env:KEY}", "plain", true),
            (away, "--a=1", "${env:KEYS}", false),
            (away, "--a=env:KEY", "plain", false),
            (none, "--a=${KEY", "plain", true),
            (none, "--a=KEY", "plain", false),
            ("it names nothing", "--a=${env:KEY}", "plain", false),
        ] {
            let error = Error::new(&codes::REFERENCE, message).next("set KEY");
            let told = RestError::of_request(error, &request(argument, setting));
            let (status, words) = match is_held {
                true => (StatusCode::BAD_REQUEST, message.to_owned()),
                false => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    format!(
                        "{message}; it is none of this request: a setting of the server, or the job itself, has it"
                    ),
                ),
            };
            assert_eq!(told.status, status, "{message}, {argument}, {setting}");
            assert_eq!(told.error.message(), words);
            assert_eq!(told.error.next_step(), "set KEY");
        }
        let away = Error::new(&codes::SERVER_DIRECTORY, "${env:KEY} is full");
        let told = RestError::of_request(away, &request("--a=1", "plain"));
        assert_eq!(told.error.message(), "${env:KEY} is full");
    }

    #[test]
    fn every_problem_is_a_line_of_its_own() {
        let of = |message: &str| lines(&Error::new(&codes::INGEST_PARAMETERS, message));
        assert_eq!(
            of("2 problems:\n  a is missing\n  b: too small"),
            ["a is missing", "b: too small"]
        );
        assert_eq!(
            of("the program said:\nthis\n  and that"),
            ["the program said: this and that"]
        );
        assert_eq!(of("one:"), ["one:"]);
    }

    #[test]
    fn an_error_is_one_line_whatever_it_was() {
        assert_eq!(one_line("first\n  second\r\n\nthird"), "first second third");
    }
}
