use super::*;

fn parsed(text: &str) -> HiveUrl {
    HiveUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    match HiveUrl::parse(text) {
        Ok(url) => panic!("{text} was understood as {url:?}"),
        Err(error) => error.to_string(),
    }
}

fn host(name: &str, port: u16) -> Host {
    let name = name.to_owned();
    Host { name, port }
}

#[test]
fn a_host_a_port_and_a_database() {
    let table = [
        (
            "jdbc:hive2://172.27.128.124:10000/lyh",
            "jdbc:hive2://172.27.128.124:10000/lyh",
        ),
        ("jdbc:hive2://hive", "jdbc:hive2://hive:10000/default"),
        ("jdbc:hive2://hive/", "jdbc:hive2://hive:10000/default"),
        ("JDBC:HIVE2://hive:1/x", "jdbc:hive2://hive:1/x"),
        ("jdbc:hive2://[::1]:10001/x", "jdbc:hive2://[::1]:10001/x"),
        (
            "jdbc:hive2://a:1,b,c:3/x;auth=noSasl",
            "jdbc:hive2://a:1,b:10000,c:3/x",
        ),
        (
            "jdbc:hive2://hive/x;user=me;password=secret?a=b#c=d",
            "jdbc:hive2://hive:10000/x",
        ),
    ];
    for (text, shown) in table {
        assert_eq!(parsed(text).to_string(), shown, "{text}");
    }
    let several = parsed("jdbc:hive2://a:1, b,/x");
    assert_eq!(several.hosts, [host("a", 1), host("b", 10_000)]);
}

#[test]
fn settings_of_the_session_are_named_as_the_server_takes_them() {
    let url = parsed(
        "jdbc:hive2://h/db;wmPool=etl?hive.execution.engine=mr;mapred.job.queue.name=q=1#day=2020-01-01",
    );
    let session: Vec<(&str, &str)> = url
        .session
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let expected = [
        ("set:hiveconf:hive.execution.engine", "mr"),
        ("set:hiveconf:mapred.job.queue.name", "q=1"),
        ("set:hivevar:day", "2020-01-01"),
        ("set:hivevar:wmpool", "etl"),
        ("use:database", "db"),
    ];
    assert_eq!(session, expected);
}

#[test]
fn how_the_server_is_spoken_with() {
    let http = parsed("jdbc:hive2://h/d;transportMode=http;httpPath=/gateway/hive;ssl=true");
    assert_eq!(http.transport, Transport::Http("/gateway/hive".to_owned()));
    assert_eq!(http.tls, Some(Tls { authorities: None }));
    let usual = parsed("jdbc:hive2://h/d;transportMode=HTTP");
    assert_eq!(usual.transport, Transport::Http("/cliservice".to_owned()));
    let token = parsed("jdbc:hive2://h/d;transportMode=http;auth=jwt;jwt=a.b.c");
    assert_eq!(token.token.as_deref(), Some("a.b.c"));
    let headers = parsed("jdbc:hive2://h/d;transportMode=http;http.header.X-A=1;http.cookie.b=2");
    let expected = [("X-A", "1"), ("Cookie", "b=2")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers.headers, expected);
    let own = parsed("jdbc:hive2://h/d;ssl=true;sslTrustStore=/etc/ca.pem");
    let authorities = Some("/etc/ca.pem".into());
    assert_eq!(own.tls, Some(Tls { authorities }));
    for (text, auth) in [
        ("jdbc:hive2://h/d", Auth::Password),
        ("jdbc:hive2://h/d;auth=NONE", Auth::Password),
        ("jdbc:hive2://h/d;auth=LDAP", Auth::Password),
        ("jdbc:hive2://h/d;auth=noSasl", Auth::None),
    ] {
        assert_eq!(parsed(text).auth, auth, "{text}");
    }
    let time = parsed("jdbc:hive2://h/d;socketTimeout=1500;retries=3").answer;
    assert_eq!(time, Some(Duration::from_millis(1_500)));
}

#[test]
fn a_principal_is_that_of_the_host_that_is_asked() {
    let kerberos = |more: &str| {
        let url = parsed(&format!(
            "jdbc:hive2://h/d;principal=hive/_HOST@REALM{more}"
        ));
        match url.auth {
            Auth::Kerberos(kerberos) => kerberos,
            other => panic!("{more}: {other:?}"),
        }
    };
    assert_eq!(kerberos("").protection, None);
    assert_eq!(kerberos(";auth=KERBEROS").protection, None);
    let secret = kerberos(";saslQop=auth-conf").protection;
    assert_eq!(secret, Some(Protection::Confidentiality));
    assert_eq!(
        kerberos("").on(&host("Hive.Example", 1)),
        Service::Principal("hive/hive.example@REALM".to_owned())
    );
}

#[test]
fn what_is_not_offered_is_refused_by_name() {
    let table = [
        ("jdbc:mysql://h/d", "MySQL"),
        ("jdbc:postgresql://h/d", "PostgreSQL"),
        ("jdbc:oracle:thin:@h:1521:x", "Oracle"),
        ("JDBC:MYSQL://h/d", "MySQL"),
        ("jdbc:teradata://h/d", "names teradata,"),
        ("jdbc:dm://h:5236/d", "names dm,"),
        ("jdbc:arrow-flight-sql://h:1/d", "names arrow-flight-sql,"),
        (
            "jdbc:hive2://h/d;serviceDiscoveryMode=zooKeeper;zooKeeperNamespace=x",
            "ZooKeeper",
        ),
        (
            "jdbc:hive2://h/d;zooKeeperNamespace=x",
            "zooKeeperNamespace",
        ),
        (
            "jdbc:hive2://h/d;auth=delegationToken",
            "auth=delegationtoken",
        ),
        ("jdbc:hive2://h/d;ssl=true;sslTrustStore=/a.jks", "keytool"),
        (
            "jdbc:hive2://h/d;ssl=true;trustStorePassword=x",
            "trustStorePassword",
        ),
    ];
    for (text, word) in table {
        let said = refused(text);
        assert!(
            said.starts_with("MS-8002") && said.contains(word),
            "{text}: {said}"
        );
    }
}

#[test]
fn addresses_that_hive_has_elsewhere_are_told_with_what_to_write() {
    let table = [
        (
            "thrift://hush:10000",
            "jdbc:hive2://<host>:10000/<database>",
        ),
        ("thrift://hush:9083", "source.db.type hive-metastore"),
        (
            "http://hush:10001/cliservice",
            "jdbc:hive2://<host>:<port>/<database>;transportMode=http;httpPath=<path> (",
        ),
        ("HTTPS://me:hush@h/gateway", "httpPath=<path>;ssl=true"),
        ("hive2://hush:10000/d", "jdbc:hive2://host:10000/database"),
    ];
    for (text, words) in table {
        let said = refused(text);
        assert!(
            said.starts_with("MS-1002") && said.contains(words) && !said.contains("hush"),
            "{text}: {said}"
        );
        let scheme = text.split(':').next().unwrap_or_default();
        let scheme = format!("begins with {}://", scheme.to_ascii_lowercase());
        assert!(said.contains(&scheme), "{text}: {said}");
    }
}

#[test]
fn settings_without_effect_beside_others_are_refused() {
    let table = [
        ("httpPath=x", "transportMode=http"),
        ("http.header.A=hush", "transportMode=http"),
        ("http.cookie.a=hush", "transportMode=http"),
        ("saslQop=auth", "without principal"),
        ("principal=hive/h@R;auth=noSasl", "auth is nosasl"),
        ("principal=hive/h@R;auth=LDAP", "auth is ldap"),
        (
            "principal=hive/h@R;transportMode=http;jwt=hush",
            "principal and jwt",
        ),
    ];
    for (settings, words) in table {
        let said = refused(&format!("jdbc:hive2://h/d;{settings}"));
        assert!(
            said.starts_with("MS-1002") && said.contains(words) && !said.contains("hush"),
            "{settings}: {said}"
        );
    }
}

#[test]
fn what_can_not_be_understood_is_told_without_what_it_holds() {
    let table = [
        ("jdbc:hive2:///d", "names no host"),
        ("jdbc:hive2:", "names no host"),
        ("hive:10000", "does not begin with jdbc:hive2://"),
        ("jdbc:hive://hush/d", "does not begin with jdbc:hive2://"),
        ("jdbc:hush", "does not begin with jdbc:hive2://"),
        ("jdbc:me@hush:1/d", "does not begin with jdbc:hive2://"),
        ("jdbc:", "does not begin with jdbc:hive2://"),
        ("jdbc:://hush", "does not begin with jdbc:hive2://"),
        ("jdbc:hive2://h:x/d", "port"),
        ("jdbc:hive2://h:0/d", "port"),
        ("jdbc:hive2://me:hush@h/d", "a user stands before the host"),
        ("jdbc:hive2://h/d;hush", "no name=value"),
        (
            "jdbc:hive2://h/d;transportMod=http",
            "did you mean transportMode?",
        ),
        ("jdbc:hive2://h/d;sslTrustStore=/a.pem", "without ssl=true"),
        ("jdbc:hive2://h/d;jwt=hush", "over HTTP only"),
        ("jdbc:hive2://h/d;auth=kerberos", "no principal"),
        ("jdbc:hive2://h/d;principal=hush", "hive/host@REALM"),
        ("jdbc:hive2://h/d;principal=hive/h@", "hive/host@REALM"),
        (
            "jdbc:hive2://h/d;principal=hive/h@A;saslQop=hush",
            "auth-conf",
        ),
        ("jdbc:hive2://h/d;transportMode=http;auth=jwt", "no token"),
        ("jdbc:hive2://h/d;transportMode=http;auth=noSasl", "no SASL"),
        (
            "jdbc:hive2://h/d;transportMode=x",
            "neither binary nor http",
        ),
    ];
    for (text, words) in table {
        let said = refused(text);
        assert!(
            said.starts_with("MS-1002") && said.contains(words),
            "{text}: {said}"
        );
        assert!(!said.contains("hush"), "{said}");
    }
}
