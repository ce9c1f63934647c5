use std::collections::BTreeMap;

use super::{Properties, TABLE};

fn properties(given: &[(&str, &str)]) -> millstream_core::Result<Properties> {
    let given: BTreeMap<String, String> = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Properties::of_java(&given)
}

fn settings(given: &[(&str, &str)]) -> Vec<(String, String)> {
    let properties = properties(given).expect("they can be had");
    let settings = properties.settings();
    settings
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn refusal(given: &[(&str, &str)]) -> String {
    properties(given).expect_err("refused").to_string()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn the_table_names_each_property_once_in_order() {
    let names: Vec<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
}

#[test]
fn names_and_values_become_those_of_librdkafka() {
    for (java, value, own, written) in [
        ("fetch.min.bytes", "1024", "fetch.min.bytes", "1024"),
        (
            "max.partition.fetch.bytes",
            "2048",
            "max.partition.fetch.bytes",
            "2048",
        ),
        (
            "isolation.level",
            "read_uncommitted",
            "isolation.level",
            "read_uncommitted",
        ),
        ("fetch.max.wait.ms", "100", "fetch.wait.max.ms", "100"),
        ("request.timeout.ms", "30000", "socket.timeout.ms", "30000"),
        (
            "receive.buffer.bytes",
            "-1",
            "socket.receive.buffer.bytes",
            "0",
        ),
        (
            "receive.buffer.bytes",
            "65536",
            "socket.receive.buffer.bytes",
            "65536",
        ),
        (
            "send.buffer.bytes",
            "131072",
            "socket.send.buffer.bytes",
            "131072",
        ),
        ("security.protocol", "SSL", "security.protocol", "ssl"),
        (
            "ssl.endpoint.identification.algorithm",
            "",
            "ssl.endpoint.identification.algorithm",
            "none",
        ),
        (
            "ssl.truststore.location",
            "ca.pem",
            "ssl.ca.location",
            "ca.pem",
        ),
        (
            "ssl.truststore.certificates",
            "-----BEGIN",
            "ssl.ca.pem",
            "-----BEGIN",
        ),
        (
            "ssl.keystore.key",
            "-----BEGIN",
            "ssl.key.pem",
            "-----BEGIN",
        ),
        (
            "ssl.keystore.certificate.chain",
            "-----BEGIN",
            "ssl.certificate.pem",
            "-----BEGIN",
        ),
        (
            "enable.metrics.push",
            "false",
            "enable.metrics.push",
            "false",
        ),
        ("check.crcs", "false", "check.crcs", "false"),
        // One of librdkafka's own.
        ("queued.min.messages", "10", "queued.min.messages", "10"),
    ] {
        assert_eq!(
            settings(&[(java, value)]),
            pairs(&[(own, written)]),
            "{java}"
        );
    }
}

/// librdkafka itself says whether it knows them: a consumer is made of each, which connects to nobody.
#[test]
fn librdkafka_knows_what_they_are_called() {
    use rdkafka::ClientConfig;
    use rdkafka::consumer::BaseConsumer;
    let given: Vec<(&str, &str)> = vec![
        ("client.dns.lookup", "use_all_dns_ips"),
        ("client.id", "orders"),
        ("client.rack", "a"),
        ("check.crcs", "true"),
        ("connections.max.idle.ms", "540000"),
        ("fetch.max.bytes", "52428800"),
        ("fetch.max.wait.ms", "500"),
        ("fetch.min.bytes", "1"),
        ("isolation.level", "read_committed"),
        ("max.partition.fetch.bytes", "1048576"),
        ("metadata.max.age.ms", "300000"),
        ("receive.buffer.bytes", "65536"),
        ("reconnect.backoff.max.ms", "1000"),
        ("reconnect.backoff.ms", "50"),
        ("request.timeout.ms", "30000"),
        ("retry.backoff.max.ms", "1000"),
        ("retry.backoff.ms", "100"),
        ("send.buffer.bytes", "131072"),
        ("socket.connection.setup.timeout.ms", "10000"),
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        (
            "sasl.jaas.config",
            r#"org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="p";"#,
        ),
        ("ssl.endpoint.identification.algorithm", "https"),
    ];
    let mut config = ClientConfig::new();
    config.set("group.id", "g");
    for (name, value) in settings(&given) {
        config.set(name, value);
    }
    let made: Result<BaseConsumer, _> = config.create();
    assert!(made.is_ok(), "{:?}", made.err());
}

#[test]
fn who_logs_in_stands_in_the_text_of_jaas() {
    let login = |jaas: &str| {
        settings(&[
            ("security.protocol", "SASL_PLAINTEXT"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.jaas.config", jaas),
        ])
    };
    let expected = |username: &str, password: &str| {
        pairs(&[
            ("security.protocol", "sasl_plaintext"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.username", username),
            ("sasl.password", password),
        ])
    };
    let module = "org.apache.kafka.common.security.plain.PlainLoginModule";
    for (options, username, password) in [
        (
            r#"required username="alice" password="secret";"#,
            "alice",
            "secret",
        ),
        (
            r"required username=alice password=secret;",
            "alice",
            "secret",
        ),
        (
            r"required username=alice password=secret",
            "alice",
            "secret",
        ),
        (
            r#"REQUIRED password="a b;c=d \"e\" \\" username="alice" ;"#,
            "alice",
            r#"a b;c=d "e" \"#,
        ),
        (
            "required\n  username=\"alice\"\n  password=\"\";",
            "alice",
            "",
        ),
    ] {
        let jaas = format!("{module} {options}");
        assert_eq!(login(&jaas), expected(username, password), "{options}");
    }
}

#[test]
fn whose_keys_are_used_stands_where_the_user_does() {
    let class = "com.sun.security.auth.module.Krb5LoginModule required";
    for (more, service, user) in [
        (vec![], "kafka", None),
        (
            vec![(
                "sasl.jaas.config",
                format!("{class} useKeyTab=true keyTab=\"/a b\" principal=\"alice@A\";"),
            )],
            "kafka",
            Some("alice@AFILE:/a b"),
        ),
        (
            vec![(
                "sasl.jaas.config",
                format!("{class} useKeyTab=false keyTab=\"/a\" serviceName=\"broker\";"),
            )],
            "broker",
            None,
        ),
        (
            vec![
                ("sasl.kerberos.service.name", "broker".to_owned()),
                ("sasl.kerberos.keytab", "/k".to_owned()),
                ("sasl.kerberos.principal", "bob".to_owned()),
            ],
            "broker",
            Some("bobFILE:/k"),
        ),
    ] {
        let mut given: BTreeMap<String, String> = BTreeMap::new();
        given.insert("security.protocol".to_owned(), "SASL_PLAINTEXT".to_owned());
        given.extend(
            more.into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        let properties = Properties::of_java(&given).expect("properties");
        assert_eq!(properties.get("sasl.mechanism"), Some("GSSAPI"));
        assert_eq!(properties.get("sasl.kerberos.service.name"), Some(service));
        assert_eq!(properties.get("sasl.username"), user);
    }
}

#[test]
fn a_login_that_can_not_be_had_is_refused_with_what_can() {
    let jaas = r#"Module required username="u" password="p";"#;
    for (given, why) in [
        (
            vec![
                ("security.protocol", "SASL_SSL"),
                ("sasl.jaas.config", jaas),
            ],
            "sasl.jaas.config is of another one",
        ),
        (
            vec![
                ("security.protocol", "SASL_SSL"),
                ("sasl.mechanism", "OAUTHBEARER"),
            ],
            "nothing says what the token is",
        ),
        (
            vec![
                ("security.protocol", "SASL_SSL"),
                ("sasl.mechanism", "OAUTHBEARER"),
                ("sasl.oauthbearer.token.endpoint.url", "https://id/token"),
            ],
            "tokens are read from a file",
        ),
        (
            vec![
                ("security.protocol", "SASL_SSL"),
                ("sasl.mechanism", "NTLM"),
            ],
            "NTLM is not known",
        ),
        (
            vec![
                ("security.protocol", "SASL_SSL"),
                ("sasl.mechanism", "PLAIN"),
            ],
            "names no username",
        ),
        (
            vec![("sasl.mechanism", "PLAIN"), ("sasl.jaas.config", jaas)],
            "nobody would log in",
        ),
        (
            vec![
                ("security.protocol", "SASL_SSL"),
                ("sasl.mechanism", "PLAIN"),
                (
                    "sasl.jaas.config",
                    r#"Module required username="u" password="hidden"#,
                ),
            ],
            "can't be read",
        ),
    ] {
        let said = refusal(&given);
        assert!(said.contains(why), "{said}");
        assert!(!said.contains("hidden"), "{said}");
    }
}

#[test]
fn stores_that_only_java_reads_are_refused_with_what_converts_them() {
    for (given, why) in [
        (
            vec![("ssl.truststore.location", "trust.jks")],
            "only Java reads it",
        ),
        (
            vec![
                ("ssl.truststore.location", "trust.pem"),
                ("ssl.truststore.type", "JKS"),
            ],
            "only Java reads it",
        ),
        (
            vec![("ssl.truststore.location", "trust.p12")],
            "openssl pkcs12",
        ),
        (
            vec![
                ("ssl.truststore.location", "trust.pem"),
                ("ssl.truststore.password", "x"),
            ],
            "has none",
        ),
        (
            vec![("ssl.keystore.location", "own.jks")],
            "only Java reads it",
        ),
    ] {
        let said = refusal(&given);
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn our_own_key_is_taken_from_pkcs12_or_pem() {
    let p12 = [
        ("ssl.keystore.location", "own.p12"),
        ("ssl.keystore.password", "x"),
    ];
    assert_eq!(settings(&p12), pairs(&p12));
    let pem = [
        ("ssl.keystore.location", "own.pem"),
        ("ssl.keystore.type", "PEM"),
        ("ssl.key.password", "x"),
    ];
    assert_eq!(
        settings(&pem),
        pairs(&[
            ("ssl.certificate.location", "own.pem"),
            ("ssl.key.location", "own.pem"),
            ("ssl.key.password", "x"),
        ])
    );
}

#[test]
fn what_has_no_effect_is_told_and_what_can_not_be_had_refused() {
    let told = properties(&[
        ("session.timeout.ms", "10000"),
        ("enable.auto.commit", "false"),
        ("max.poll.records", "1000"),
    ])
    .expect("no harm in them");
    assert_eq!(told.settings().count(), 0);
    assert_eq!(told.batch(), Some(1_000));
    let note = "source.kafka.session.timeout.ms has no effect: the job assigns partitions itself and is no member of \
                the group";
    assert_eq!(told.notes(), [note]);
    for (name, value, why) in [
        ("enable.auto.commit", "true", "committed behind checkpoints"),
        ("interceptor.classes", "com.example.X", "no JVM"),
        ("bootstrap.servers", "kafka:9092", "--source.kafka.brokers"),
        ("max.poll.records", "0", "no number of records"),
    ] {
        let said = refusal(&[(name, value)]);
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn values_are_not_shown() {
    let shown = properties(&[("ssl.keystore.key", "hidden")]).expect("a key");
    assert!(!format!("{shown:?}").contains("hidden"));
}
