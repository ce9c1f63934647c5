//! What went wrong between the command and the server, or at the server.

use std::fmt::Display;
use std::io::ErrorKind;

use millstream_core::{Error, codes, options};
use serde::Deserialize;

use super::{Address, TOKEN_VARIABLE};

/// The error for a request that had no answer.
pub(super) fn of_transport(error: &ureq::Error, address: &Address) -> Error {
    let unreachable = |what: &str| {
        Error::new(
            &codes::SERVER_UNREACHABLE,
            format!("no server at {address} ({what})"),
        )
        .next("start one with `millstream server`, give its address with -m HOST:PORT, or run a job without one (`run --target local`)")
    };
    match error {
        ureq::Error::Io(cause) if cause.kind() == ErrorKind::ConnectionRefused => {
            unreachable("connection refused")
        }
        ureq::Error::HostNotFound => unreachable("no host of that name"),
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            unreachable("no connection within a second")
        }
        ureq::Error::Timeout(_) => Error::new(
            &codes::NO_ANSWER_IN_TIME,
            format!("the server at {address} does not answer in time"),
        )
        .next(
            "see `millstream operations` for what became of the request, or raise client.timeout",
        ),
        ureq::Error::Rustls(cause) if is_of_own(cause) => not_taken(cause, address),
        ureq::Error::Io(cause) if of_tls(cause).is_some_and(is_of_own) => {
            not_taken(cause, address)
        }
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => no_tls(error, address),
        ureq::Error::Io(cause) if of_tls(cause).is_some() => no_tls(cause, address),
        ureq::Error::Protocol(_) => Error::new(
            &codes::SERVER_ANSWER,
            format!("what answers at {address} does not speak HTTP"),
        )
        .cause(error)
        .next("if it is a server with TLS, give its address as https://HOST:PORT or set security.ssl.rest.enabled"),
        error => unreachable(&error.to_string()),
    }
}

/// Whether the request of which this error is told may have reached the server all the same: the connection broke off, or nobody
/// answered in time.
pub(super) fn may_have_arrived(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(cause) => matches!(
            cause.kind(),
            ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
        ),
        ureq::Error::Timeout(limit) => {
            !matches!(limit, ureq::Timeout::Connect | ureq::Timeout::Resolve)
        }
        _ => false,
    }
}

fn of_tls(cause: &std::io::Error) -> Option<&rustls::Error> {
    cause.get_ref()?.downcast_ref()
}

/// Whether the server says so of the certificate that it was shown, or that it was shown none.
fn is_of_own(cause: &rustls::Error) -> bool {
    use rustls::AlertDescription::*;
    let rustls::Error::AlertReceived(alert) = cause else {
        return false;
    };
    matches!(
        alert,
        NoCertificate
            | BadCertificate
            | UnsupportedCertificate
            | CertificateRevoked
            | CertificateExpired
            | CertificateUnknown
            | CertificateRequired
            | UnknownCA
            // It bears the name of somebody whom the server knows, and not the signature.
            | DecryptError
            | AccessDenied
    )
}

fn not_taken(cause: &dyn Display, address: &Address) -> Error {
    let message = format!(
        "the server at {address} wants a certificate of the command, and takes none other than those it names"
    );
    Error::new(&codes::SERVER_UNREACHABLE, message)
        .cause(cause)
        .next(format!(
            "name one with {} and {} that the server's security.ssl.rest.client-certificates names or vouches for",
            options::CLIENT_CERTIFICATE.name,
            options::CLIENT_KEY.name
        ))
}

fn no_tls(cause: &dyn Display, address: &Address) -> Error {
    let message = format!("no TLS with the server at {address}");
    Error::new(&codes::SERVER_UNREACHABLE, message)
        .cause(cause)
        .next(format!(
            "name the server's certificate, or the authority that vouches for it, in {}",
            options::CLIENT_TRUSTED.name
        ))
}

/// An answer that reports an error.
#[derive(Debug, Deserialize)]
struct Body {
    errors: Vec<String>,
    code: Option<String>,
    #[serde(default)]
    help: String,
}

/// The error in an answer; `None`: there is none that can be understood.
pub(super) fn of_answer(status: u16, text: &str) -> Option<Error> {
    let body: Body = serde_json::from_str(text).ok()?;
    // The next step follows in the same line.
    let message = match body.errors.as_slice() {
        [] => return None,
        [only] => only.trim_end_matches('.').to_owned(),
        several => format!("{} problems:\n  {}", several.len(), several.join("\n  ")),
    };
    let given = body.code.as_deref();
    let error = match codes::ALL.iter().find(|code| Some(code.id) == given) {
        Some(code) => Error::new(code, message).next(next_step(&body.help)),
        // Another server than ours, or one of a newer version.
        None => Error::new(&codes::SERVER_ANSWER, message)
            .next("check the address; `millstream doctor` compares versions"),
    };
    Some(match status {
        401 | 403 if error.next_step().is_empty() || error.code() == codes::SERVER_ANSWER.id => {
            error.next(format!(
                "set rest.auth.token, or {TOKEN_VARIABLE} in the environment"
            ))
        }
        _ => error,
    })
}

/// The help without what shows the code's page.
fn next_step(help: &str) -> &str {
    let is_page = |text: &str| text.starts_with("`millstream explain MS-");
    match help.rsplit_once("; ") {
        Some((step, page)) if is_page(page) => step,
        _ if is_page(help) => "",
        _ => help,
    }
}

#[cfg(test)]
mod tests {
    use super::of_answer;

    #[test]
    fn an_answer_is_the_servers_error_again() {
        let text = r#"{"errors":["there is no job x"],"code":"MS-2004","help":"look; again; `millstream explain MS-2004`"}"#;
        let error = of_answer(409, text).expect("understood");
        assert_eq!(error.to_string(), "MS-2004: there is no job x; look; again");
        let several =
            r#"{"errors":["a","b"],"code":"MS-8001","help":"`millstream explain MS-8001`"}"#;
        let error = of_answer(400, several).expect("understood");
        assert_eq!(error.to_string(), "MS-8001: 2 problems:\n  a\n  b");
        let bare = r#"{"errors":["no."],"code":"MS-2004","help":"`millstream explain MS-2004`"}"#;
        let error = of_answer(409, bare).expect("understood");
        assert_eq!(error.to_string(), "MS-2004: no");
    }

    #[test]
    fn what_is_no_error_of_ours_is_not_understood() {
        assert!(of_answer(404, "<html>").is_none());
        assert!(of_answer(404, "{\"errors\":[]}").is_none());
    }
}
