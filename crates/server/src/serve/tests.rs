mod slow_clients_are_given_up;

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::listen;

#[test]
fn a_burst_of_connections_waits_to_be_taken_up() {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let address = listener.local_addr().expect("its address");
    // Nobody takes them up. With a shorter queue the kernel answers none beyond it, and the connection runs into its time limit.
    let waiting: Vec<_> = (0..400)
        .map(|number| {
            TcpStream::connect_timeout(&address, Duration::from_secs(20))
                .unwrap_or_else(|error| panic!("connection {number}: {error}"))
        })
        .collect();
    assert_eq!(waiting.len(), 400);
}
