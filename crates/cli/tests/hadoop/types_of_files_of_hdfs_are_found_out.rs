//! `millstream infer hdfs://…` finds out the types of what lies in HDFS: of a file, and of the first one in a directory.

use crate::common::remote::{TYPED, assert_types_are_found};
use millstream_services::hdfs::Hdfs;

#[test]
fn and_a_command_reads_them() {
    let store = Hdfs::start().expect("HDFS");
    let directory = tempfile::tempdir().expect("a directory");
    for (path, text) in [
        ("/in/b.csv", TYPED),
        ("/in/_hidden", "no csv"),
        ("/in/_deeper/a.csv", "no,csv"),
    ] {
        store.put(path, text.as_bytes()).expect("is put");
    }
    let settings = store.configuration();
    let environment = [("HADOOP_CONF_DIR", settings.to_str().expect("text"))];
    for what in [store.url("/in"), "hdfs:///in/b.csv".to_owned()] {
        assert_types_are_found(directory.path(), &environment, &[], &what);
    }
}
