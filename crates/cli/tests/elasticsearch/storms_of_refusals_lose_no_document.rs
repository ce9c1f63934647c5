//! A proxy before the server answers as servers do that have too much to do: 429 to whole bulks and to some documents of them, 400 as
//! what stands before a server says it, answers that are cut off, that come late or after the client has given up, and none at all. Every document is what its last
//! row says.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use crate::common::documents::{documents, load};
use crate::common::{put, running};
use datagen::random::Random;
use millstream_services::elasticsearch::{Elasticsearch, Server, ask};
use serde_json::{Value, json};

const ROWS: u64 = 3_000;
const IDS: u64 = 600;

/// What the proxy has done, and what it does next.
struct Proxy {
    server: String,
    count: AtomicU64,
    whole: AtomicU64,
    single: AtomicU64,
    cut: AtomicU64,
    late: AtomicU64,
}

/// How long a slow server takes, and one that is slower than anybody waits for it.
const SLOW: Duration = Duration::from_millis(300);
const SLOWEST: Duration = Duration::from_secs(5);
/// For how long the job waits for an answer, in milliseconds.
const PATIENCE: &str = "--sink.es.request.timeout.ms=4000";

struct Request {
    method: String,
    path: String,
    body: String,
}

impl Proxy {
    /// Listens, and answers until the test is over.
    fn start(server: &Elasticsearch) -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let proxy = Arc::new(Self {
            server: server.address(),
            count: AtomicU64::new(0),
            whole: AtomicU64::new(0),
            single: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            late: AtomicU64::new(0),
        });
        let own = Arc::clone(&proxy);
        let serve = move || {
            for stream in listener.incoming().flatten() {
                let own = Arc::clone(&own);
                let answer = move || while own.answer(&stream).is_some() {};
                drop(std::thread::Builder::new().spawn(answer));
            }
        };
        drop(std::thread::Builder::new().spawn(serve).expect("a thread"));
        (proxy, address)
    }

    /// Answers one request; `None`: the connection is done with.
    fn answer(&self, mut stream: &TcpStream) -> Option<()> {
        let request = read(stream)?;
        if !request.path.starts_with("/_bulk") {
            let answer = ask(&self.server, &request.method, &request.path, &request.body).ok()?;
            return write(stream, answer.status, &answer.body, answer.body.len());
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let mut random = Random::new(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        match random.below(10) {
            0 | 1 => {
                self.whole.fetch_add(1, Ordering::Relaxed);
                // The second is of something that stands before the server, and says nothing of any document.
                let (status, body) = match number % 2 {
                    0 => (429, "{}"),
                    _ => (400, "<html>Bad Request</html>"),
                };
                write(stream, status, body, body.len())
            }
            2 => {
                self.cut.fetch_add(1, Ordering::Relaxed);
                let answer = ask(&self.server, "POST", &request.path, &request.body).ok()?;
                let half = answer.body.get(..answer.body.len() / 2)?;
                write(stream, answer.status, half, answer.body.len())?;
                stream.flush().ok()?;
                None
            }
            3 => {
                self.cut.fetch_add(1, Ordering::Relaxed);
                ask(&self.server, "POST", &request.path, &request.body).ok()?;
                None
            }
            4..7 => {
                let answer = self.refuse_some(&request, &mut random)?;
                write(stream, 200, &answer, answer.len())
            }
            7 => {
                let answer = ask(&self.server, "POST", &request.path, &request.body).ok()?;
                // The first is the slowest.
                let first = self.late.fetch_add(1, Ordering::Relaxed) == 0;
                pass(if first { SLOWEST } else { SLOW });
                write(stream, answer.status, &answer.body, answer.body.len())
            }
            _ => {
                let answer = ask(&self.server, "POST", &request.path, &request.body).ok()?;
                write(stream, answer.status, &answer.body, answer.body.len())
            }
        }
    }

    /// Hands some of the actions on, and refuses the others for the moment.
    fn refuse_some(&self, request: &Request, random: &mut Random) -> Option<String> {
        let lines: Vec<&str> = request.body.lines().collect();
        let actions: Vec<(bool, &[&str])> = lines
            .chunks(2)
            .map(|action| (random.below(3) == 0, action))
            .collect();
        let mut taken = String::new();
        for (_, action) in actions.iter().filter(|(refused, _)| !refused) {
            for line in *action {
                taken.push_str(line);
                taken.push('\n');
            }
        }
        let mut items = Vec::new();
        if !taken.is_empty() {
            let answer = ask(&self.server, "POST", &request.path, &taken).ok()?;
            let answer: Value = serde_json::from_str(&answer.body).ok()?;
            items.clone_from(answer.get("items")?.as_array()?);
        }
        let mut items = items.into_iter();
        let all: Vec<Value> = actions
            .iter()
            .filter_map(|(refused, _)| match refused {
                true => {
                    self.single.fetch_add(1, Ordering::Relaxed);
                    Some(json!({"index": {"status": 429, "error": {
                        "type": "es_rejected_execution_exception", "reason": "rejected execution"
                    }}}))
                }
                false => items.next(),
            })
            .collect();
        Some(json!({"errors": true, "items": all}).to_string())
    }
}

/// Lets time pass: nobody sends anything.
fn pass(time: Duration) {
    let (_sender, nothing) = sync_channel::<()>(1);
    let _ended = nothing.recv_timeout(time);
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    Some(Request { method, path, body })
}

fn write(mut stream: &TcpStream, status: u16, body: &str, length: usize) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()
}

fn the_last_row_of_each_stands(server: Server, sync: &str) {
    let server = Elasticsearch::start(server).expect("a server");
    let (proxy, address) = Proxy::start(&server);
    let place = tempfile::tempdir().expect("a directory");
    // Some ids come twice in one bulk.
    let id = |row: u64| (row / 2).wrapping_mul(0x9e37_79b9) % IDS;
    let rows: String = (0..ROWS)
        .map(|row| format!("{},{row}\n", id(row)))
        .collect();
    put(place.path(), "in/a.csv", format!("id,row\n{rows}"));
    // One address is of nobody.
    let servers = format!("127.0.0.1:1,{address}");
    let job = load(
        place.path(),
        &servers,
        "storm",
        sync,
        &[
            r#"--stream.sql.schema.json={"id":"BigInt","row":"BigInt"}"#,
            "--sink.es.bulk.flush.max.actions=40",
            "--sink.es.bulk.flush.concurrent=3",
            "--sink.es.bulk.flush.backoff.delay=3",
            "--bulk.flush.backoff.retries=100",
            PATIENCE,
        ],
    );
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err.contains(&format!("{ROWS} read = {ROWS} written")),
        "{}",
        said.err
    );
    let truth = (0..ROWS).map(|row| (id(row).to_string(), json!({"id": id(row), "row": row})));
    let truth: BTreeMap<String, Value> = truth.collect();
    let found = documents(&server, "storm");
    let differs = truth
        .iter()
        .find(|(id, right)| found.get(*id) != Some(*right));
    let differs = differs.map(|(id, right)| (right, found.get(id)));
    assert_eq!((found.len(), differs), (truth.len(), None));
    for (what, count) in [
        ("whole bulks", &proxy.whole),
        ("documents", &proxy.single),
        ("answers", &proxy.cut),
        ("answers in time", &proxy.late),
    ] {
        assert!(count.load(Ordering::Relaxed) > 0, "no {what} were refused");
    }
}

#[test]
fn in_opensearch_where_it_is_overwritten() {
    the_last_row_of_each_stands(Server::OpenSearch2, "full");
}

#[test]
fn in_elasticsearch_7_where_it_is_merged() {
    the_last_row_of_each_stands(Server::Elasticsearch7, "incremental");
}

#[test]
fn in_elasticsearch_6_where_it_has_a_type() {
    the_last_row_of_each_stands(Server::Elasticsearch6, "full");
}
