//! What an object store promises that sources and sinks build on, asked of a real one: uploads are seen when they are completed and
//! not before, completing twice is told from losing, listings have pages, and what was replaced is not read on.

use std::io::Read;

use bytes::Bytes;
use millstream_objects::{Entry, ObjectFile, S3Settings, Store, Stores, Trouble, Unfinished};
use millstream_services::seaweed::{ACCESS_KEY, BUCKET, SECRET_KEY, Seaweed};

fn settings(store: &Seaweed) -> S3Settings {
    S3Settings {
        endpoint: Some(store.endpoint()),
        access_key: Some(ACCESS_KEY.to_owned()),
        secret_key: Some(SECRET_KEY.to_owned()),
        allows_http: true,
        ..S3Settings::default()
    }
}

/// One store for all, which takes seconds to start.
#[test]
fn a_store_does_what_is_built_on() {
    let mut server = Seaweed::start().expect("an object store");
    let stores = Stores::new(settings(&server));
    let store = stores.open(BUCKET).expect("settings");
    uploads_are_seen_once_they_are_completed(&server, &store);
    uploads_that_nobody_completes_are_found(&store);
    however_many_they_are(&store);
    listings_have_pages(&store);
    objects_are_read_like_files(&store);
    what_is_wrong_is_told_apart(&server, &store);
    what_was_acknowledged_outlives_the_server(&mut server, &store);
}

fn write(store: &Store, key: &str, bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    let (upload, part) = store.upload_whole(key, bytes).wait().expect("is uploaded");
    store
        .complete(key, &upload, &[part])
        .wait()
        .expect("is completed");
}

fn uploads_are_seen_once_they_are_completed(server: &Seaweed, store: &Store) {
    let first = Bytes::from(vec![b'a'; 5 << 20]);
    let last = Bytes::from_static(b"b");
    let key = "out/day=1/a%2Fb c/part ü.json";
    let upload = store.begin_upload(key).wait().expect("is begun");
    let under_way = [
        store.upload_part(key, &upload, 0, first),
        store.upload_part(key, &upload, 1, last),
    ];
    let parts: Vec<String> = under_way
        .into_iter()
        .map(|part| part.wait().expect("is uploaded"))
        .collect();
    assert_eq!(store.head(key).expect("is told"), None);
    store
        .complete(key, &upload, &parts)
        .wait()
        .expect("is completed");
    let there = store.head(key).expect("is told").expect("is there");
    assert_eq!(there.size, (5 << 20) + 1);
    assert!(server.get(key).expect("is told").is_some());
    // Somebody has not heard that it was completed.
    if let Err(error) = store.complete(key, &upload, &parts).wait() {
        assert_eq!(error.trouble(), Trouble::Absent, "{error}");
    }
    assert_eq!(store.head(key).expect("is told"), Some(there));
    // And what was aborted is lost.
    let upload = store.begin_upload("out/lost").wait().expect("is begun");
    let part = store.upload_part("out/lost", &upload, 0, Bytes::from_static(b"x"));
    let part = part.wait().expect("is uploaded");
    store.abort("out/lost", &upload).expect("is aborted");
    store.abort("out/lost", &upload).expect("is no error");
    let lost = store.complete("out/lost", &upload, &[part]).wait();
    assert_eq!(lost.expect_err("is lost").trouble(), Trouble::Absent);
    assert_eq!(store.head("out/lost").expect("is told"), None);
}

fn uploads_that_nobody_completes_are_found(store: &Store) {
    let begun: Vec<Unfinished> = ["left/a", "left/k=ä b/c", "other/d"]
        .into_iter()
        .map(|key| Unfinished {
            key: key.to_owned(),
            upload: store.begin_upload(key).wait().expect("is begun"),
        })
        .collect();
    let mut found = store.unfinished("left/").expect("a list");
    found.sort_by(|a, b| a.key.cmp(&b.key));
    assert!(found.iter().eq(begun.iter().take(2)), "{found:?}");
    for upload in &begun {
        store
            .abort(&upload.key, &upload.upload)
            .expect("is aborted");
    }
    assert_eq!(store.unfinished("").expect("a list"), []);
}

fn however_many_they_are(store: &Store) {
    const COUNT: usize = 1_100;
    let keys: Vec<String> = (0..COUNT)
        .map(|number| format!("left/{number:04}"))
        .collect();
    for keys in keys.chunks(64) {
        let under_way: Vec<_> = keys.iter().map(|key| store.begin_upload(key)).collect();
        for begun in under_way {
            begun.wait().expect("is begun");
        }
    }
    let found = store.unfinished("left/").expect("a list");
    let mut named: Vec<&str> = found.iter().map(|upload| upload.key.as_str()).collect();
    named.sort_unstable();
    assert!(named.iter().eq(keys.iter()), "{} uploads", named.len());
    for upload in &found {
        store
            .abort(&upload.key, &upload.upload)
            .expect("is aborted");
    }
    assert_eq!(store.unfinished("").expect("a list"), []);
}

fn listings_have_pages(store: &Store) {
    const COUNT: usize = 1_100;
    let names: Vec<String> = (0..COUNT).map(|number| format!("{number:04}")).collect();
    for names in names.chunks(64) {
        let under_way: Vec<_> = names
            .iter()
            .map(|name| {
                let key = format!("many/{name}");
                let bytes = Bytes::copy_from_slice(name.as_bytes());
                (store.upload_whole(&key, bytes), key)
            })
            .collect();
        for (upload, key) in under_way {
            let (upload, part) = upload.wait().expect("is uploaded");
            store
                .complete(&key, &upload, &[part])
                .wait()
                .expect("is completed");
        }
    }
    write(store, "many/below/x", b"x");
    let mut pages = store.list("many/");
    let (mut found, mut directories, mut count) = (Vec::new(), Vec::new(), 0);
    while let Some(page) = pages.next_page().expect("a page") {
        count += 1;
        for entry in page {
            match entry {
                Entry::Object(name, object) => {
                    let looked = store.head(&object.key).expect("is told");
                    if found.len() % 100 == 0 {
                        assert_eq!(looked, Some(object), "as the listing says");
                    }
                    found.push(name);
                }
                Entry::Directory(name) => directories.push(name),
            }
        }
    }
    assert!(count > 1, "{count} pages");
    found.sort();
    assert_eq!(found, names);
    assert_eq!(directories, ["below"]);
    let none = store.list("nothing/").next_page().expect("a page");
    assert_eq!(none.unwrap_or_default(), []);
}

fn objects_are_read_like_files(store: &Store) {
    let content: Vec<u8> = (0..3_500_000_u32).map(|byte| (byte % 251) as u8).collect();
    write(store, "read/a", &content);
    let size = content.len() as u64;
    let file = ObjectFile::open(store, "read/a", size, 2).expect("is opened");
    let mut read = Vec::new();
    file.reader().read_to_end(&mut read).expect("is read");
    assert!(read == content, "from its beginning to its end");
    for (from, length) in [
        (0, 4),
        (3_499_996, 4),
        (1_048_570, 12),
        (500_000, 2_500_000),
    ] {
        let bytes = file.bytes(from, length).expect("are read");
        let from = from as usize;
        assert!(
            content.get(from..from + length) == Some(bytes.as_ref()),
            "{length} bytes at {from}"
        );
    }
    assert!(file.bytes(size - 1, 2).is_err(), "behind its end");
    assert_eq!(file.read_at(&mut [0; 4], size).expect("is told"), 0);
    // Another one in its place is not read as if it were this one.
    write(store, "read/a", &vec![b'z'; content.len()]);
    let fresh = ObjectFile::open(store, "read/a", size, 2).expect("is opened");
    assert_ne!(fresh.object().etag, file.object().etag);
    let changed = file
        .bytes(2_200_000, 1_200_000)
        .expect_err("is another one");
    assert_eq!(changed.trouble(), Trouble::Changed, "{changed}");
    store.copy("read/a", "read/b").expect("is copied");
    let copy = store.head("read/b").expect("is told").expect("is there");
    assert_eq!(copy.content(), fresh.object().content());
    store.delete("read/a").expect("is deleted");
    store.delete("read/a").expect("is no error");
    let absent = ObjectFile::open(store, "read/a", size, 2).expect_err("is gone");
    assert_eq!(absent.trouble(), Trouble::Absent);
    write(store, "read/empty", b"");
    let empty = ObjectFile::open(store, "read/empty", 0, 2).expect("is opened");
    assert_eq!(empty.read_at(&mut [0; 4], 0).expect("is told"), 0);
}

fn what_is_wrong_is_told_apart(server: &Seaweed, store: &Store) {
    let trouble = |settings: S3Settings, bucket: &str| {
        let store = Stores::new(settings).open(bucket).expect("settings");
        let error = store.list("").next_page().expect_err("does not work");
        (error.trouble(), error.to_string())
    };
    let (told, words) = trouble(settings(server), "no-such-bucket");
    assert_eq!(told, Trouble::NoBucket, "{words}");
    let wrong = S3Settings {
        secret_key: Some("wrong".to_owned()),
        ..settings(server)
    };
    let (told, words) = trouble(wrong, BUCKET);
    assert_eq!(told, Trouble::Denied, "{words}");
    assert_eq!(store.head("nothing").expect("is told"), None);
}

fn what_was_acknowledged_outlives_the_server(server: &mut Seaweed, store: &Store) {
    write(store, "kept/a", b"a");
    let upload = store.begin_upload("kept/b").wait().expect("is begun");
    let part = store.upload_part("kept/b", &upload, 0, Bytes::from_static(b"b"));
    let part = part.wait().expect("is uploaded");
    server.kill();
    let away = store.head("kept/a").expect_err("nobody answers");
    assert_eq!(away.trouble(), Trouble::Unreachable, "{away}");
    server.restart().expect("starts again");
    assert!(store.head("kept/a").expect("is told").is_some());
    store
        .complete("kept/b", &upload, &[part])
        .wait()
        .expect("is completed");
    assert_eq!(
        server.get("kept/b").expect("is told").as_deref(),
        Some(&b"b"[..])
    );
}
