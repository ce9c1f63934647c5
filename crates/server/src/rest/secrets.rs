//! Secrets that must not leave the server: values of options and of program parameters.

use std::collections::BTreeMap;

use millstream_core::Configuration;
use millstream_core::options::reference::{is_reference, without_references};

use crate::configuration::is_secret;

/// What stands for a secret, as in Flink.
const MASK: &str = "******";

/// Parts of the names of parameters whose values are secret.
const SECRET_PARTS: [&str; 5] = ["password", "secret", "token", "jaas", "credential"];

/// The value of the option or parameter `name`, or what stands for it.
pub(crate) fn masked<'a>(name: &str, value: &'a str) -> &'a str {
    let lower = name.to_ascii_lowercase();
    let secret = is_secret(name) || SECRET_PARTS.iter().any(|part| lower.contains(part));
    if is_reference(value) {
        return value;
    }
    // Where credentials are a part of an address or text, all of it is secret.
    if secret || has_credentials(value) {
        MASK
    } else {
        value
    }
}

/// Whether `value` is an address with a password in it, or a text that gives one by name.
fn has_credentials(value: &str) -> bool {
    let value = without_references(value);
    let lower = value.to_ascii_lowercase();
    let in_address = value.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority
            .rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            // Where a reference stood, nothing is left to hide.
            .is_some_and(|(_, password)| !password.is_empty())
    });
    let given = |name: &str| {
        let mut values = lower.split(name).skip(1);
        values.any(|value| value.starts_with(|c: char| !";,& \t\n".contains(c)))
    };
    in_address || given("password=") || given("secret=") || given("jwt=")
}

/// The settings of `configuration` with secrets masked.
pub(crate) fn settings(configuration: &Configuration) -> Vec<(String, String)> {
    configuration
        .iter()
        .map(|(key, value)| (key.to_owned(), masked(key, value).to_owned()))
        .collect()
}

/// The parameters among the arguments of a program, `--name value`, with secrets masked. An argument that belongs to no
/// name is shown under its position.
pub(crate) fn parameters(arguments: &[String]) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    let mut rest = arguments.iter().enumerate().peekable();
    while let Some((position, argument)) = rest.next() {
        let Some(name) = argument
            .strip_prefix("--")
            .or_else(|| argument.strip_prefix('-'))
        else {
            let name = position.to_string();
            parameters.insert(name.clone(), masked(&name, argument).to_owned());
            continue;
        };
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, value),
            None => {
                let value = rest.next_if(|(_, next)| !next.starts_with("--"));
                (name, value.map_or("", |(_, value)| value.as_str()))
            }
        };
        parameters.insert(name.to_owned(), masked(name, value).to_owned());
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::{masked, parameters};

    #[test]
    fn values_of_secret_names_and_addresses_with_passwords_are_masked() {
        for (name, value) in [
            ("source.db.password", "123456"),
            ("sink.kafka.sasl.jaas.config", "x required username=a;"),
            ("rest.auth.token", "t"),
            ("sink.es.server", "http://user:pw@host:9200/x"),
            ("properties", "user=a;password=b"),
        ] {
            assert_eq!(masked(name, value), "******", "{name}");
        }
        for (name, value) in [
            ("sink.es.server", "http://host:9200/a@b:c"),
            ("source.db.password", "${env:PW}"),
            ("sink.es.server", "http://user:${file:/run/pw}@host:9200/x"),
            ("properties", "user=a;password=${env:PW};x=y"),
        ] {
            assert_eq!(masked(name, value), value, "{name}");
        }
    }

    #[test]
    fn the_parameters_of_a_program_are_shown_without_secrets() {
        let arguments = [
            "9100",
            "--job.name",
            "x",
            "--flag",
            "--source.db.password=p",
            "--n",
            "-1",
        ]
        .map(str::to_owned);
        let shown: Vec<_> = parameters(&arguments).into_iter().collect();
        let expected = [
            ("0", "9100"),
            ("flag", ""),
            ("job.name", "x"),
            ("n", "-1"),
            ("source.db.password", "******"),
        ];
        let expected: Vec<_> = expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(shown, expected);
    }
}
