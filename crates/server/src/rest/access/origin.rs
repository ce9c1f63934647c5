//! Where a request comes from, as browsers say it: web pages can make them ask any server.

use axum::http::{HeaderMap, HeaderName, header};

use super::forbidden;
use crate::rest::errors::RestError;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// What a request says of where it comes from, and what is allowed.
pub(super) struct Asked<'a> {
    pub(super) headers: &'a HeaderMap,
    /// The names of the server beside `localhost` and addresses.
    pub(super) names: [&'a str; 2],
    /// The origin whose pages may ask; `*`: all.
    pub(super) allowed: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// A web page can make its own host name mean this machine ("DNS rebinding"), and ask as if it were the server's. The
    /// header then still has that name.
    pub(super) fn comes_by_our_name(&self) -> Result<(), RestError> {
        let Some(authority) = self.only(&header::HOST)? else {
            return Ok(());
        };
        let is_ours = |host: &str| {
            host.eq_ignore_ascii_case("localhost")
                || host.to_ascii_lowercase().ends_with(".localhost")
                || self.names.iter().any(|own| host.eq_ignore_ascii_case(own))
                || host.parse::<std::net::IpAddr>().is_ok()
        };
        if host_of(authority).is_some_and(is_ours) {
            return Ok(());
        }
        Err(forbidden(
            &format!("The server is not known as {authority}."),
            "use localhost, or set rest.address to that name, or set rest.auth.token",
        ))
    }

    /// Browsers send forms of any page to any server, and follow its links, images and scripts there. Newer ones say that it
    /// is another one's page, older ones which page it was where something is sent. `may_follow_link`: it only looks, so that
    /// a link in a page may lead there.
    pub(super) fn comes_from_our_page(&self, may_follow_link: bool) -> Result<(), RestError> {
        if let Some(origin) = self.only(&header::ORIGIN)? {
            return self.is_allowed(origin);
        }
        let Some(site) = self.only(&FETCH_SITE)? else {
            // What is older than both headers still names the page, unless that forbids it.
            let page = match may_follow_link {
                true => None,
                false => self.only(&header::REFERER)?,
            };
            return page.map_or(Ok(()), |page| self.is_allowed(origin_of(page)));
        };
        let is_foreign = !matches!(site, "same-origin" | "none");
        // A frame, or what is embedded, is navigated to as well, but shows in the page. Browsers that do not tell which it is are older
        // than both headers.
        let is_link = self.only(&FETCH_MODE)? == Some("navigate")
            && self
                .only(&FETCH_DEST)?
                .is_none_or(|destination| destination == "document");
        if is_foreign && !(is_link && may_follow_link) {
            return Err(foreign("another origin"));
        }
        Ok(())
    }

    /// Pages of `origin` are the server's own, or may use it.
    fn is_allowed(&self, origin: &str) -> Result<(), RestError> {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        let is_own = authority.is_some() && authority == self.only(&header::HOST)?;
        if is_own || self.allowed == Some("*") || self.allowed == Some(origin) {
            return Ok(());
        }
        Err(foreign(origin))
    }

    /// The value of a header that may be there once, as text; `None`: it is not there.
    fn only(&self, name: &HeaderName) -> Result<Option<&'a str>, RestError> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) if value.to_str().is_ok() => Ok(value.to_str().ok()),
            _ => Err(forbidden(
                &format!("The header {name} can't be understood."),
                "send it once, as text, or not at all",
            )),
        }
    }
}

/// `scheme://host:port` of the address of a page; the whole of what is no such address.
fn origin_of(page: &str) -> &str {
    let authority = page.split_once("://").map(|(scheme, rest)| {
        let length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        scheme.len() + "://".len() + length
    });
    authority.and_then(|end| page.get(..end)).unwrap_or(page)
}

fn foreign(origin: &str) -> RestError {
    forbidden(
        &format!("Pages of {origin} may not use the server."),
        "set web.access-control-allow-origin to that origin",
    )
}

/// `host` of `host:port`, `[host]:port`, `host` or `[host]`; `None`: it is none of these.
fn host_of(authority: &str) -> Option<&str> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let ends_well = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
    ends_well.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::{host_of, origin_of};

    #[test]
    fn the_origin_of_a_page_is_read_without_its_path() {
        for (page, origin) in [
            ("http://a:1/b/c?d#e", "http://a:1"),
            ("http://a:1", "http://a:1"),
            ("http://a?http://b/", "http://a"),
            ("https://[::1]:1/", "https://[::1]:1"),
            ("about:blank", "about:blank"),
        ] {
            assert_eq!(origin_of(page), origin);
        }
    }

    #[test]
    fn the_host_is_read_without_its_port() {
        assert_eq!(host_of("a:1"), Some("a"));
        assert_eq!(host_of("a"), Some("a"));
        assert_eq!(host_of("a:"), Some("a"));
        assert_eq!(host_of("[::1]:1"), Some("::1"));
        assert_eq!(host_of("[::1]"), Some("::1"));
        for other in [
            "[::1].evil.example",
            "[::1]evil",
            "[::1]:8081.evil.example",
            "[::1",
            "a:1:2",
            "::1",
            "localhost:1.evil.example",
        ] {
            assert_eq!(host_of(other), None, "{other}");
        }
    }
}
