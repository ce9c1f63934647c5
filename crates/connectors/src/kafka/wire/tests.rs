//! Whatever listens where a broker should: an error, soon, and no panic.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
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

/// What brokers of 3.0 answer, which do.
const NEWER: [u8; 29] = [
    0, 0, 4, 0, 18, 0, 0, 0, 3, 0, 0, 3, 0, 0, 0, 10, 0, 0, 65, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// Brokers of this machine at these ports, and no topic.
fn metadata(ports: &[u16]) -> Vec<u8> {
    let (head, tail) = METADATA.split_at(6);
    let mut body = head.to_vec();
    body[5] += u8::try_from(ports.len()).expect("few");
    for (number, port) in (0_i32..).zip(ports) {
        body.extend(number.to_be_bytes());
        body.push(10);
        body.extend(b"127.0.0.1");
        body.extend(i32::from(*port).to_be_bytes());
        body.extend([0, 0]);
    }
    body.extend(tail);
    body
}

/// Serves one connection: answers its first requests by these, and waits for its end.
fn serve(listener: &TcpListener, bodies: &[&[u8]]) {
    let (mut stream, _) = listener.accept().expect("a connection");
    for &body in bodies {
        let number = request(&mut stream);
        answer(&mut stream, &[number.as_slice(), body].concat());
    }
    drop(stream.read(&mut [0]));
}

/// What comes of a question to brokers that say this of themselves, once each, and where they listen. The first is the one that is
/// given, and tells of all, once. None: one that says nothing.
fn asked_of<T>(
    brokers: &[Option<&[u8]>],
    ask: impl FnOnce(&mut Session) -> T,
) -> (T, Vec<SocketAddr>) {
    let listen = |_: &Option<&[u8]>| TcpListener::bind("127.0.0.1:0").expect("a port");
    let listeners: Vec<TcpListener> = brokers.iter().map(listen).collect();
    let addresses = listeners.iter().map(|listener| listener.local_addr());
    let addresses: Vec<SocketAddr> = addresses.map(|of| of.expect("its address")).collect();
    let ports: Vec<u16> = addresses.iter().map(SocketAddr::port).collect();
    let all = metadata(&ports);
    let cluster = Cluster::new(&addresses[0].to_string(), [("socket.timeout.ms", "5000")]);
    let cluster = Arc::new(cluster.expect("a cluster"));
    let answered = std::thread::scope(|scope| {
        for (number, (listener, said)) in listeners.iter().zip(brokers).enumerate() {
            let Some(said) = *said else { continue };
            let bodies = match number {
                0 => vec![said, all.as_slice()],
                _ => vec![said],
            };
            scope.spawn(move || serve(listener, &bodies));
        }
        let mut session = Session::new(cluster, Cancelled::default());
        let answered = ask(&mut session);
        // One that was not asked waits no longer.
        for address in &addresses {
            drop(TcpStream::connect(address));
        }
        answered
    });
    (answered, addresses)
}

/// Whether it is said which broker does not describe transactions.
fn is_named(trouble: &Trouble, broker: SocketAddr) -> bool {
    let named = format!("broker {broker} does not understand DescribeTransactions");
    matches!(trouble, Trouble::Refused(error) if error.message().contains(&named))
}

#[test]
fn one_old_broker_among_others_is_found_and_named() {
    let brokers = [Some(NEWER.as_slice()), Some(VERSIONS.as_slice())];
    let (answered, addresses) = asked_of(&brokers, Session::can_describe);
    let trouble = answered.expect("they answer").expect_err("one does not");
    assert!(is_named(&trouble, addresses[1]), "{trouble:?}");
}

#[test]
fn a_broker_that_says_nothing_keeps_none_behind_it_from_being_asked() {
    let brokers = [Some(NEWER.as_slice()), None, Some(VERSIONS.as_slice())];
    let (answered, addresses) = asked_of(&brokers, Session::can_describe);
    let trouble = answered.expect("they answer").expect_err("one does not");
    assert!(is_named(&trouble, addresses[2]), "{trouble:?}");
}

#[test]
fn each_broker_is_asked_once_what_it_understands() {
    // Its tagged field of features, in place of none.
    let mut telling = NEWER.to_vec();
    telling.pop();
    telling.extend([1, 2, 26, 2, 20]);
    telling.extend(b"transaction.version");
    telling.extend([0, 2, 0, 2, 0]);
    let brokers = [Some(NEWER.as_slice()), Some(telling.as_slice())];
    let (told, addresses) = asked_of(&brokers, |session| {
        let described = session.can_describe();
        described.and_then(|_| session.transaction_version())
    });
    let told = told.expect("they are not asked again");
    let lowest = (0, Some(addresses[0].to_string()));
    assert_eq!((told.version, told.told_by), lowest);
}

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
