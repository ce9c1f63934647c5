//! A package that was uploaded is there after a restart of the server, also where only the upload directory is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::Server;
use serde_json::Value;

/// A package that describes one job.
const PACKAGE: &str = "#!/bin/sh\necho '[{\"name\": \"com.example.Words\"}]'\n";

fn upload(server: &Server) -> String {
    let body = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"words_1.jar\"\r\n\r\n{PACKAGE}\r\n--cut--\r\n"
    );
    let headers = [
        ("host", "localhost"),
        ("user-agent", "test"),
        ("content-type", "multipart/form-data; boundary=cut"),
    ];
    let answer = server.send("POST", "/jars/upload", &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
    let path = answer.json().get("filename").cloned().unwrap_or_default();
    let path = path.as_str().expect("a path").to_owned();
    path.rsplit('/').next().expect("a name").to_owned()
}

/// The package `id` in the list.
fn listed<'a>(list: &'a Value, id: &str) -> Option<&'a Value> {
    let files = list.get("files").and_then(Value::as_array);
    let mut files = files.into_iter().flatten();
    files.find(|file| file.get("id").and_then(Value::as_str) == Some(id))
}

#[test]
fn by_its_record_and_by_its_file() {
    let uploads = tempfile::tempdir().expect("a directory");
    let place = uploads.path().display().to_string();
    let options = [("web.upload.dir", place.as_str())];
    let server = Server::start(&options);
    let id = upload(&server);
    let other = uploads.path().join("flink-web-upload").join("notes.txt");
    fs::write(&other, "no package").expect("written");
    let broken = "184c7703-fd94-4720-a9d2-42909adc152c_broken";
    let broken = uploads.path().join("flink-web-upload").join(broken);
    fs::write(&broken, "#!/bin/sh\nexit 1\n").expect("written");
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o700)).expect("executable");

    let data = server.end();
    let server = Server::start_on(data, &options);
    let list = server.ask("GET", "/jars", "").json();
    assert!(listed(&list, &id).is_some(), "its record is kept: {list}");
    drop(server.end());

    let server = Server::start(&options);
    let list = server.await_answer("/jars", |list| listed(list, &id).is_some());
    let found = listed(&list, &id).expect("it is there");
    assert_eq!(found.get("name"), Some(&Value::from("words_1.jar")));
    assert_eq!(
        found.pointer("/entry/0/name"),
        Some(&Value::from("com.example.Words"))
    );
    let files = list.get("files").and_then(Value::as_array);
    assert_eq!(files.map(Vec::len), Some(2), "nothing else is one: {list}");
    assert!(other.exists() && broken.exists(), "both stay");
    let deleted = server.ask("DELETE", &format!("/jars/{id}"), "");
    assert_eq!(deleted.status, 200, "{}", deleted.body);
    server.end();
}

#[test]
fn the_address_of_the_list_is_the_one_that_clients_use() {
    let options = [
        ("rest.bind-address", "0.0.0.0"),
        ("rest.auth.token", "open sesame, please"),
    ];
    let server = Server::start(&options);
    let list = server.ask("GET", "/jars", "").json();
    let address = list.get("address").and_then(Value::as_str);
    assert!(
        address.is_some_and(|address| address.starts_with("http://127.0.0.1:")),
        "{list}"
    );
    server.end();
}
