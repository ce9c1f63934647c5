//! Who may ask: whoever has the token, or, where there is none, programs of this machine, but not the web pages that
//! its browsers show.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use millstream_core::{Error, codes};
use subtle::ConstantTimeEq;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use super::App;
use super::errors::{ErrorOfAnswer, RestError, one_line};
use super::settings::{RestSettings, Token};

/// Lets a request through, or answers why not.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let server = Here {
        settings: &app.settings,
        host_name: app.names.host(),
        loopback: app.registry.server().address.ip().is_loopback(),
    };
    match server.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

/// What decides who may ask.
struct Here<'a> {
    settings: &'a RestSettings,
    host_name: &'a str,
    /// Whether the server listens on loopback only.
    loopback: bool,
}

impl Here<'_> {
    fn check(&self, headers: &HeaderMap) -> Result<(), RestError> {
        if let Some(token) = &self.settings.token {
            has_token(headers, token)?;
        } else if self.loopback {
            self.comes_by_our_name(headers)?;
        }
        self.comes_from_our_page(headers)
    }

    /// A web page can make its own host name mean this machine ("DNS rebinding"), and ask as if it were the server's. The
    /// header then still has that name.
    fn comes_by_our_name(&self, headers: &HeaderMap) -> Result<(), RestError> {
        let Some(host) = text(headers, header::HOST).map(host_of) else {
            return Ok(());
        };
        let is_ours = host.eq_ignore_ascii_case("localhost")
            || host.to_ascii_lowercase().ends_with(".localhost")
            || host.eq_ignore_ascii_case(&self.settings.address)
            || host.eq_ignore_ascii_case(self.host_name)
            || host.parse::<std::net::IpAddr>().is_ok();
        if is_ours {
            return Ok(());
        }
        Err(forbidden(
            &format!("The server is not known as {host}."),
            "use localhost, or set rest.address to that name, or set rest.auth.token",
        ))
    }

    /// Browsers send forms of any page to any server, and say which page it was.
    fn comes_from_our_page(&self, headers: &HeaderMap) -> Result<(), RestError> {
        let Some(origin) = text(headers, header::ORIGIN) else {
            return Ok(());
        };
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        let is_own = authority.is_some() && authority == text(headers, header::HOST);
        let allowed = self.settings.allow_origin.as_deref();
        let is_allowed = allowed == Some("*") || allowed == Some(origin);
        if is_own || is_allowed {
            return Ok(());
        }
        Err(forbidden(
            &format!("Pages of {origin} may not use the server."),
            "set web.access-control-allow-origin to that origin",
        ))
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// `host` of `host:port`, `[host]:port` or `host`.
fn host_of(authority: &str) -> &str {
    if let Some((host, _)) = authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return host;
    }
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn has_token(headers: &HeaderMap, token: &Token) -> Result<(), RestError> {
    let given = headers
        .get(header::AUTHORIZATION)
        .map(HeaderValue::as_bytes)
        .and_then(|value| value.split_at_checked(7))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer "))
        .map(|(_, given)| given.trim_ascii());
    if given.is_some_and(|given| is_same(given, token.0.as_bytes())) {
        return Ok(());
    }
    let error = Error::new(&codes::REQUEST_DENIED, "The token is missing or wrong.").next(
        "send the header `Authorization: Bearer TOKEN` with the server's rest.auth.token; commands take it from the same option",
    );
    Err(RestError::with_status(StatusCode::UNAUTHORIZED, error))
}

/// Whether they are the same. It takes as long for a token that is almost right as for one that is all wrong, and that tells
/// nothing of the right one's length.
fn is_same(given: &[u8], token: &[u8]) -> bool {
    let lengths = (given.len() as u64).ct_eq(&(token.len() as u64));
    let pairs = given.iter().zip(token.iter().cycle());
    pairs.fold(lengths, |same, (a, b)| same & a.ct_eq(b)).into()
}

fn forbidden(message: &str, next: &str) -> RestError {
    RestError::new(StatusCode::FORBIDDEN, &codes::REQUEST_DENIED, message, next)
}

/// Tells browsers which pages may use the server; `None`: those of the server only.
pub(crate) fn cross_origin(settings: &RestSettings) -> Option<CorsLayer> {
    let origin = match settings.allow_origin.as_deref()? {
        "*" => AllowOrigin::any(),
        origin => AllowOrigin::exact(HeaderValue::from_str(origin).ok()?),
    };
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    let headers = [header::AUTHORIZATION, header::CONTENT_TYPE, header::RANGE];
    Some(
        CorsLayer::new()
            .allow_origin(origin)
            .allow_methods(methods)
            .allow_headers(headers)
            .expose_headers(Any),
    )
}

/// Flink's own Java client refuses an error with fields that it does not know, and then tells its user nothing of it. It is
/// the one that sends no `User-Agent`: it gets the code and the next step within the line.
pub(crate) async fn plain_errors(request: Request, next: Next) -> Response {
    let is_strict = !request.headers().contains_key(header::USER_AGENT);
    let mut response = next.run(request).await;
    let error = response.extensions_mut().remove::<ErrorOfAnswer>();
    if let Some(ErrorOfAnswer(error)) = error.filter(|_| is_strict) {
        let line = one_line(&error.to_string());
        let mut plain = Json(serde_json::json!({ "errors": [line] })).into_response();
        *plain.status_mut() = response.status();
        for name in [header::ALLOW, header::WWW_AUTHENTICATE] {
            if let Some(value) = response.headers().get(&name) {
                plain.headers_mut().insert(name, value.clone());
            }
        }
        response = plain;
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

#[cfg(test)]
mod tests;
