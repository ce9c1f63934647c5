use serde_json::json;

use super::*;

/// As a snapshot holds it, with these fields more.
fn file(more: &serde_json::Value) -> PreparedFile {
    let mut value = json!({
        "version": VERSION,
        "directory": "/data/out",
        "hidden": ".part-1.prepared",
        "name": "part-1.txt",
        "bytes": 1,
    });
    for (name, field) in more.as_object().expect("fields") {
        value[name.as_str()] = field.clone();
    }
    let name = "part-1.txt".to_owned();
    PreparedFile::parse(&Committable { name, value }).expect("a file")
}

#[test]
fn a_directory_is_told_from_that_in_which_a_file_was_prepared() {
    let identity = json!({"device": 1, "inode": 2});
    let there = |inode, is_root| Spot {
        identity: Identity { device: 1, inode },
        is_root,
    };
    let (root, plain) = (Some(true), Some(false));
    let table = [
        (json!({}), there(3, root), None),
        (json!({"identity": identity}), there(2, plain), None),
        (
            json!({"identity": identity}),
            there(3, root),
            Some(Differs::ByNumber),
        ),
        (
            json!({"identity": identity, "mount_root": false}),
            there(2, root),
            None,
        ),
        (
            json!({"identity": identity, "mount_root": false}),
            there(3, plain),
            Some(Differs::ByNumber),
        ),
        (
            json!({"identity": identity, "mount_root": false}),
            there(3, None),
            Some(Differs::ByNumber),
        ),
        (
            json!({"identity": identity, "mount_root": false}),
            there(3, root),
            Some(Differs::ByMount),
        ),
        (
            json!({"identity": identity, "mount_root": true}),
            there(3, plain),
            Some(Differs::ByMount),
        ),
    ];
    for (fields, there, expected) in table {
        assert_eq!(
            file(&fields).differs(&there),
            expected,
            "{fields} {there:?}"
        );
    }
}
