//! Objects in a store for tests, and a store that calls the contents of copies otherwise.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use millstream_objects::{S3Settings, Store, Stores};
use millstream_services::seaweed::{ACCESS_KEY, BUCKET, SECRET_KEY};

/// The bucket of the tests, at one address of its store.
pub(crate) struct Objects {
    pub(crate) stores: Stores,
    store: Store,
}

impl Objects {
    pub(crate) fn at(endpoint: &str) -> Self {
        let stores = Stores::new(S3Settings {
            endpoint: Some(endpoint.to_owned()),
            access_key: Some(ACCESS_KEY.to_owned()),
            secret_key: Some(SECRET_KEY.to_owned()),
            allows_http: true,
            ..S3Settings::default()
        });
        let store = stores.open(BUCKET).expect("settings");
        Self { stores, store }
    }

    /// Puts an object there by an upload in parts.
    pub(crate) fn upload(&self, key: &str, bytes: Vec<u8>) {
        let uploaded = self.store.upload_whole(key, bytes.into()).wait();
        let (upload, part) = uploaded.expect("is uploaded");
        let completed = self.store.complete(key, &upload, &[part]).wait();
        completed.expect("is completed");
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.store.head(key).expect("is told").is_some()
    }
}

/// Stands before a store, and calls the contents of what lies below a key otherwise than the store does: so AWS does with copies of
/// what was uploaded in parts. Of such objects it knows no more than what is read at once, a MiB.
pub(crate) struct Renaming {
    port: u16,
}

impl Renaming {
    /// Stands before the store at `host:port`.
    pub(crate) fn before(server: &str, below: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (server, below) = (server.to_owned(), format!("/{BUCKET}/{below}/"));
        thread(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (server, below) = (server.clone(), below.clone());
                // Whoever hangs up wants no answer.
                thread(move || drop(answer(&client, &server, &below)));
            }
        });
        Self { port }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Hands on one request and its answer, and hangs up.
fn answer(mut client: &TcpStream, server: &str, below: &str) -> io::Result<()> {
    let mut from = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = value_of("content-length", &line) {
            length = value.parse().map_err(io::Error::other)?;
        }
        if value_of("connection", &line).is_none() {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    let mut server = TcpStream::connect(server)?;
    server.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    server.write_all(&body)?;
    let path = head.split(' ').nth(1).unwrap_or_default();
    let mut from = BufReader::new(server);
    loop {
        let mut line = String::new();
        let is_last = from.read_line(&mut line)? == 0 || line == "\r\n";
        if path.starts_with(below)
            && let Some(etag) = value_of("etag", &line)
        {
            line = format!(
                "ETag: \"c0{}\"\r\n",
                etag.trim_matches('"').replace('-', "")
            );
        }
        client.write_all(line.as_bytes())?;
        if is_last {
            break;
        }
    }
    io::copy(&mut from, &mut client)?;
    client.shutdown(Shutdown::Both)
}

/// The value of a header, if the line is that one.
fn value_of<'a>(header: &str, line: &'a str) -> Option<&'a str> {
    let (name, value) = line.split_once(':')?;
    name.eq_ignore_ascii_case(header).then(|| value.trim())
}

fn thread(body: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().spawn(body).expect("a thread");
}
