//! The witness: what Hadoop itself tells of files, and makes of them.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{Hdfs, web};
use crate::maven::java;
use crate::{Doing, Failure, Result};

/// A user who may do nothing that others may not.
const NOBODY: &str = "nobody";

/// A file or a directory as the NameNode tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name in its directory.
    pub name: String,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Bytes.
    pub length: u64,
}

impl Hdfs {
    /// Writes a file, whose directories are made, in the place of one that is there.
    ///
    /// # Errors
    /// It is refused.
    pub fn put(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let query = format!(
            "op=CREATE&overwrite=true&{}&namenoderpcaddress={}",
            self.who(),
            self.address()
        );
        self.ask_data_node("PUT", path, &query, bytes).map(drop)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// It is not there or can't be read.
    pub fn get(&self, path: &str) -> Result<Vec<u8>> {
        let query = format!(
            "op=OPEN&{}&namenoderpcaddress={}",
            self.who(),
            self.address()
        );
        self.ask_data_node("GET", path, &query, &[])
    }

    /// What lies in a directory, in order of names; nothing where there is none.
    ///
    /// # Errors
    /// The NameNode does not tell.
    pub fn list(&self, path: &str) -> Result<Vec<Entry>> {
        let answer = self.ask_name_node("GET", path, "op=LISTSTATUS");
        let answer = match answer {
            Err(failure) if failure.to_string().contains("FileNotFoundException") => {
                return Ok(Vec::new());
            }
            answer => answer?,
        };
        let entries = answer.pointer("/FileStatuses/FileStatus");
        let entries = entries.and_then(Value::as_array).into_iter().flatten();
        let text = |entry: &Value, name: &str| entry.get(name)?.as_str().map(str::to_owned);
        let mut found: Vec<Entry> = entries
            .filter_map(|entry| {
                Some(Entry {
                    name: text(entry, "pathSuffix")?,
                    is_directory: text(entry, "type")? == "DIRECTORY",
                    length: entry.get("length")?.as_u64()?,
                })
            })
            .collect();
        found.sort();
        Ok(found)
    }

    /// The paths of all files below a directory, hidden ones among them, in order.
    ///
    /// # Errors
    /// The NameNode does not tell.
    pub fn files(&self, path: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in self.list(path)? {
            let below = format!("{path}/{}", entry.name);
            if entry.is_directory {
                found.extend(self.files(&below)?);
            } else {
                found.push(below);
            }
        }
        Ok(found)
    }

    /// Renames a file.
    ///
    /// # Errors
    /// It is refused.
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        let query = format!("op=RENAME&destination={}", web::escaped(to));
        self.ask_name_node("PUT", from, &query).map(drop)
    }

    /// Makes a directory that nobody but its owner may use.
    ///
    /// # Errors
    /// It is refused.
    pub fn make_private(&self, path: &str) -> Result<()> {
        let query = "op=MKDIRS&permission=700";
        self.ask_name_node("PUT", path, query).map(drop)
    }

    /// A user who may do nothing that others may not.
    pub fn nobody(&self) -> &'static str {
        NOBODY
    }

    /// Begins to write a file by Hadoop's own client, which leaves it open until what is answered is closed.
    ///
    /// # Errors
    /// There is no Java.
    pub fn begin_file(&self, path: &str) -> Result<OpenFile> {
        let child = Command::new(java())
            .args(self.arguments(
                "org.apache.hadoop.fs.FsShell",
                &["-appendToFile", "-", path],
            ))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .doing(|| "run java (scripts/setup test installs it)".to_owned())?;
        let file = OpenFile(child);
        let what = format!("{path} to be there");
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.await_answer(&what, || {
            let entries = self.list(directory)?;
            Ok(entries.iter().any(|entry| entry.name == name).then_some(()))
        })?;
        Ok(file)
    }

    /// Who asks: the user of the nodes.
    fn who(&self) -> String {
        let token = self.realm.as_ref().and_then(|realm| realm.token.as_ref());
        match token {
            Some(token) => format!("delegation={token}"),
            None => format!("user.name={}", self.user),
        }
    }

    pub(super) fn ask_name_node(&self, method: &str, path: &str, query: &str) -> Result<Value> {
        let address = format!("127.0.0.1:{}", self.ports.name_http);
        let path = format!("/webhdfs/v1{}?{query}&{}", web::escaped(path), self.who());
        let answer = web::ask(&address, method, &path, &[])?.accepted()?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).doing(|| "read JSON".to_owned())
    }

    fn ask_data_node(&self, method: &str, path: &str, query: &str, body: &[u8]) -> Result<Vec<u8>> {
        let address = format!("127.0.0.1:{}", self.ports.data_http);
        let path = format!("/webhdfs/v1{}?{query}", web::escaped(path));
        web::ask(&address, method, &path, body)?.accepted()
    }
}

/// A file that Hadoop's own client is writing. Dropped: the client is killed, and the file stays open.
pub struct OpenFile(Child);

impl OpenFile {
    /// Gives the client bytes to write.
    ///
    /// # Errors
    /// It has ended.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let stdin = self.0.stdin.as_mut();
        let mut stdin = stdin.ok_or_else(|| Failure::new("the file is closed"))?;
        Write::write_all(&mut stdin, bytes).doing(|| "write to Hadoop's client".to_owned())
    }

    /// Has the client close the file.
    ///
    /// # Errors
    /// It can't.
    pub fn close(mut self) -> Result<()> {
        drop(self.0.stdin.take());
        let status = self
            .0
            .wait()
            .doing(|| "wait for Hadoop's client".to_owned())?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("Hadoop's client ends with {status}")))
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
