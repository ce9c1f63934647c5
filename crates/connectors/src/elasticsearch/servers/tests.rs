use super::{Next, Server, Turn};

#[test]
fn addresses_are_read_as_people_write_them() {
    for (text, url) in [
        ("es1", "http://es1:9200/x"),
        ("172.27.14.125:9200", "http://172.27.14.125:9200/x"),
        ("http://es1:9201", "http://es1:9201/x"),
        ("HTTPS://es1", "https://es1:9200/x"),
        ("https://es1/search/", "https://es1:9200/search/x"),
        ("[::1]", "http://[::1]:9200/x"),
        ("[::1]:9201", "http://[::1]:9201/x"),
        (" es1:9200 ", "http://es1:9200/x"),
    ] {
        let server = Server::parse(text).expect(text);
        assert_eq!(server.url("/x"), url, "{text}");
    }
}

#[test]
fn what_is_no_address_is_told() {
    for (text, why) in [
        ("", "names no host"),
        (":9200", "names no host"),
        ("es1:", "has no port behind the colon"),
        ("es1:0", "has no port behind the colon"),
        ("es1:99999", "has no port behind the colon"),
        ("es1:port", "has no port behind the colon"),
        ("::1", "is an address of IPv6 without brackets"),
        ("ftp://es1", "has the scheme ftp, not http or https"),
        ("a b", "is no address"),
        ("es1/?q", "is no address"),
    ] {
        assert_eq!(Server::parse(text), Err(why.to_owned()), "{text}");
    }
    let user = Server::parse("http://me:secret@es1").expect_err("refused");
    assert!(user.contains("sink.es.username") && !user.contains("secret"));
    let several = Server::parse_all("es1,,es2").expect_err("refused");
    assert_eq!(several, "an address is empty");
    assert_eq!(Server::parse_all("es1, es2").expect("two").len(), 2);
}

#[test]
fn each_server_is_asked_once_before_somebody_waits() {
    let mut turn = Turn::new(3, 1);
    assert_eq!(turn.current(), 1);
    assert_eq!(turn.failed(), Next::Another);
    assert_eq!(turn.current(), 2);
    assert_eq!(turn.failed(), Next::Another);
    assert_eq!(turn.current(), 0);
    assert_eq!(turn.failed(), Next::Wait);
    assert_eq!(turn.current(), 1);
    assert_eq!(turn.failed(), Next::Another);
    turn.answered();
    assert_eq!(turn.failed(), Next::Another);
    assert_eq!(Turn::new(1, 7).failed(), Next::Wait);
}
