//! A server that may be killed and started again, and its REST interface.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::disallowed_methods, reason = "tests wait with a deadline")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) use super::processes::{kill, processes_of};
use serde_json::Value;

/// Far longer than anything takes, also on a disk that is slow to sync: a test that waits so long has found something.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);
/// Between two questions: asking without a pause takes the cores away from those who are waited for.
const PAUSE: Duration = Duration::from_millis(2);

pub(crate) struct Server {
    /// Where it listens on this machine, once it is started; another one after each start.
    pub(crate) port: u16,
    /// A script of the shell that starts the server as `exec "$@"`; `None`: it is started as it is.
    pub(crate) script: Option<String>,
    /// Options beside the port and the data directory, as `key=value`.
    pub(crate) options: Vec<String>,
    /// Variables of its environment.
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) data: PathBuf,
    child: Option<Child>,
}

impl Server {
    /// A server with its data in `directory`; not started.
    pub(crate) fn new(directory: &Path) -> Self {
        Self {
            port: 0,
            script: None,
            options: Vec::new(),
            environment: Vec::new(),
            data: directory.join("server"),
            child: None,
        }
    }

    pub(crate) fn start(&mut self) {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.data.with_extension("log"))
            .expect("a log");
        let child = self
            .program()
            .args(["server", "-D", "rest.port=0"])
            .args([
                "-D",
                &format!("millstream.data-dir={}", self.data.display()),
            ])
            .args(self.options.iter().map(|option| format!("-D{option}")))
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let pid = child.id();
        self.child = Some(child);
        let began = Instant::now();
        loop {
            if let Some(port) = port_of(&self.data, pid)
                && try_call(port, "GET", "/overview", None).is_some()
            {
                self.port = port;
                return;
            }
            let child = self.child.as_mut().expect("started");
            let ended = child.try_wait().expect("a status");
            assert!(
                ended.is_none(),
                "the server ended: {ended:?}\n{}",
                self.log()
            );
            assert!(
                began.elapsed() < PATIENCE,
                "the server does not answer\n{}",
                self.log()
            );
            std::thread::sleep(PAUSE);
        }
    }

    fn program(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_millstream");
        let mut command = match &self.script {
            Some(script) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", script, "sh", program]);
                shell
            }
            None => Command::new(program),
        };
        super::environment::without_settings(&mut command);
        command
    }

    /// Ends the server as a crash does.
    pub(crate) fn kill(&mut self) {
        kill(self.pid().expect("it runs"));
        self.was_killed();
    }

    /// Uploads an executable as a package, and answers its id.
    pub(crate) fn upload(&self, name: &str, content: &str) -> String {
        let body = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"{name}\"\r\n\r\n{content}\r\n--cut--\r\n"
        );
        let kind = "multipart/form-data; boundary=cut";
        let answer = try_send(self.port, "POST", "/jars/upload", kind, &body);
        let (status, answer) = answer.expect("an answer");
        assert_eq!(status, 200, "{answer}");
        let path = answer.get("filename").and_then(Value::as_str);
        let id = path.and_then(|path| path.rsplit('/').next());
        id.expect("a path").to_owned()
    }

    /// Submits the endless job of package `package` that reads `in` and writes `out` of `directory`, with `options` of its own.
    pub(crate) fn submit(&self, package: &str, directory: &Path, options: &Value) -> (u16, Value) {
        let body = serde_json::json!({
            "entryClass": "ingest",
            "programArgsList": endless(directory),
            "flinkConfiguration": options,
        });
        self.call("POST", &format!("/jars/{package}/run"), Some(&body))
    }

    /// Submits the endless job of the built-in package, and answers its id once it runs.
    pub(crate) fn submit_running(&self, directory: &Path, options: &Value) -> String {
        let (status, answer) = self.submit("ingest", directory, options);
        assert_eq!(status, 200, "{answer}");
        let id = answer.get("jobid").and_then(Value::as_str);
        let id = id.expect("an id").to_owned();
        self.await_status(&id, "RUNNING");
        id
    }

    /// Waits until a job has a status.
    pub(crate) fn await_status(&self, id: &str, wanted: &str) {
        self.await_answer(&format!("/jobs/{id}/status"), |_, body| {
            (body.get("status")? == wanted).then_some(())
        });
    }

    /// The process of the server, where it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Notes that the server was killed.
    pub(crate) fn was_killed(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.wait().expect("it ends");
        }
    }

    /// What the server has printed, and the ends of the logs of it and of its jobs.
    pub(crate) fn log(&self) -> String {
        let printed = fs::read_to_string(self.data.with_extension("log")).unwrap_or_default();
        let jobs = fs::read_dir(self.data.join("jobs"))
            .into_iter()
            .flatten()
            .flatten();
        let logs = jobs.map(|job| job.path().join("job.log"));
        let logs = std::iter::once(self.data.join("server.log")).chain(logs);
        let tails: String = logs.map(|log| tail(&log)).collect();
        printed + &tails
    }

    /// Waits for a condition that the server or a job brings about.
    #[track_caller]
    pub(crate) fn await_that(&self, what: &str, condition: impl Fn() -> bool) {
        let began = Instant::now();
        while !condition() {
            assert!(
                began.elapsed() < PATIENCE,
                "waited in vain for {what}\n{}",
                self.log()
            );
            std::thread::sleep(PAUSE);
        }
    }

    /// What the server answers.
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        try_call(self.port, method, path, body)
            .unwrap_or_else(|| unreachable!("no answer to {method} {path}\n{}", self.log()))
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Asks until the answer is as wanted.
    pub(crate) fn await_answer<T>(
        &self,
        path: &str,
        wanted: impl Fn(u16, &Value) -> Option<T>,
    ) -> T {
        self.await_call("GET", path, wanted)
    }

    /// Calls until the answer is as wanted.
    pub(crate) fn await_call<T>(
        &self,
        method: &str,
        path: &str,
        wanted: impl Fn(u16, &Value) -> Option<T>,
    ) -> T {
        let began = Instant::now();
        loop {
            let (status, body) = self.call(method, path, None);
            if let Some(found) = wanted(status, &body) {
                return found;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{path} stays {status} {body}\n{}",
                self.log()
            );
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until the only process of a job is so many seconds old, and is still the only one.
    pub(crate) fn outlives(&self, seconds: f64) -> Vec<u32> {
        let process = processes_of(&self.data);
        let [alone] = process.as_slice() else {
            unreachable!("one process: {process:?}")
        };
        self.await_that("the limit of the start to pass, and more", || {
            super::age(*alone) > seconds
        });
        assert_eq!(processes_of(&self.data), process);
        process
    }

    /// The processes of the jobs that run, by what the server says.
    pub(crate) fn job_processes(&self) -> Vec<u32> {
        let managers = self.get("/taskmanagers");
        let managers = managers.get("taskmanagers").and_then(Value::as_array);
        let pid = |manager: &Value| {
            let id = manager.get("id")?.as_str()?;
            id.split(':').nth(1)?.split('-').next()?.parse().ok()
        };
        managers.into_iter().flatten().filter_map(pid).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing that a failed test has started may outlive it.
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
        for pid in processes_of(&self.data) {
            kill(pid);
        }
    }
}

/// The port at which the server of process `pid` listens, as it says in its data directory; `None`: it does not say so yet.
fn port_of(data: &Path, pid: u32) -> Option<u16> {
    let text = fs::read_to_string(data.join("server.json")).ok()?;
    let server: Value = serde_json::from_str(&text).ok()?;
    // What a server that was killed has left behind says nothing of this one.
    if server.get("pid")?.as_u64()? != u64::from(pid) {
        return None;
    }
    let address = server.get("address")?.as_str()?;
    address.rsplit(':').next()?.parse().ok()
}

/// The last lines of a log, under its name.
fn tail(log: &Path) -> String {
    const LINES: usize = 60;
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines.get(lines.len().saturating_sub(LINES)..);
    format!(
        "--- {}\n{}\n",
        log.display(),
        tail.unwrap_or_default().join("\n")
    )
}

/// The arguments of the ingestion job that reads `in` and writes `out` of `directory`, and waits for more files.
pub(crate) fn endless(directory: &Path) -> Vec<String> {
    let input = directory.join("in");
    fs::create_dir_all(&input).expect("the input");
    fs::write(input.join("1.csv"), "id,name\n1,Ann\n").expect("written");
    vec![
        "--job.name=endless".to_owned(),
        "--source.type=csv".to_owned(),
        "--source.firstLine.schema=true".to_owned(),
        format!("--source.path={}", input.display()),
        "--source.watch.interval=20".to_owned(),
        "--source.file.settle=0".to_owned(),
        "--sink.type=file".to_owned(),
        format!("--sink.path={}", directory.join("out").display()),
    ]
}

/// One call; `None`: nobody answered.
pub(crate) fn try_call(
    port: u16,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Option<(u16, Value)> {
    let body = body.map(Value::to_string).unwrap_or_default();
    try_send(port, method, path, "application/json", &body)
}

fn try_send(port: u16, method: &str, path: &str, kind: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
        Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}
