//! Places for connections, and clients that do not read.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use super::*;

fn places(most: usize) -> Places {
    Places::new(most, Arc::default())
}

fn address(text: &str) -> Client {
    let address = format!("{text}:1").parse().expect("an address");
    Client::of(Peer {
        address,
        user: None,
    })
}

#[test]
fn a_connection_without_a_place_is_closed_and_a_place_is_free_again() {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let places = places(1);
        let client = async || {
            let client = TcpStream::connect(address).await.expect("it connects");
            let (stream, _) = listener.accept().await.expect("it comes");
            (client, places.accept(stream, ()).await)
        };
        let (_first, placed) = client().await;
        let placed = placed.expect("there is a place");
        let (_second, refused) = client().await;
        assert!(refused.is_err(), "there is none");
        assert_eq!(places.refusals.counts(), [0, 1]);
        drop(placed);
        let (_third, again) = client().await;
        assert!(again.is_ok(), "there is one again");
    });
}

#[test]
fn one_client_can_not_have_all_places() {
    let places = places(8);
    let one: Vec<_> = (0..6)
        .map(|_| places.take(address("10.0.0.1")).expect("a place"))
        .collect();
    assert!(places.take(address("10.0.0.1")).is_err());
    let _other = places.take(address("10.0.0.2")).expect("others have some");
    let _user = places.take(Client::User(7)).expect("others have some");
    assert!(places.take(Client::User(8)).is_err(), "all are taken");
    drop(one);
    assert_eq!(
        lock(&places.taken).of.len(),
        2,
        "nothing is kept of who is gone"
    );
    places
        .take(address("10.0.0.1"))
        .expect("there are places again");
}

#[test]
fn a_client_of_this_machine_is_its_user() {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address");
        let places = places(1);
        let _client = TcpStream::connect(own).await.expect("it connects");
        let (stream, _) = listener.accept().await.expect("it comes");
        let _placed = places.accept(stream, ()).await.expect("a place");
        let me = Client::User(rustix::process::geteuid().as_raw());
        let clients: Vec<Client> = lock(&places.taken).of.keys().copied().collect();
        assert_eq!(clients, [me]);
    });
}

#[test]
fn a_network_of_ipv6_is_one_client() {
    assert_eq!(address("[2001:db8::1]"), address("[2001:db8::ffff:1]"));
    assert_ne!(address("[2001:db8::1]"), address("[2001:db8:0:1::1]"));
    assert_eq!(address("[::ffff:10.0.0.1]"), address("10.0.0.1"));
}

#[test]
fn a_client_that_reads_nothing_is_given_up() {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address");
        let _client = TcpStream::connect(own).await.expect("it connects");
        let (stream, _) = listener.accept().await.expect("it comes");
        let places = places(1);
        let place = places.take(address("127.0.0.1")).expect("a place");
        let mut placed = Placed::new(stream, place, Duration::from_millis(20), &places);
        let written = async {
            loop {
                if let Err(error) = placed.write_all(&[0; 1 << 16]).await {
                    return error.kind();
                }
            }
        };
        let given_up = tokio::time::timeout(Duration::from_secs(60), written).await;
        assert_eq!(given_up.expect("in time"), io::ErrorKind::TimedOut);
    });
}

#[test]
fn of_too_many_that_are_in_the_middle_of_a_request_the_oldest_is_given_up() {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address");
        let mut places = places(9);
        places.unanswered = Waits::new(1);
        let connect = async || {
            let mut client = TcpStream::connect(own).await.expect("it connects");
            let (stream, _) = listener.accept().await.expect("it comes");
            let (mut placed, _) = places.accept(stream, ()).await.expect("a place");
            client.write_all(b"GET /").await.expect("it sends");
            placed.read_exact(&mut [0; 5]).await.expect("it comes");
            (client, placed)
        };
        let (_first_client, mut first) = connect().await;
        // One that is being answered waits for nobody.
        let (_second_client, mut second) = connect().await;
        let given_up = first.read_u8().await.expect_err("it is given up");
        assert_eq!(given_up.kind(), io::ErrorKind::TimedOut);
        second.write_all(b"answer").await.expect("it is answered");
        let (mut third_client, mut third) = connect().await;
        // Neither does one that sends a body.
        third_client
            .write_all(&vec![b'x'; LONGEST_HEAD + 1])
            .await
            .expect("it sends");
        third
            .read_exact(&mut vec![0; LONGEST_HEAD + 1])
            .await
            .expect("it comes");
        let (_fourth_client, _fourth) = connect().await;
        third_client.write_all(b"y").await.expect("it sends");
        assert_eq!(third.read_u8().await.expect("it comes"), b'y');
    });
}
