//! What stands before a server that is spoken with over HTTP.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::Builder;

/// Ends each connection behind one answer. Returns where it listens.
pub(crate) fn one_answer_each(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let relay = move || {
        for client in listener.incoming().flatten() {
            // A client that goes away is no matter.
            drop(one_answer(client, &server));
        }
    };
    Builder::new().spawn(relay).expect("a thread");
    address
}

fn one_answer(client: TcpStream, server: &str) -> io::Result<()> {
    let mut client = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if client.read_line(&mut line)? <= "\r\n".len() {
            break;
        }
        let small = line.to_ascii_lowercase();
        if let Some(bytes) = small.strip_prefix("content-length:") {
            length = bytes.trim().parse().map_err(io::Error::other)?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    let mut server = TcpStream::connect(server)?;
    server.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    server.write_all(&body)?;
    io::copy(&mut server, client.get_mut())?;
    client.get_mut().shutdown(Shutdown::Both)
}
