use millstream_gssapi::Keys;

use super::{Mechanism, Security};
use crate::kafka::token::{SETTING, Tokens};
use crate::kafka::wire::given::Given;
use crate::kafka::wire::scram::Hash;

fn security(given: &[(&str, &str)]) -> millstream_core::Result<Security> {
    Security::new(&Given::new(given.iter().copied()))
}

fn refusal(given: &[(&str, &str)]) -> String {
    let refused = security(given).err().expect("refused");
    refused.to_string()
}

#[test]
fn who_logs_in_is_taken_from_what_librdkafka_is_told() {
    assert!(security(&[]).expect("nobody").login.is_none());
    for (name, mechanism) in [
        ("PLAIN", Mechanism::Plain),
        ("SCRAM-SHA-256", Mechanism::Scram(Hash::Sha256)),
        ("scram-sha-512", Mechanism::Scram(Hash::Sha512)),
    ] {
        let given = [
            ("security.protocol", "sasl_plaintext"),
            ("sasl.mechanism", name),
            ("sasl.username", "u"),
            ("sasl.password", "p"),
        ];
        let security = security(&given).expect("a login");
        let login = security.login.expect("a login");
        assert!(security.tls.is_none());
        assert_eq!(login.mechanism, mechanism);
        assert_eq!((login.user.as_str(), login.password.as_str()), ("u", "p"));
    }
}

#[test]
fn what_can_not_be_done_is_refused_with_what_is_lost() {
    let refused = refusal(&[
        ("security.protocol", "sasl_plaintext"),
        ("sasl.mechanism", "OTHER"),
    ]);
    assert!(refused.contains("OTHER"), "{refused}");
    assert!(refused.contains("exactly once"), "{refused}");
    for (given, why) in [
        (("security.protocol", "tls"), "is not known"),
        (("ssl.cipher.suites", "x"), "ssl.cipher.suites"),
        (("ssl.ca.location", "nowhere.pem"), "nowhere.pem"),
        (("ssl.ca.pem", "x"), "ssl.ca.pem"),
    ] {
        let refused = refusal(&[("security.protocol", "ssl"), given]);
        assert!(refused.contains(why), "{refused}");
    }
    let everybody = ("enable.ssl.certificate.verification", "false");
    for (given, why) in [
        (("ssl.keystore.location", "own.p12"), "PKCS12"),
        (("ssl.key.password", "x"), "ssl.key.password"),
        (("ssl.certificate.location", "nowhere.pem"), "nowhere.pem"),
        (("ssl.key.pem", "x"), "without its key"),
    ] {
        let refused = refusal(&[("security.protocol", "ssl"), everybody, given]);
        assert!(refused.contains(why), "{refused}");
    }
    assert!(security(&[("security.protocol", "ssl"), everybody]).is_ok());
}

#[test]
fn keys_are_those_that_librdkafka_is_told() {
    let keys = Keys {
        keytab: Some("/run/alice.keytab".into()),
        principal: Some("alice@A".to_owned()),
    };
    let text = keys.to_text().expect("text");
    let given = [
        ("security.protocol", "sasl_plaintext"),
        ("sasl.kerberos.service.name", "broker"),
        ("sasl.username", text.as_str()),
    ];
    let login = security(&given).expect("a login").login.expect("a login");
    assert_eq!(login.mechanism, Mechanism::Kerberos);
    assert_eq!(login.kerberos, Some(("broker".to_owned(), keys)));
}

#[test]
fn tokens_come_from_where_librdkafka_gets_them() {
    let tokens = Tokens::File("/run/token".into());
    let setting = tokens.setting();
    let given = [
        ("security.protocol", "sasl_ssl"),
        ("enable.ssl.certificate.verification", "false"),
        ("sasl.mechanism", "OAUTHBEARER"),
        (SETTING, setting.as_str()),
    ];
    let login = security(&given).expect("a login").login.expect("a login");
    assert_eq!(login.mechanism, Mechanism::Bearer);
    assert_eq!(login.tokens, Some(tokens));
    let refused = refusal(&given[..3]);
    assert!(refused.contains("where tokens come from"), "{refused}");
}
