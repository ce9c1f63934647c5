//! Asking the server over REST. It must speak plain HTTP.

use serde_json::{Value, json};

use super::{Server, endless};
use crate::common::rest;

impl Server {
    /// What the server answers.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let token = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let token = token.iter().map(|token| ("authorization", token.as_str()));
        let headers: Vec<_> = token.chain([rest::JSON]).collect();
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = rest::try_send(self.port(), method, path, &headers, body.as_bytes());
        let Some((status, body)) = answer else {
            unreachable!("no answer to {method} {path}\n{}", self.log())
        };
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// What `GET path` answers, which must be well.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// What `POST path` answers, which must be well.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.call("POST", path, Some(body));
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// Asks until the answer is as wanted.
    #[track_caller]
    pub(crate) fn await_answer<T>(
        &self,
        path: &str,
        wanted: impl Fn(u16, &Value) -> Option<T>,
    ) -> T {
        self.await_call("GET", path, wanted)
    }

    /// Calls until the answer is as wanted.
    #[track_caller]
    pub(crate) fn await_call<T>(
        &self,
        method: &str,
        path: &str,
        wanted: impl Fn(u16, &Value) -> Option<T>,
    ) -> T {
        self.await_found(|| {
            let (status, body) = self.call(method, path, None);
            wanted(status, &body).ok_or_else(|| format!("{path} stays {status} {body}"))
        })
    }

    /// Waits until a job has a status.
    #[track_caller]
    pub(crate) fn await_status(&self, id: &str, wanted: &str) {
        self.await_answer(&format!("/jobs/{id}/status"), |_, body| {
            (body.get("status")? == wanted).then_some(())
        });
    }

    /// Uploads an executable as a package, and answers its id.
    #[track_caller]
    pub(crate) fn upload(&self, name: &str, content: &str) -> String {
        let (status, answer) = rest::upload(self.port(), name, content.as_bytes());
        assert_eq!(status, 200, "{answer}");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let path = answer.get("filename").and_then(Value::as_str);
        let id = path.and_then(|path| path.rsplit('/').next());
        id.expect("a path").to_owned()
    }

    /// Asks for the endless job of package `package`, which reads `in` and writes `out`, with `options` of its own.
    pub(crate) fn run_package(&self, package: &str, options: &Value) -> (u16, Value) {
        let body = json!({
            "entryClass": "ingest",
            "programArgsList": endless(&self.directory),
            "flinkConfiguration": options,
        });
        self.call("POST", &format!("/jars/{package}/run"), Some(&body))
    }

    /// Submits the endless job of the built-in package, and answers its id once it runs.
    #[track_caller]
    pub(crate) fn submit_running(&self, options: &Value) -> String {
        self.await_running(&self.run_package("ingest", options))
    }

    /// Submits a job of package `package`, and answers its id once it runs.
    #[track_caller]
    pub(crate) fn run_job(&self, package: &str, body: &Value) -> String {
        self.await_running(&self.call("POST", &format!("/jars/{package}/run"), Some(body)))
    }

    #[track_caller]
    fn await_running(&self, (status, answer): &(u16, Value)) -> String {
        assert_eq!(*status, 200, "{answer}");
        let id = answer.get("jobid").and_then(Value::as_str);
        let id = id.expect("an id").to_owned();
        // One that has little to do has ended before it is asked for.
        self.await_answer(&format!("/jobs/{id}/status"), |_, body| {
            let status = body.get("status")?;
            (status == "RUNNING" || status == "FINISHED").then_some(())
        });
        id
    }

    /// Cancels a job, and waits until it is.
    #[track_caller]
    pub(crate) fn cancel(&self, id: &str) {
        let (status, answer) = self.call("PATCH", &format!("/jobs/{id}"), None);
        assert_eq!(status, 202, "{answer}");
        self.await_status(id, "CANCELED");
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

    /// The process of the only job that runs.
    pub(crate) fn job_process(&self) -> u32 {
        let processes = self.job_processes();
        let [alone] = processes.as_slice() else {
            unreachable!("one process: {processes:?}")
        };
        *alone
    }
}
