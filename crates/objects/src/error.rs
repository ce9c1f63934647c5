//! What an object store answers when it does not do what it was asked.

use std::error::Error as _;
use std::fmt;
use std::io;

use object_store::client::HttpError;

/// What kind of trouble it is: what the caller has to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no such object, or no such upload.
    Absent,
    /// There is no such bucket: nothing is known of what was in it.
    NoBucket,
    /// There is an object of that key already.
    Exists,
    /// The object is another one than before.
    Changed,
    /// Whoever asks may not do that.
    Denied,
    /// The store does not answer, or can't now: it may later, and nothing is known.
    Unreachable,
    /// The store does not do that: a wrong region, a request that it does not know.
    Refused,
}

/// An object store has not done what it was asked.
#[derive(Debug, Clone)]
pub struct StoreError {
    trouble: Trouble,
    what: String,
}

impl StoreError {
    /// An error that says `what` is wrong.
    pub fn new(trouble: Trouble, what: impl Into<String>) -> Self {
        Self {
            trouble,
            what: what.into(),
        }
    }

    /// That of an object that ends before what was read of it.
    pub(crate) fn ends() -> Self {
        let what = "the object ends before what was read of it";
        Self::new(Trouble::Changed, what)
    }

    /// What kind of trouble it is.
    pub fn trouble(&self) -> Trouble {
        self.trouble
    }

    /// What an error of a file is, if it is one of an object store.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// What to do about it, for people.
    pub fn next_step(&self) -> &'static str {
        match self.trouble {
            Trouble::Absent | Trouble::Exists | Trouble::Changed => "see what lies there",
            Trouble::NoBucket => "correct the bucket's name and s3.endpoint, or make the bucket",
            Trouble::Denied => {
                "correct s3.access-key and s3.secret-key, or allow them to list, read, write and delete there"
            }
            Trouble::Unreachable => "see that the store runs, and that s3.endpoint is its address",
            Trouble::Refused => {
                "correct s3.region, s3.endpoint and s3.path.style.access, or ask who runs the store"
            }
        }
    }

    pub(crate) fn from_status(status: u16, body: &str) -> Self {
        let (code, message) = (tag(body, "Code"), tag(body, "Message"));
        let trouble = match (status, code) {
            (404, Some("NoSuchBucket")) => Trouble::NoBucket,
            // Whatever stands before the store has answered in its place.
            (404, None) if !body.trim().is_empty() => Trouble::Unreachable,
            (404, _) => Trouble::Absent,
            (409 | 412, _) => Trouble::Exists,
            (401 | 403, _) => Trouble::Denied,
            (408 | 429, _) => Trouble::Unreachable,
            (500.., _) => Trouble::Unreachable,
            _ => Trouble::Refused,
        };
        let said = match (code, message) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => return Self::new(trouble, format!("the store answers {status}")),
        };
        Self::new(trouble, format!("the store answers {status} ({said})"))
    }
}

impl millstream_waiting::Failure for StoreError {
    fn given_up() -> Self {
        Self::new(Trouble::Unreachable, "the request was given up")
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for StoreError {}

impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> Self {
        let kind = match error.trouble {
            Trouble::Absent => io::ErrorKind::NotFound,
            Trouble::Exists => io::ErrorKind::AlreadyExists,
            Trouble::Denied => io::ErrorKind::PermissionDenied,
            Trouble::NoBucket | Trouble::Changed | Trouble::Unreachable | Trouble::Refused => {
                io::ErrorKind::Other
            }
        };
        Self::new(kind, error)
    }
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        use object_store::Error as E;
        // The library keeps what the server said in its words alone.
        let words = words(&error);
        if let Some((status, body)) = status(&words) {
            let told = Self::from_status(status, body);
            return match &error {
                E::Precondition { .. } => Self::new(Trouble::Changed, told.what),
                E::AlreadyExists { .. } => Self::new(Trouble::Exists, told.what),
                _ => told,
            };
        }
        let trouble = match &error {
            E::NotFound { .. } => Trouble::Absent,
            E::AlreadyExists { .. } => Trouble::Exists,
            E::Precondition { .. } | E::NotModified { .. } => Trouble::Changed,
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => Trouble::Denied,
            E::NotSupported { .. } | E::NotImplemented { .. } | E::InvalidPath { .. } => {
                Trouble::Refused
            }
            _ if is_of_network(&error) => Trouble::Unreachable,
            _ => Trouble::Refused,
        };
        Self::new(trouble, innermost(&error))
    }
}

/// Whether an error of a file says that its object store can't be reached now.
pub fn is_unreachable(error: &io::Error) -> bool {
    let error = StoreError::of(error);
    error.is_some_and(|error| matches!(error.trouble, Trouble::Unreachable | Trouble::NoBucket))
}

/// The error and all that is behind it.
fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

fn is_of_network(error: &object_store::Error) -> bool {
    chain(error).any(|error| error.is::<HttpError>())
}

fn words(error: &object_store::Error) -> String {
    let all: Vec<String> = chain(error).map(ToString::to_string).collect();
    all.join("\n")
}

/// What is at the bottom of it, in one line.
fn innermost(error: &object_store::Error) -> String {
    let mut last = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        last = error.to_string();
        source = error.source();
    }
    let words: Vec<&str> = last.split_whitespace().collect();
    words.join(" ")
}

/// The status that the server answered with, and what it said: the last words of all.
fn status(words: &str) -> Option<(u16, &str)> {
    let (_, behind) = words.rsplit_once("non-2xx status code: ")?;
    let status = behind.get(..3)?.parse().ok()?;
    let body = behind.split_once(": ").map_or("", |(_, body)| body);
    Some((status, body))
}

/// The text of an element of the XML in which stores say what is wrong.
fn tag<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, behind) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = behind.split_once("</")?;
    Some(text.trim())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{StoreError, Trouble, is_unreachable, status};

    const BODY: &str = "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchBucket</Code><Message>it is gone</Message></Error>";

    #[test]
    fn what_a_server_answers_is_told_in_one_line() {
        let error = StoreError::from_status(404, BODY);
        assert_eq!(error.trouble(), Trouble::NoBucket);
        let told = "the store answers 404 (NoSuchBucket: it is gone)";
        assert_eq!(error.to_string(), told);
        let words = format!("Server returned non-2xx status code: 503 Slow Down: {BODY}");
        let (number, body) = status(&words).expect("there is one");
        assert_eq!(number, 503);
        let error = StoreError::from_status(number, body);
        assert_eq!(error.trouble(), Trouble::Unreachable);
        let words = "not found: Server returned non-2xx status code: 404 Not Found: \nServer returned non-2xx status code: 404 Not Found: ";
        assert_eq!(status(words), Some((404, "")));
    }

    #[test]
    fn what_is_unreachable_is_not_taken_for_absent() {
        let trouble = |status| StoreError::from_status(status, "").trouble();
        for (answer, told) in [
            (404, Trouble::Absent),
            (403, Trouble::Denied),
            (412, Trouble::Exists),
            (500, Trouble::Unreachable),
            (429, Trouble::Unreachable),
            (301, Trouble::Refused),
            (400, Trouble::Refused),
        ] {
            assert_eq!(trouble(answer), told, "{answer}");
        }
        let before_it = StoreError::from_status(404, "<html>no such route</html>");
        assert_eq!(before_it.trouble(), Trouble::Unreachable);
        let away = io::Error::from(StoreError::from_status(503, ""));
        assert!(is_unreachable(&away));
        let absent = io::Error::from(StoreError::from_status(404, ""));
        assert!(!is_unreachable(&absent));
        assert_eq!(absent.kind(), io::ErrorKind::NotFound);
    }
}
