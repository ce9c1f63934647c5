//! What a server is, by what it says of itself, and how it is spoken to. Pure.

use std::fmt;

use serde::Deserialize;

/// What a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Version {
    /// It says so.
    Told {
        /// Whether it is OpenSearch.
        opensearch: bool,
        /// The first part of the number.
        major: u32,
        /// The number.
        number: String,
    },
    /// It may not be asked: it is spoken to as all from Elasticsearch 7 and OpenSearch are.
    Untold,
}

#[derive(Deserialize)]
struct Answer {
    version: Told,
}

#[derive(Deserialize)]
struct Told {
    number: String,
    #[serde(default)]
    distribution: String,
}

impl Version {
    /// Reads the answer to `GET /`.
    ///
    /// # Errors
    /// It is no server that can be written, in words.
    pub(super) fn parse(answer: &[u8]) -> Result<Self, String> {
        let answer: Answer = serde_json::from_slice(answer)
            .map_err(|_| "it is neither Elasticsearch nor OpenSearch".to_owned())?;
        let Told {
            number,
            distribution,
        } = answer.version;
        let opensearch = distribution.eq_ignore_ascii_case("opensearch");
        let major = number
            .split('.')
            .next()
            .and_then(|major| major.parse().ok());
        let major: u32 = major.ok_or_else(|| format!("its version `{number}` is none"))?;
        if major < 6 && !opensearch {
            return Err(format!(
                "it is Elasticsearch {number}, and those before 6 are not written"
            ));
        }
        Ok(Self::Told {
            opensearch,
            major,
            number,
        })
    }

    /// Whether the server has said what it is.
    pub(super) const fn is_told(&self) -> bool {
        matches!(self, Self::Told { .. })
    }

    /// Whether documents have a type: Elasticsearch before 7.
    pub(super) const fn has_types(&self) -> bool {
        matches!(self, Self::Told { opensearch: false, major, .. } if *major < 7)
    }

    /// The type in an action, where one is wanted there.
    pub(super) fn type_of<'a>(&self, given: Option<&'a str>) -> Option<&'a str> {
        self.has_types().then(|| given.unwrap_or("_doc"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told {
                opensearch, number, ..
            } => {
                let name = if *opensearch {
                    "OpenSearch"
                } else {
                    "Elasticsearch"
                };
                write!(f, "{name} {number}")
            }
            Self::Untold => f.write_str("a server that does not say what it is"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn servers_are_told_apart_by_what_they_say() {
        for (number, distribution, shown, types) in [
            ("6.6.1", "", "Elasticsearch 6.6.1", true),
            ("6.8.23", "", "Elasticsearch 6.8.23", true),
            ("7.10.2", "", "Elasticsearch 7.10.2", false),
            ("8.15.0", "", "Elasticsearch 8.15.0", false),
            ("9.1.0", "", "Elasticsearch 9.1.0", false),
            ("1.3.20", "opensearch", "OpenSearch 1.3.20", false),
            ("2.19.1", "opensearch", "OpenSearch 2.19.1", false),
        ] {
            let answer = format!(
                r#"{{"name":"n","version":{{"number":"{number}","distribution":"{distribution}","x":1}},"tagline":"t"}}"#
            );
            let version = Version::parse(answer.as_bytes()).expect(number);
            assert_eq!(version.to_string(), shown);
            assert_eq!(version.has_types(), types, "{shown}");
            assert_eq!(version.type_of(None), types.then_some("_doc"));
            assert_eq!(version.type_of(Some("t")), types.then_some("t"));
        }
        assert_eq!(Version::Untold.type_of(Some("t")), None);
        for (answer, why) in [
            ("<html>", "neither Elasticsearch nor OpenSearch"),
            (r#"{"version":{"number":"5.6.16"}}"#, "before 6"),
            (r#"{"version":{"number":"x"}}"#, "is none"),
        ] {
            let told = Version::parse(answer.as_bytes()).expect_err(answer);
            assert!(told.contains(why), "{told}");
        }
    }
}
