use std::path::{Path, PathBuf};

use super::{is_in_store, resolved, store_of};

#[test]
fn paths_tell_what_keeps_them() {
    for (path, expected) in [
        ("s3://bucket/cp", true),
        ("/data/cp", false),
        ("/data/a://b", false),
        ("data/cp", false),
        ("s3:", false),
        ("", false),
    ] {
        assert_eq!(is_in_store(Path::new(path)), expected, "{path}");
    }
}

#[test]
fn a_store_is_known_by_its_bucket_or_machine() {
    for (path, expected) in [
        ("s3://bucket/cp/a", Some("s3://bucket")),
        ("s3://bucket", Some("s3://bucket")),
        ("hdfs://nn:8020/cp", Some("hdfs://nn:8020")),
        ("/data/cp", None),
        ("/data/a://b", None),
    ] {
        assert_eq!(store_of(Path::new(path)), expected, "{path}");
    }
}

#[test]
fn paths_of_stores_lead_nowhere_but_into_the_bucket() {
    for (path, leads_to) in [
        ("s3://b/cp/chk-3/../shared/x", "s3://b/cp/shared/x"),
        ("s3://b//cp/./x/", "s3://b/cp/x"),
        ("s3://b/../../x", "s3://b/x"),
        (
            "hdfs://nn:8020/cp/chk-3/../shared/x",
            "hdfs://nn:8020/cp/shared/x",
        ),
        ("hdfs:///../cp//x", "hdfs:///cp/x"),
        ("/data/../x", "/data/../x"),
    ] {
        assert_eq!(resolved(Path::new(path)), PathBuf::from(leads_to), "{path}");
    }
}
