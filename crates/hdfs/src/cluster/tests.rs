use super::{Status, address, has_open_block};
use crate::site::Site;

fn site(settings: &str) -> Site {
    let directory = tempfile::tempdir().expect("a directory");
    let text = format!("<configuration>{settings}</configuration>");
    std::fs::write(directory.path().join("hdfs-site.xml"), text).expect("is written");
    Site::read(directory.path()).expect("settings")
}

#[test]
fn a_cluster_is_found_by_each_kind_of_name() {
    let none = Site::default();
    assert_eq!(address("nn:9000", &none).ok().as_deref(), Some("nn:9000"));
    assert_eq!(address("nn", &none).ok().as_deref(), Some("nn:8020"));
    let told = address("", &none).expect_err("nothing says which");
    assert!(told.to_string().contains("fs.defaultFS"), "{told}");
    let ha = site(
        "<property><name>fs.defaultFS</name><value>hdfs://ns</value></property>\
         <property><name>dfs.ha.namenodes.ns</name><value>a,b</value></property>",
    );
    assert_eq!(address("", &ha).ok().as_deref(), Some("ns"));
    assert_eq!(address("ns", &ha).ok().as_deref(), Some("ns"));
    assert_eq!(address("Other", &ha).ok().as_deref(), Some("other:8020"));
    let ha = site("<property><name>dfs.ha.namenodes.NameS</name><value>a,b</value></property>");
    assert_eq!(address("NameS", &ha).ok().as_deref(), Some("NameS"));
}

#[test]
fn a_file_that_is_being_written_takes_a_whole_block() {
    let status = |size, replication| Status {
        name: "x".to_owned(),
        size,
        modified: 0,
        accessed: 0,
        is_directory: false,
        replication,
        block: 128,
    };
    for (size, copies, space, open) in [
        (0, 3, 0, false),
        (0, 3, 384, true),
        (100, 3, 300, false),
        (100, 1, 128, true),
        (128, 1, 128, false),
        (128, 1, 256, true),
        (130, 1, 256, true),
        // Erasure codes: six blocks and three of parity.
        (768, 1, 1_152, false),
        (100, 1, 400, false),
    ] {
        assert_eq!(
            has_open_block(&status(size, copies), space),
            open,
            "{size} {space}"
        );
    }
}
