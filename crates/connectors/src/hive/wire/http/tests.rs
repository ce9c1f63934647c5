use super::*;

fn answered(text: &str) -> Result<(Answer, String), ErrorKind> {
    let mut reader = Cursor::new(text.as_bytes());
    let read = || {
        let answer = head(&mut reader)?;
        let mut body = Vec::new();
        read_body(&mut reader, &answer, &mut body)?;
        Ok((answer, String::from_utf8_lossy(&body).into_owned()))
    };
    let mut read = read;
    read().map_err(|error: Error| error.kind())
}

#[test]
fn bodies_have_a_length_or_come_in_chunks() {
    let table = [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            200,
            "hello",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
            200,
            "hello",
        ),
        ("HTTP/1.1 401 Unauthorized\r\nX: y\r\n\r\n", 401, ""),
        ("HTTP/1.0 500 x\ncontent-length:1\n\nx", 500, "x"),
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
            200,
            "hello",
        ),
    ];
    for (text, status, body) in table {
        let (answer, found) = answered(text).expect("an answer");
        assert_eq!((answer.status, found.as_str()), (status, body), "{text}");
    }
}

#[test]
fn an_answer_says_whether_its_connection_goes_on() {
    for (head, is_last) in [
        ("HTTP/1.1 200 OK\r\n", false),
        ("HTTP/1.1 200 OK\r\nconnection: Close\r\n", true),
        ("HTTP/1.1 200 OK\r\nConnection: x, close\r\n", true),
        ("HTTP/1.0 200 OK\r\n", true),
        ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", false),
    ] {
        let text = format!("{head}Content-Length: 0\r\n\r\n");
        let (answer, _) = answered(&text).expect("an answer");
        assert_eq!(answer.is_last, is_last, "{head}");
    }
}

#[test]
fn a_token_is_shown_in_the_place_of_user_and_password() {
    let shown = |token: Option<&str>| {
        authorization(&Login {
            user: "me".to_owned(),
            password: "hush".to_owned(),
            token: token.map(str::to_owned),
            keys: Keys::default(),
        })
    };
    assert_eq!(shown(None), "Authorization: Basic bWU6aHVzaA==\r\n");
    assert_eq!(shown(Some("a.b.c")), "Authorization: Bearer a.b.c\r\n");
}

#[test]
fn cookies_are_kept_without_what_is_said_of_them() {
    let text = "HTTP/1.1 200 OK\r\nSet-Cookie: hive.server2.auth=cu=a&rn=1; Path=/; HttpOnly\r\nContent-Length: 0\r\n\r\n";
    let (answer, _) = answered(text).expect("an answer");
    let expected = ("hive.server2.auth".to_owned(), "cu=a&rn=1".to_owned());
    assert_eq!(answer.cookies, [expected]);
}

#[test]
fn what_is_no_answer_is_told_from_one_that_is_cut_off() {
    let table = [
        ("", ErrorKind::UnexpectedEof),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
            ErrorKind::UnexpectedEof,
        ),
        ("\u{1}\0\0\n", ErrorKind::InvalidData),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            ErrorKind::InvalidData,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            ErrorKind::InvalidData,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n",
            ErrorKind::InvalidData,
        ),
    ];
    for (text, kind) in table {
        assert_eq!(answered(text), Err(kind), "{text}");
    }
}
