//! Who logs in, and how: `security.protocol`, `sasl.mechanism`, `sasl.jaas.config`.

use millstream_core::{Error, Result, codes};

use super::{Side, bearer, kerberos};

/// What was given of a login.
pub(super) struct Login {
    side: Side,
    protocol: Option<String>,
    mechanism: Option<String>,
    jaas: Option<String>,
    username: Option<String>,
    password: Option<String>,
    /// Where the tokens of OAUTHBEARER come from.
    endpoint: Option<String>,
    /// What is said of Kerberos besides.
    kerberos: kerberos::Given,
}

impl Login {
    /// Nothing was given yet.
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            protocol: None,
            mechanism: None,
            jaas: None,
            username: None,
            password: None,
            endpoint: None,
            kerberos: kerberos::Given::default(),
        }
    }

    /// Takes one of the properties of a login.
    pub(super) fn take(&mut self, name: &str, value: &str) {
        let place = match name {
            "security.protocol" => &mut self.protocol,
            "sasl.mechanism" | "sasl.mechanisms" => &mut self.mechanism,
            "sasl.jaas.config" => &mut self.jaas,
            "sasl.username" => &mut self.username,
            "sasl.oauthbearer.token.endpoint.url" => &mut self.endpoint,
            "sasl.kerberos.service.name" => &mut self.kerberos.service,
            "sasl.kerberos.keytab" => &mut self.kerberos.keytab,
            "sasl.kerberos.principal" => &mut self.kerberos.principal,
            _ => &mut self.password,
        };
        *place = Some(value.to_owned());
    }

    /// What librdkafka is told.
    ///
    /// # Errors
    /// The mechanism can't be had, or there is no user.
    pub(super) fn settings(self) -> Result<Vec<(String, String)>> {
        let (side, prefix) = (self.side, self.side.prefix());
        let mut settings = Vec::new();
        let mut set = |name: &str, value: String| settings.push((name.to_owned(), value));
        let protocol = self.protocol.map(|protocol| protocol.to_ascii_lowercase());
        let by_sasl = protocol
            .as_deref()
            .is_some_and(|protocol| protocol.starts_with("sasl_"));
        let given = [&self.mechanism, &self.jaas, &self.username, &self.endpoint];
        let asks = given.into_iter().any(Option::is_some);
        if let Some(protocol) = protocol {
            set("security.protocol", protocol);
        }
        if !by_sasl {
            if asks {
                let message = format!(
                    "{prefix}sasl.* is given, and {prefix}security.protocol is not SASL_PLAINTEXT or SASL_SSL: nobody would log in"
                );
                return Err(Error::new(&codes::INGEST_PARAMETERS, message)
                    .next("give the protocol that the brokers' listener has"));
            }
            return Ok(settings);
        }
        // As in Java.
        let mechanism = self.mechanism.unwrap_or_else(|| "GSSAPI".to_owned());
        match mechanism.as_str() {
            "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" => {}
            "GSSAPI" => {
                let options = match &self.jaas {
                    Some(jaas) => {
                        kerberos::is_meant(side, jaas)?;
                        options_of(jaas).ok_or_else(|| unreadable(prefix))?
                    }
                    None => Vec::new(),
                };
                settings.extend(kerberos::settings(side, self.kerberos, &options)?);
                return Ok(settings);
            }
            "OAUTHBEARER" => {
                let options = match &self.jaas {
                    Some(jaas) => options_of(jaas).ok_or_else(|| unreadable(prefix))?,
                    None => Vec::new(),
                };
                let endpoint = self.endpoint.as_deref();
                settings.extend(bearer::settings(side, endpoint, &options)?);
                return Ok(settings);
            }
            other => {
                let message = format!("{prefix}sasl.mechanism {other} is not known");
                return Err(Error::new(&codes::INGEST_PARAMETERS, message)
                    .next("give PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or GSSAPI"));
            }
        }
        let (mut username, mut password) = (self.username, self.password);
        if let Some(jaas) = self.jaas {
            let options = options_of(&jaas).ok_or_else(|| unreadable(prefix))?;
            let value = |wanted: &str| {
                let found = options.iter().find(|(name, _)| name == wanted);
                found.map(|(_, value)| value.clone())
            };
            username = username.or_else(|| value("username"));
            password = password.or_else(|| value("password"));
        }
        let (Some(username), Some(password)) = (username, password) else {
            let message = format!("{prefix}sasl.jaas.config names no username or no password");
            return Err(Error::new(&codes::INGEST_PARAMETERS, message).next(FORM));
        };
        set("sasl.mechanism", mechanism);
        set("sasl.username", username);
        set("sasl.password", password);
        Ok(settings)
    }
}

const FORM: &str = "write it as: org.apache.kafka.common.security.plain.PlainLoginModule required username=\"…\" password=\"…\";";

/// The value is not shown: it holds a password.
fn unreadable(prefix: &str) -> Error {
    let message = format!("{prefix}sasl.jaas.config can't be read");
    Error::new(&codes::INGEST_PARAMETERS, message).next(FORM)
}

/// The options behind the class and the flag: `Class required name="value" other=value;`. In quotes a backslash stands
/// before a character that means itself.
fn options_of(text: &str) -> Option<Vec<(String, String)>> {
    let mut tokens = tokens(text)?.into_iter();
    let (_class, flag) = (tokens.next()?, tokens.next()?);
    let flags = ["required", "requisite", "sufficient", "optional"];
    if !flags.iter().any(|known| flag.eq_ignore_ascii_case(known)) {
        return None;
    }
    tokens
        .map(|token| {
            let (name, value) = token.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect()
}

/// Words between blanks up to the `;`; blanks in quotes belong to the word, the quotes do not.
fn tokens(text: &str) -> Option<Vec<String>> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    let mut quoted = false;
    let mut characters = text.chars();
    loop {
        match characters.next() {
            None => break,
            Some('"') => quoted = !quoted,
            Some('\\') if quoted => token.push(characters.next()?),
            Some(';') if !quoted => break,
            Some(c) if c.is_whitespace() && !quoted => {
                if !token.is_empty() {
                    tokens.push(std::mem::take(&mut token));
                }
            }
            Some(c) => token.push(c),
        }
    }
    if !token.is_empty() {
        tokens.push(token);
    }
    (!quoted).then_some(tokens)
}
