//! `millstream infer s3://…` finds out the types of what lies in an object store: of a key, and of the first object below one.

use crate::common::millstream;
use crate::common::objects::url;
use crate::common::remote::{TYPED, assert_types_are_found};
use millstream_services::seaweed::Seaweed;

#[test]
fn and_a_command_reads_them() {
    let store = Seaweed::start().expect("an object store");
    let directory = tempfile::tempdir().expect("a directory");
    store.put("in/b.csv", TYPED.as_bytes()).expect("is put");
    store.put("in/_hidden", b"no csv").expect("is put");
    store.put("in/_deeper/a.csv", b"no,csv").expect("is put");
    for what in ["in", "in/b.csv"] {
        assert_types_are_found(directory.path(), &[], &store.options(), &url(what));
    }
    let mut words = vec!["infer".to_owned()];
    words.extend(store.options());
    words.push(url("nothing"));
    let said = millstream(&words);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.error().contains("holds no file"), "{}", said.err);
}
