//! A metastore that speaks TLS is asked over it, if it can be trusted. Whoever asks otherwise than a metastore speaks is told so in
//! one line.

use std::fs;

use super::tables_of_hive_are_read_from_their_files::read;
use millstream_services::hive::Hive;

const TABLE: &str = "shop.plain";

fn read_at(hive: &Hive, url: &str) -> (Option<i32>, String, Vec<String>) {
    let url = format!("--source.db.url={url}");
    let (said, found) = read(hive, TABLE, &[&url]);
    (said.code, said.err, found)
}

#[track_caller]
fn is_told(hive: &Hive, url: &str, words: &[&str]) {
    let (code, said, _) = read_at(hive, url);
    assert_eq!(code, Some(1), "{url}: {said}");
    let is_told = |line: &str| words.iter().all(|word| line.contains(word));
    assert!(said.lines().any(is_told), "{url}: {words:?}: {said}");
}

#[test]
fn and_only_as_they_speak() {
    let mut hive = Hive::start_with_metastore().expect("Hive with a metastore");
    let file = hive.directory().join("plain.txt");
    fs::write(&file, "1,a\n2,b\n").expect("a file");
    let file = file.display();
    let statements = format!(
        "create database shop;
         create external table {TABLE} (id int, text string) row format delimited fields terminated by ',';
         load data local inpath '{file}' into table {TABLE}"
    );
    hive.run(&statements).expect("a table");
    let clear = hive.metastore();
    let unasked = format!("{clear};ssl=true");
    is_told(
        &hive,
        &unasked,
        &["MS-6060", "TLS", "leave ssl and sslTrustStore out"],
    );

    hive.encrypt_metastore().expect("a metastore over TLS");
    let certificate = hive.certificate();
    let trusting = format!(";ssl=true;sslTrustStore={}", certificate.display());
    let (code, said, found) = read_at(&hive, &format!("{clear}{trusting}"));
    let rows = [r#"{"id":1,"text":"a"}"#, r#"{"id":2,"text":"b"}"#].map(str::to_owned);
    assert_eq!((code, found), (Some(0), rows.to_vec()), "{said}");

    is_told(&hive, &clear, &["MS-6060", "speaks TLS", ";ssl=true"]);
    is_told(
        &hive,
        &unasked,
        &["MS-6060", "can't be trusted", "sslTrustStore"],
    );
    let elsewhere = clear.replace("127.0.0.1", "127.0.0.2");
    is_told(
        &hive,
        &format!("{elsewhere}{trusting}"),
        &["MS-6060", "127.0.0.2", "can't be trusted"],
    );
    is_told(
        &hive,
        &format!("{unasked};sslTrustStore=/nowhere.pem"),
        &["MS-1002", "/nowhere.pem"],
    );
}
