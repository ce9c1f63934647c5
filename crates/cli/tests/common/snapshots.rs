//! Snapshots of jobs that lie elsewhere than on a disk of this machine: jobs go on from them, one job has them at a time, a server
//! keeps and disposes of them, and what is damaged, absent or away is told apart.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::objects::CSV;
use super::processes::{kill, processes_of};
use super::remote::Keeps;
use super::server::{Server, endless, first_file};
use super::{ONCE, Running, running};

const CONTINUOUSLY: &str = "--source.watch.type=PROCESS_CONTINUOUSLY";

/// A place with everything that there is to be shown of it.
pub(crate) struct Snapshots<'a>(pub(crate) &'a dyn Keeps);

/// The output of so many files.
fn expected(files: u64) -> Vec<String> {
    let rows = (0..files).flat_map(|file| (0..10).map(move |row| (file, row)));
    let mut lines: Vec<String> = rows
        .map(|(file, row)| format!("{{\"id\":\"{file}\",\"name\":\"{row}\"}}"))
        .collect();
    lines.sort();
    lines
}

fn endless_of(directory: &Path) -> Vec<String> {
    let mut all = endless(directory);
    all.retain(|word| !word.starts_with("--job.name"));
    all
}

impl Snapshots<'_> {
    /// The job from `<of>/in` to `<of>/out`, with all of its snapshots below `<of>`.
    pub(crate) fn started(
        &self,
        directory: &Path,
        of: &str,
        options: &[&str],
        more: &[&str],
    ) -> Command {
        let (from, to) = (format!("{of}/in"), format!("{of}/out"));
        let checkpoints = format!(
            "-Dstate.checkpoints.dir={}",
            self.0.url(&format!("{of}/cp"))
        );
        let savepoints = format!("-Dstate.savepoints.dir={}", self.0.url(&format!("{of}/sp")));
        let options = [&[checkpoints.as_str(), &savepoints], options].concat();
        let parameters = [&CSV[..], more].concat();
        self.0.job(directory, (&from, &to), &options, &parameters)
    }

    /// Adds a file of ten rows to the input.
    pub(crate) fn put(&self, of: &str, file: u64) {
        let rows: String = (0..10).map(|row| format!("{file},{row}\n")).collect();
        let text = format!("id,name\n{rows}");
        let key = format!("{of}/in/{file:03}.csv");
        self.0.put(&key, text.as_bytes());
    }

    pub(crate) fn a_job_goes_on_from_what_lies_there(&self) {
        let place = tempfile::tempdir().expect("a directory");
        let directory = place.path();
        self.put("goes-on", 0);
        let first = self.started(directory, "goes-on", &[], &[CONTINUOUSLY]);
        let mut first = Running::start(first);
        first.await_log("Completed checkpoint");
        let latest = ["-s", "latest"];
        let said = running::run(self.started(directory, "goes-on", &latest, &[ONCE]));
        assert!(said.error().contains("belong to job job"), "{}", said.err);
        first.kill();
        self.put("goes-on", 1);
        let second = self.started(directory, "goes-on", &latest, &[CONTINUOUSLY]);
        let mut second = Running::start(second);
        second.await_log("Completed checkpoint");
        let said = second.suspend();
        assert_eq!(said.code, Some(0), "{}", said.err);
        let metadata = self.0.keys("goes-on/sp");
        let is_one = |key: &&String| key.ends_with("/_metadata");
        let metadata: Vec<&String> = metadata.iter().filter(is_one).collect();
        assert_eq!(metadata.len(), 1, "{}", said.err);
        let savepoint = self.0.url(metadata.first().expect("one").as_str());
        self.put("goes-on", 2);
        let from = ["-s", savepoint.as_str()];
        let said = running::run(self.started(directory, "goes-on", &from, &[ONCE]));
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!(self.0.lines("goes-on/out"), expected(3), "{}", said.err);
        assert!(!directory.join("data/checkpoints").exists());
    }

    /// It is deleted when a newer checkpoint is complete, and what came before it is not read again.
    pub(crate) fn a_savepoint_is_claimed(&self) {
        let place = tempfile::tempdir().expect("a directory");
        let directory = place.path();
        self.put("claimed", 0);
        let first = self.started(directory, "claimed", &[], &[CONTINUOUSLY]);
        let mut first = Running::start(first);
        first.await_log("Completed checkpoint");
        let savepoint = first.suspend().savepoint().to_owned();
        assert!(!self.0.keys("claimed/sp").is_empty(), "{savepoint}");
        let claim = ["-s", &savepoint, "--claimMode", "CLAIM"];
        let next = self.started(directory, "claimed", &claim, &[CONTINUOUSLY]);
        let mut next = Running::start(next);
        next.await_checkpoint();
        assert_eq!(self.0.keys("claimed/sp"), Vec::<String>::new());
        self.put("claimed", 1);
        next.kill();
        let latest = ["-s", "latest"];
        let said = running::run(self.started(directory, "claimed", &latest, &[ONCE]));
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!(self.0.lines("claimed/out"), expected(2), "{}", said.err);
    }

    pub(crate) fn what_cannot_be_gone_on_from_is_told_apart(&self) {
        let place = tempfile::tempdir().expect("a directory");
        let from = |path: &str| {
            let options = ["-s", path];
            let said = running::run(self.started(place.path(), "apart", &options, &[ONCE]));
            assert_eq!(said.code, Some(1), "{path}: {}", said.err);
            said.error().to_owned()
        };
        self.put("apart", 0);
        let told = from(&self.0.url("apart/sp/none"));
        assert!(
            told.contains("MS-3001") && told.contains("does not exist"),
            "{told}"
        );
        let told = from(&self.0.away());
        assert!(
            told.contains("MS-3010") && told.contains("can't be reached"),
            "{told}"
        );
        let told = from(&self.0.no_place());
        assert!(told.contains("is no place in a store"), "{told}");
        // A snapshot whose state is another than was written.
        let first = self.started(place.path(), "apart", &[], &[CONTINUOUSLY]);
        let mut first = Running::start(first);
        first.await_log("Completed checkpoint");
        first.suspend();
        let savepoint = self.0.keys("apart/sp");
        let state = savepoint.iter().find(|key| key.ends_with(".opaque"));
        let state = state.expect("state").clone();
        let mut bytes = self.0.get(&state);
        bytes.iter_mut().for_each(|byte| *byte ^= 1);
        self.0.put(&state, &bytes);
        let directory = state.rsplit_once('/').expect("a directory").0;
        let told = from(&self.0.url(directory));
        assert!(
            told.contains("MS-3003") || told.contains("is damaged"),
            "{told}"
        );
    }

    /// A server whose jobs keep their snapshots below `server`.
    fn served(&self, directory: &Path) -> Server {
        let mut options = self.0.options();
        for (option, key) in [("checkpoints", "server/cp"), ("savepoints", "server/sp")] {
            options.push(format!("-Dstate.{option}.dir={}", self.0.url(key)));
        }
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        Server::started(directory, &options)
    }

    /// The highest number of a checkpoint of a job that is there.
    fn newest(&self, job: &str) -> Option<u64> {
        let all = self.0.keys(&format!("server/cp/{job}"));
        let numbers = all.iter().filter_map(|key| {
            let (_, behind) = key.strip_suffix("/_metadata")?.split_once("/chk-")?;
            behind.parse().ok()
        });
        numbers.max()
    }

    /// A savepoint that is asked for over REST, in a place of its own.
    fn savepoint(&self, server: &Server, job: &str) -> String {
        let target = json!({"target-directory": self.0.url("server/named")});
        let trigger = server.post(&format!("/jobs/{job}/savepoints"), &target);
        let request = trigger.get("request-id").and_then(|id| id.as_str());
        let path = format!("/jobs/{job}/savepoints/{}", request.expect("an id"));
        server.await_answer(&path, |_, answer| {
            let location = answer.pointer("/operation/location");
            location.and_then(|text| text.as_str()).map(str::to_owned)
        })
    }

    pub(crate) fn a_server_keeps_and_disposes_of_them(&self) {
        let place = tempfile::tempdir().expect("a directory");
        let directory = place.path();
        let server = self.served(directory);
        first_file(directory);
        let mut parameters = endless_of(directory);
        let retry = ["maxNumberRestartAttempts=3", "backoffTimeMS=100"];
        parameters.extend(retry.map(|option| format!("--job.retry.{option}")));
        let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
        let often = ["-Dexecution.checkpointing.interval=100 ms"];
        let job = server.submit_with("kept", &often, &parameters);
        server.await_that("a checkpoint", || self.newest(&job).is_some());
        // Its process is killed, and the next one has the lease at once.
        let before = self.newest(&job);
        for process in processes_of(&server.data) {
            if process != server.pid() {
                kill(process);
            }
        }
        server.await_that("a checkpoint of the next process", || {
            self.newest(&job) > before
        });
        let named = self.savepoint(&server, &job);
        let expected = self.0.url("server/named/savepoint-");
        assert!(named.starts_with(&expected), "{named}");
        assert!(!self.0.keys("server/named").is_empty());
        server.succeed(&["savepoint", "-d", &named]);
        assert_eq!(self.0.keys("server/named"), Vec::<String>::new());
        self.what_is_needed_or_foreign_stays(&server, &job);
        let last = self.0.url("server/last");
        let said = server.succeed(&["stop", "--savepointPath", &last, &job]);
        let mut words = said.split_whitespace();
        let last = words.find(|word| word.starts_with(&last)).expect(&said);
        super::put(directory, "in/2.csv", "id,name\n2,Bob\n");
        let options = ["-s", last, "-Dexecution.checkpointing.interval=1 h"];
        let next = server.submit_with("kept", &options, &parameters);
        server.await_status(&next, "RUNNING");
        let said = server.run(&["savepoint", "-d", last]);
        let told = said.error();
        assert!(told.contains("would go back to it"), "{told}");
        // What is new is committed before the job ends.
        server.succeed(&["set", &next, "execution.checkpointing.interval=100 ms"]);
        let output = directory.join("out");
        server.await_that("the new record", || super::lines(&output).len() == 2);
        server.succeed(&["stop", &next]);
        server.succeed(&["savepoint", "-d", last]);
        assert_eq!(self.0.keys("server/last"), Vec::<String>::new());
        assert_eq!(super::lines(&output).len(), 2);
        server.end();
    }

    fn what_is_needed_or_foreign_stays(&self, server: &Server, job: &str) {
        let own = self.0.keys(&format!("server/cp/{job}"));
        let own = own.iter().rfind(|key| key.ends_with("/_metadata"));
        if let Some((own, _)) = own.and_then(|key| key.rsplit_once('/')) {
            let said = server.run(&["savepoint", "-d", &self.0.url(own)]);
            assert_eq!(said.code, Some(1), "{}", said.out);
        }
        self.0.put("server/foreign/_metadata", b"not ours");
        let said = server.run(&["savepoint", "-d", &self.0.url("server/foreign")]);
        assert_eq!(said.code, Some(1), "{}", said.out);
        assert_eq!(self.0.keys("server/foreign").len(), 1);
    }
}
