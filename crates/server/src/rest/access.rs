//! Who may ask, and what: whoever has a token that allows it, or, where there is none, programs of this machine and of the
//! server's user, but not the web pages that its browsers show.

mod origin;
mod roles;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use millstream_core::{Error, codes};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use super::App;
use super::audit::{self, Caller};
use super::errors::{ErrorOfAnswer, RestError, lines, one_line};
use super::settings::RestSettings;
use super::tokens::Role;
use crate::background::unbroken;
use crate::peers::Peer;
use origin::Asked;

/// Paths that anybody may ask for: they say nothing but whether the server is there.
pub(crate) const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// Lets a request through, or answers why not.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_look = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_look && PROBES.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let server = Here {
        settings: &app.settings,
        host_name: app.names.host(),
    };
    let peer = request.extensions().get::<Peer>().copied();
    let needed = roles::needed(request.method(), request.uri().path());
    let may_change = roles::may_change(request.method(), request.uri().path());
    let asked = audit::Asked::of(&request, peer);
    match server.check(request.method(), request.headers(), peer, needed) {
        Ok(caller) if may_change => to_the_end(request, next, asked, caller).await,
        Ok(_) => next.run(request).await,
        Err(refused) => {
            let answer = refused.into_response();
            app.refusals.refused(&asked, &answer);
            answer
        }
    }
}

/// Whoever hangs up before the answer is dropped with all that waits for it: what may change something is not waited for there, so
/// that it is not left half done, and that there is a line about it.
async fn to_the_end(request: Request, next: Next, asked: audit::Asked, caller: Caller) -> Response {
    let answered = unbroken(async move {
        let answer = next.run(request).await;
        audit::done(&asked, &caller, &answer);
        Ok(answer)
    });
    answered
        .await
        .unwrap_or_else(|error| RestError::from(error).into_response())
}

/// What decides who may ask.
struct Here<'a> {
    settings: &'a RestSettings,
    host_name: &'a str,
}

impl Here<'_> {
    /// Who asks, if that one may do what needs the role `needed`.
    fn check(
        &self,
        method: &Method,
        headers: &HeaderMap,
        peer: Option<Peer>,
        needed: Role,
    ) -> Result<Caller, RestError> {
        let asked = Asked {
            headers,
            names: [&self.settings.address, self.host_name],
            allowed: self.settings.allow_origin.as_deref(),
        };
        let caller = if !self.settings.tokens.is_empty() {
            self.has_token(headers, needed)?
        } else {
            let caller = self.is_known(peer)?;
            // Also where every machine may ask: a page that a browser there shows may not.
            asked.comes_by_our_name()?;
            caller
        };
        let may_follow_link = matches!(*method, Method::GET | Method::HEAD) && needed == Role::Read;
        asked.comes_from_our_page(may_follow_link)?;
        Ok(caller)
    }

    fn has_token(&self, headers: &HeaderMap, needed: Role) -> Result<Caller, RestError> {
        let given = headers
            .get(header::AUTHORIZATION)
            .map(HeaderValue::as_bytes)
            .and_then(|value| value.split_at_checked(7))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer "))
            .map(|(_, given)| given.trim_ascii());
        let Some(bearer) = given.and_then(|given| self.settings.tokens.bearer(given)) else {
            return Err(unauthorized(
                "The token is missing or wrong.".to_owned(),
                "send the header `Authorization: Bearer TOKEN` with the server's rest.auth.token; commands take it from the same option",
            ));
        };
        if bearer.role < needed {
            return Err(forbidden(
                &format!(
                    "The token {} has the role {}, and this needs {}.",
                    bearer.name,
                    bearer.role.name(),
                    needed.name()
                ),
                "use a token that allows it; whoever runs the server gives roles in rest.auth.token-file",
            ));
        }
        Ok(Caller::Token(bearer.name))
    }

    /// Without tokens on loopback, programs of the server's user and of root are answered: they could do everything that the
    /// server can without it.
    fn is_known(&self, peer: Option<Peer>) -> Result<Caller, RestError> {
        let user = peer.and_then(|peer| peer.user);
        let Some(own) = self.settings.only_user else {
            return Ok(Caller::Anybody);
        };
        let what = match user {
            Some(user) if user == own || user == 0 => return Ok(Caller::User(user)),
            Some(user) => format!(
                "Programs of user {user} are not answered: the server is that of user {own}, and has no token."
            ),
            None => format!(
                "It can't be told whose program asks: the server is that of user {own}, and has no token."
            ),
        };
        Err(unauthorized(
            what,
            "set rest.auth.token and send it, or start the server with --insecure, where every user of the machine may run programs as its user",
        ))
    }
}

fn unauthorized(message: String, next: &str) -> RestError {
    let error = Error::new(&codes::REQUEST_DENIED, message).next(next);
    RestError::with_status(StatusCode::UNAUTHORIZED, error)
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
        let several = lines(&error);
        let lines = match several.as_slice() {
            [_] => vec![one_line(&error.to_string())],
            _ => several
                .iter()
                .map(|line| format!("{}: {line}", error.code()))
                .collect(),
        };
        let mut plain = Json(serde_json::json!({ "errors": lines })).into_response();
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
