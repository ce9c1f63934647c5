//! The connection of a job ends between a rename that the NameNode has done and its answer, for files that are prepared and for those
//! that are made visible: the job finds out what became of it, and every row is there exactly once.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::common::Running;
use crate::common::hdfs::{hidden, job, lines};
use crate::common::objects::CSV;
use millstream_services::hdfs::Hdfs;

/// What a client calls a rename.
const RENAME: &[u8] = b"rename2";
/// The answer to each third one is lost: files are renamed twice, so it is that of the one kind and of the other in turn.
const EACH: u64 = 3;
/// The test goes on until there have been so many.
const RENAMES: u64 = 12;
/// Rows of a file.
const ROWS: u64 = 1_000;

/// Stands before a NameNode, and ends connections in the place of the answers to some renames.
struct Relay {
    port: u16,
    /// How many renames were asked for.
    renames: Arc<AtomicU64>,
}

impl Relay {
    fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let renames = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&renames);
        thread(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if let Ok(server) = TcpStream::connect(&server) {
                    hand_on(&client, &server, &counted);
                }
            }
        });
        Self { port, renames }
    }

    fn renames(&self) -> u64 {
        self.renames.load(Ordering::SeqCst)
    }
}

fn hand_on(client: &TcpStream, server: &TcpStream, renames: &Arc<AtomicU64>) {
    let copy = |end: &TcpStream| end.try_clone().expect("a file");
    let is_cut = Arc::new(AtomicBool::new(false));
    let (asks, answers) = ((copy(client), copy(server)), (copy(server), copy(client)));
    let (renames, cuts) = (Arc::clone(renames), Arc::clone(&is_cut));
    thread(move || {
        copied(asks, |bytes| {
            // Before the NameNode has it: its answer comes at once.
            let is_rename = bytes.windows(RENAME.len()).any(|part| part == RENAME);
            if is_rename && (renames.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(EACH) {
                cuts.store(true, Ordering::SeqCst);
            }
            true
        });
    });
    thread(move || copied(answers, |_| !is_cut.load(Ordering::SeqCst)));
}

/// Hands on what comes until that ends, or `goes_on` says of some of it that nothing is handed on any more.
fn copied((mut from, mut to): (TcpStream, TcpStream), goes_on: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 64 << 10];
    let mut step = || -> io::Result<bool> {
        let length = from.read(&mut buffer)?;
        let bytes = buffer.get(..length).unwrap_or_default();
        if bytes.is_empty() || !goes_on(bytes) {
            return Ok(false);
        }
        to.write_all(bytes)?;
        Ok(true)
    };
    while matches!(step(), Ok(true)) {}
    // They may have ended.
    drop(from.shutdown(Shutdown::Both));
    drop(to.shutdown(Shutdown::Both));
}

fn thread(body: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().spawn(body).expect("a thread");
}

/// Adds a file, under its name when it is whole.
fn add(hdfs: &Hdfs, number: u64) {
    let rows = (number * ROWS..(number + 1) * ROWS).map(|id| format!("{id}\n"));
    let text: String = std::iter::once("id\n".to_owned()).chain(rows).collect();
    let unfinished = format!("/in/_{number}.csv");
    hdfs.put(&unfinished, text.as_bytes()).expect("is put");
    hdfs.rename(&unfinished, &format!("/in/{number}.csv"))
        .expect("is renamed");
}

#[test]
fn and_every_row_comes_once() {
    let hdfs = Hdfs::start().expect("HDFS");
    add(&hdfs, 0);
    let relay = Relay::before(hdfs.address());
    let directory = tempfile::tempdir().expect("a directory");
    let (from, to) = (
        hdfs.url("/in"),
        format!("hdfs://127.0.0.1:{}/out", relay.port),
    );
    let more = [
        "--source.watch.type=PROCESS_CONTINUOUSLY",
        "--job.retry.maxNumberRestartAttempts=1000",
        "--job.retry.backoffTimeMS=200",
    ];
    let parameters = [&CSV[..], &more].concat();
    let places = (from.as_str(), to.as_str());
    let mut job = Running::start(job(&hdfs, directory.path(), places, &[], &parameters));
    let mut files = 1;
    loop {
        let rows = usize::try_from(files * ROWS).expect("a number");
        job.await_that(&format!("{files} files"), || {
            lines(&hdfs, "/out").len() >= rows
        });
        if relay.renames() >= RENAMES {
            break;
        }
        add(&hdfs, files);
        files += 1;
    }
    job.suspend();
    let rows = (0..files * ROWS).map(|id| format!("{{\"id\":\"{id}\"}}"));
    let mut truth: Vec<String> = rows.collect();
    truth.sort();
    let found = lines(&hdfs, "/out");
    assert!(found == truth, "{} of {} rows", found.len(), truth.len());
    assert_eq!(hidden(&hdfs, "/out"), Vec::<String>::new(), "left behind");
}
