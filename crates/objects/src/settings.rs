//! Where a store is and who asks it.

use std::fmt;

use millstream_core::options::{
    S3_ACCESS_KEY, S3_ENDPOINT, S3_PATH_STYLE, S3_REGION, S3_SECRET_KEY, S3_SESSION_TOKEN, S3_SSL,
};
use millstream_core::{Configuration, Error, Result, codes};

/// Where stores that speak S3 are, and who asks them. What is not set here is taken from the variables that AWS's own tools
/// read (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL`, …), then from the roles
/// of the machine.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct S3Settings {
    /// The address of the store; `None`: AWS.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Who asks.
    pub access_key: Option<String>,
    /// What proves it.
    pub secret_key: Option<String>,
    /// For keys that hold for a while only.
    pub session_token: Option<String>,
    /// Whether the bucket is a part of the path rather than of the host's name; `None`: with an `endpoint`, it is.
    pub path_style: Option<bool>,
    /// Whether the store may be spoken to without TLS.
    pub allows_http: bool,
}

impl S3Settings {
    /// What a job's configuration says.
    ///
    /// # Errors
    /// A value is none of its type, only one of the two keys is given, or an address without TLS is not asked for.
    pub fn of(configuration: &Configuration) -> Result<Self> {
        let settings = Self {
            endpoint: configuration.get(&S3_ENDPOINT)?,
            region: configuration.get(&S3_REGION)?,
            access_key: configuration.get(&S3_ACCESS_KEY)?,
            secret_key: configuration.get(&S3_SECRET_KEY)?,
            session_token: configuration.get(&S3_SESSION_TOKEN)?,
            path_style: configuration.get(&S3_PATH_STYLE)?,
            allows_http: !configuration.require(&S3_SSL)?,
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<()> {
        if self.access_key.is_some() != self.secret_key.is_some() {
            let message = "s3.access-key and s3.secret-key are given both or not at all";
            return Err(Error::new(&codes::OPTION_CONFLICT, message)
                .next("give the other one, too, for example as ${env:NAME} or ${file:PATH}"));
        }
        let Some(endpoint) = &self.endpoint else {
            return Ok(());
        };
        let refused = |what: &str, next: &str| {
            let message = format!("s3.endpoint is `{endpoint}`, {what}");
            Err(Error::new(&codes::OPTION_VALUE, message).next(next))
        };
        match endpoint.split_once("://") {
            Some((scheme, host)) if !host.is_empty() && scheme.eq_ignore_ascii_case("https") => {
                Ok(())
            }
            Some((scheme, host)) if !host.is_empty() && scheme.eq_ignore_ascii_case("http") => {
                if self.allows_http {
                    Ok(())
                } else {
                    refused(
                        "which sends everything in the clear",
                        "write https://, or set s3.connection.ssl.enabled to false if that is meant",
                    )
                }
            }
            _ => refused(
                "which is no address",
                "write it as https://host:port (or http://host:port with s3.connection.ssl.enabled false)",
            ),
        }
    }

    /// The address under which a bucket is, where an endpoint was given, and whether the bucket is in the host's name.
    pub(crate) fn bucket_endpoint(&self, bucket: &str) -> Option<(String, bool)> {
        let endpoint = self.endpoint.as_ref()?.trim_end_matches('/');
        if self.path_style.unwrap_or(true) {
            return Some((endpoint.to_owned(), false));
        }
        let (scheme, host) = endpoint.split_once("://")?;
        Some((format!("{scheme}://{bucket}.{host}"), true))
    }
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the keys.
        f.debug_struct("S3Settings")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("path_style", &self.path_style)
            .field("allows_http", &self.allows_http)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::S3Settings;

    fn settings(endpoint: &str) -> S3Settings {
        S3Settings {
            endpoint: Some(endpoint.to_owned()),
            ..S3Settings::default()
        }
    }

    #[test]
    fn nothing_is_sent_in_the_clear_that_nobody_asked_for() {
        assert!(settings("https://s3.example:9000").check().is_ok());
        let clear = settings("http://s3.example:9000");
        assert_eq!(clear.check().expect_err("http").code(), "MS-1002");
        let asked = S3Settings {
            allows_http: true,
            ..clear
        };
        assert!(asked.check().is_ok());
        assert!(settings("s3.example:9000").check().is_err(), "no address");
    }

    #[test]
    fn one_key_alone_is_none() {
        let half = S3Settings {
            access_key: Some("who".to_owned()),
            ..S3Settings::default()
        };
        assert!(half.check().is_err());
    }

    #[test]
    fn the_bucket_is_in_the_path_or_in_the_host() {
        let path = settings("https://s3.example/");
        let there = ("https://s3.example".to_owned(), false);
        assert_eq!(path.bucket_endpoint("b"), Some(there));
        let host = S3Settings {
            path_style: Some(false),
            ..path
        };
        let there = ("https://b.s3.example".to_owned(), true);
        assert_eq!(host.bucket_endpoint("b"), Some(there));
        assert_eq!(S3Settings::default().bucket_endpoint("b"), None);
    }

    #[test]
    fn keys_are_never_shown() {
        let settings = S3Settings {
            secret_key: Some("xyzzy".to_owned()),
            ..S3Settings::default()
        };
        assert!(!format!("{settings:?}").contains("xyzzy"));
    }
}
