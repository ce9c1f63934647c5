//! Whatever listens where a broker should: an error, soon, and no panic.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use millstream_engine::connector::Cancelled;

use super::cluster::Cluster;
use super::errors::Trouble;
use super::requests::ApiVersions;
use super::session::Session;

/// What comes of asking somebody who serves one connection like this.
fn asked(settings: &[(&str, &str)], serve: impl FnOnce(TcpStream) + Send) -> Trouble {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let brokers = listener.local_addr().expect("its address").to_string();
    let mut settings = settings.to_vec();
    settings.push(("socket.timeout.ms", "500"));
    let cluster = Cluster::new(&brokers, settings).expect("a cluster");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (stream, _) = listener.accept().expect("a connection");
            serve(stream);
        });
        let mut session = Session::new(Arc::new(cluster), Cancelled::default());
        let answered = session.ask_any(&ApiVersions).map(|versions| versions.error);
        answered.expect_err("no answer")
    })
}

fn away(trouble: Trouble) -> String {
    match trouble {
        Trouble::Away(why) => why,
        Trouble::Refused(error) => panic!("{error}"),
    }
}

/// Reads one request; its number.
fn request(stream: &mut TcpStream) -> [u8; 4] {
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("a length");
    let mut message = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut message).expect("a request");
    message[4..8].try_into().expect("its number")
}

fn answer(stream: &mut TcpStream, body: &[u8]) {
    let length = u32::try_from(body.len()).expect("small");
    stream.write_all(&length.to_be_bytes()).expect("sent");
    stream.write_all(body).expect("sent");
}

#[test]
fn whoever_is_no_broker_is_told_from_one() {
    let why = away(asked(&[], |mut stream| {
        request(&mut stream);
        let page = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        stream.write_all(page).expect("sent");
        // Until the other side has had enough.
        drop(stream.read(&mut [0]));
    }));
    assert!(why.contains("larger than any such answer"), "{why}");
    let why = away(asked(&[], |mut stream| {
        request(&mut stream);
    }));
    assert!(
        why.contains("closed the connection") || why.contains("reset"),
        "{why}"
    );
    let why = away(asked(&[], |mut stream| {
        request(&mut stream);
        answer(&mut stream, &[0, 0, 0, 99, 0, 0, 0, 0, 0, 0]);
        drop(stream.read(&mut [0]));
    }));
    assert!(why.contains("another request"), "{why}");
    let why = away(asked(&[], |mut stream| {
        let mut body = request(&mut stream).to_vec();
        body.extend([0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]);
        answer(&mut stream, &body);
        drop(stream.read(&mut [0]));
    }));
    assert!(why.contains("longer than what holds it"), "{why}");
}

#[test]
fn whoever_never_answers_is_not_waited_for() {
    let why = away(asked(&[], |mut stream| {
        request(&mut stream);
        drop(stream.read(&mut [0]));
    }));
    assert!(why.contains("not answer in time"), "{why}");
    let why = away(asked(
        &[
            ("security.protocol", "ssl"),
            ("enable.ssl.certificate.verification", "false"),
            ("socket.connection.setup.timeout.ms", "500"),
        ],
        |mut stream| {
            while stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {}
        },
    ));
    assert!(why.contains("not answer in time"), "{why}");
}

#[test]
fn a_listener_without_encryption_is_not_taken_for_one_with() {
    let trouble = asked(
        &[
            ("security.protocol", "ssl"),
            ("enable.ssl.certificate.verification", "false"),
        ],
        |mut stream| {
            drop(stream.read(&mut [0; 1024]));
            drop(stream.write_all(&[0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
        },
    );
    match trouble {
        Trouble::Refused(error) => {
            assert!(error.next_step().contains("security.protocol"), "{error}");
        }
        Trouble::Away(why) => panic!("{why}"),
    }
}

/// What brokers of 2.8 answer at first: they understand ApiVersions and Metadata in the versions of theirs, and do not describe
/// transactions.
const VERSIONS: [u8; 22] = [
    0, 0, 3, 0, 18, 0, 0, 0, 3, 0, 0, 3, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0,
];
/// No broker and no topic.
const METADATA: [u8; 17] = [0, 0, 0, 0, 0, 1, 0, 255, 255, 255, 255, 1, 128, 0, 0, 0, 0];

#[test]
fn brokers_that_do_not_describe_transactions_are_told_from_others() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let brokers = listener.local_addr().expect("its address").to_string();
    let cluster = Cluster::new(&brokers, [("socket.timeout.ms", "5000")]).expect("a cluster");
    let trouble = std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _) = listener.accept().expect("a connection");
            for body in [VERSIONS.as_slice(), METADATA.as_slice()] {
                let number = request(&mut stream);
                answer(&mut stream, &[number.as_slice(), body].concat());
            }
            drop(stream.read(&mut [0]));
        });
        let mut session = Session::new(Arc::new(cluster), Cancelled::default());
        let answered = session.can_describe().expect("they answer");
        answered.expect_err("they do not")
    });
    match trouble {
        Trouble::Refused(error) => {
            assert!(error.message().contains("DescribeTransactions"), "{error}");
            assert!(error.next_step().contains("3.0"), "{error}");
        }
        Trouble::Away(why) => panic!("{why}"),
    }
}
