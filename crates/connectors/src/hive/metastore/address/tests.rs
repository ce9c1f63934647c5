use super::MetastoreUrl;
use crate::hive::url::{Auth, Tls};

#[test]
fn addresses_are_those_of_hive() {
    for (given, shown) in [
        ("thrift://one:9083", "thrift://one:9083"),
        ("thrift://one", "thrift://one:9083"),
        (
            " thrift://one:1/ , THRIFT://two ",
            "thrift://one:1,thrift://two:9083",
        ),
        ("thrift://[::1]:7", "thrift://[::1]:7"),
        (
            "thrift://one,thrift://two:1;principal=hive/_HOST@REALM;saslQop=auth-conf;",
            "thrift://one:9083,thrift://two:1;principal=hive/_HOST@REALM;saslQop=auth-conf",
        ),
        (
            "thrift://one;ssl=TRUE;sslTrustStore=/etc/ca.pem",
            "thrift://one:9083;ssl=TRUE;sslTrustStore=/etc/ca.pem",
        ),
    ] {
        let url = MetastoreUrl::parse(given).expect(given);
        assert_eq!(url.to_string(), shown);
        assert!(url.line().is_ok());
    }
    for wrong in [
        "",
        "jdbc:hive2://h",
        "thrift://",
        "thrift://h:x",
        "thrift://h:0",
        "thrift://a b",
        "thrift://h;password=x",
        "thrift://h;ssl=yes",
        "thrift://one;ssl=true,thrift://two",
        "thrift://h;saslQop=auth",
        "thrift://h;principal=hive/_HOST@REALM?ssl=true",
        "thrift://h;principal=hive/_HOST@REALM?a=b;ssl=true",
        "thrift://h;principal=hive/_HOST@REALM#a=b;ssl=true",
        "thrift://h;ssl=true;sslTrustStore=/etc/ca.pem#",
    ] {
        let error = MetastoreUrl::parse(wrong).expect_err(wrong);
        assert!(error.next_step().contains("thrift://host:9083"), "{error}");
    }
    let error = MetastoreUrl::parse("thrift://h;principal=hive").expect_err("no principal");
    assert!(error.message().contains("hive/host@REALM"), "{error}");
}

#[test]
fn kerberos_and_tls_are_asked_for_behind_the_hosts() {
    for (settings, is_secure, is_encrypted) in [
        ("", false, false),
        (";ssl=false", false, false),
        (";ssl=true", false, true),
        (";principal=hive/_HOST@REALM", true, false),
        (";ssl=True;principal=hive/_HOST@REALM", true, true),
    ] {
        let url = MetastoreUrl::parse(&format!("thrift://h{settings}")).expect(settings);
        assert_eq!(url.is_secure(), is_secure, "{settings}");
        assert_eq!(url.is_encrypted(), is_encrypted, "{settings}");
        let line = url.line().expect(settings);
        let is_kerberos = matches!(line.auth, Auth::Kerberos(_));
        assert_eq!(is_kerberos, is_secure, "{settings}");
        assert_eq!(line.auth == Auth::None, !is_secure, "{settings}");
        assert_eq!(line.tls.is_some(), is_encrypted, "{settings}");
    }
    let url = MetastoreUrl::parse("thrift://h;ssl=true;sslTrustStore=/etc/ca.pem").expect("well");
    let authorities = Some("/etc/ca.pem".into());
    assert_eq!(url.line().expect("well").tls, Some(Tls { authorities }));
}

#[test]
fn stores_of_java_and_authorities_without_tls_are_refused() {
    for (settings, words) in [
        (";ssl=true;sslTrustStore=/etc/ca.jks", "keytool"),
        (";sslTrustStore=/etc/ca.pem", "without ssl=true"),
    ] {
        let error = MetastoreUrl::parse(&format!("thrift://h{settings}")).expect_err(settings);
        assert!(error.to_string().contains(words), "{error}");
    }
}
