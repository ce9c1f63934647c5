//! Files of a real cluster: they are written and read back, renamed without replacing anything, and what is wrong is told apart.

use bytes::Bytes;
use millstream_hdfs::{Cluster, Clusters, FileState, HdfsFile, HdfsSettings, HdfsUrl, Trouble};
use millstream_services::hdfs::Hdfs;

fn open(hdfs: &Hdfs, authority: &str, user: Option<&str>) -> Cluster {
    let settings = HdfsSettings {
        directory: Some(hdfs.configuration()),
        user: user.map(str::to_owned),
        ..HdfsSettings::default()
    };
    let url = HdfsUrl::parse(&format!("hdfs://{authority}/")).expect("a URL");
    Clusters::new(settings).open(&url).expect("settings")
}

fn write(cluster: &Cluster, path: &str, bytes: &[u8]) {
    let mut writer = cluster.create(path).expect("is made");
    writer
        .write(Bytes::copy_from_slice(bytes))
        .expect("is written");
    writer.close().wait().expect("is closed");
}

/// One pair of nodes for all, which take seconds to start.
#[test]
fn and_what_is_wrong_is_told_apart() {
    let mut hdfs = Hdfs::start().expect("HDFS");
    let cluster = open(&hdfs, &hdfs.address(), None);
    every_name_leads_to_the_same(&hdfs, &cluster);
    settings_hold_however_they_are_written(&hdfs, &cluster);
    bytes_come_back(&hdfs, &cluster);
    listings_come_in_slices(&hdfs, &cluster);
    a_file_that_is_written_is_told_from_one_that_is_whole(&cluster);
    nothing_is_replaced(&cluster);
    who_may_not_is_told_so(&hdfs);
    a_file_that_is_gone_is_not_unreachable(&hdfs, &cluster);
    what_is_away_is_unreachable_and_comes_back(&mut hdfs, &cluster);
}

fn every_name_leads_to_the_same(hdfs: &Hdfs, cluster: &Cluster) {
    cluster.make_directory("/names").expect("is made");
    write(cluster, "/names/a", b"a");
    // The first NameNode of the service is not there.
    for authority in ["", "cluster"] {
        let named = open(hdfs, authority, None);
        let found = named.look("/names/a").expect("is told");
        assert_eq!(found.map(|found| found.size), Some(1), "{authority}");
    }
    assert_eq!(cluster.look("/nothing").expect("is told"), None);
}

fn settings_hold_however_they_are_written(hdfs: &Hdfs, cluster: &Cluster) {
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["core-site.xml", "hdfs-site.xml"] {
        let text = std::fs::read_to_string(hdfs.configuration().join(name)).expect("settings");
        // Hadoop itself lets blanks stand in lists, and takes these two from its clients.
        let text = text.replace("gone,here", " gone, here ").replace(
            "</configuration>",
            "<property><name>dfs.replication</name><value>2</value></property>\
             <property><name>dfs.blocksize</name><value> 1m </value></property></configuration>",
        );
        std::fs::write(directory.path().join(name), text).expect("is written");
    }
    let settings = HdfsSettings {
        directory: Some(directory.path().to_owned()),
        ..HdfsSettings::default()
    };
    let url = HdfsUrl::parse("hdfs://cluster/").expect("a URL");
    let named = Clusters::new(settings).open(&url).expect("settings");
    // The first NameNode is not there.
    cluster.make_directory("/settings").expect("is made");
    write(&named, "/settings/a", b"a");
    named
        .put("/settings/b", Bytes::from_static(b"b"), false)
        .wait()
        .expect("is put");
    for path in ["/settings/a", "/settings/b"] {
        let found = cluster.look(path).expect("is told");
        let told = format!("{found:?}");
        assert!(
            told.contains("replication: 2, block: 1048576"),
            "{path}: {told}"
        );
        assert!(cluster.remove(path).expect("is removed"));
    }
}

fn bytes_come_back(hdfs: &Hdfs, cluster: &Cluster) {
    let bytes: Vec<u8> = (0..5_000_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    cluster.make_directory("/bytes").expect("is made");
    let mut writer = cluster.create("/bytes/a").expect("is made");
    for part in bytes.chunks(1_300_000) {
        writer
            .write(Bytes::copy_from_slice(part))
            .expect("is written");
    }
    assert_eq!(writer.bytes(), bytes.len() as u64);
    writer.close().wait().expect("is closed");
    assert!(
        hdfs.get("/bytes/a").expect("is there") == bytes,
        "the witness"
    );
    let file = HdfsFile::open(cluster, "/bytes/a", 0, 1).expect("is opened");
    let mut read = Vec::new();
    std::io::Read::read_to_end(&mut file.reader(), &mut read).expect("is read");
    assert!(read == bytes, "from its beginning to its end");
    for (from, length) in [
        (0, 10),
        (2_097_100, 200),
        (4_999_990, 10),
        (1_000_000, 3_500_000),
    ] {
        let range = file.bytes(from as u64, length).expect("is read");
        let expected = bytes.get(from..from + length);
        assert!(Some(&*range) == expected, "{from} {length}");
    }
    let error = file.bytes(4_999_990, 11).expect_err("behind the end");
    assert_eq!(error.trouble(), Trouble::Changed);
}

fn listings_come_in_slices(hdfs: &Hdfs, cluster: &Cluster) {
    for name in ["a", "b c", "d"] {
        hdfs.put(&format!("/listed/{name}"), b"x").expect("is put");
    }
    hdfs.put("/listed/below/e", b"x").expect("is put");
    let mut listing = cluster.list("/listed");
    let mut names = Vec::new();
    loop {
        let slice = listing.next(3).expect("is told");
        names.extend(
            slice
                .iter()
                .map(|entry| (entry.name.clone(), entry.is_directory)),
        );
        if slice.len() < 3 {
            break;
        }
    }
    let names: Vec<(&str, bool)> = names
        .iter()
        .map(|(name, dir)| (name.as_str(), *dir))
        .collect();
    assert_eq!(
        names,
        [("a", false), ("b c", false), ("below", true), ("d", false)]
    );
    let error = cluster.list("/none").next(3).expect_err("no directory");
    assert_eq!(error.trouble(), Trouble::Absent);
}

fn a_file_that_is_written_is_told_from_one_that_is_whole(cluster: &Cluster) {
    cluster.make_directory("/open").expect("is made");
    let mut writer = cluster.create("/open/a").expect("is made");
    writer
        .write(Bytes::from_static(b"some"))
        .expect("is written");
    let state = || {
        let status = cluster.look("/open/a").expect("is told").expect("is there");
        cluster.state_of("/open/a", &status).expect("is told")
    };
    assert_eq!(state(), FileState::Open);
    // A file that is open can be removed and renamed, too.
    cluster
        .rename_new("/open/a", "/open/b")
        .expect("is renamed");
    cluster
        .rename_new("/open/b", "/open/a")
        .expect("is renamed");
    writer.close().wait().expect("is closed");
    assert_eq!(state(), FileState::Whole);
}

fn nothing_is_replaced(cluster: &Cluster) {
    cluster.make_directory("/new").expect("is made");
    write(cluster, "/new/a", b"first");
    write(cluster, "/new/b", b"second");
    let error = cluster
        .rename_new("/new/a", "/new/b")
        .expect_err("it is there");
    assert_eq!(error.trouble(), Trouble::Exists, "{error}");
    let error = cluster.create("/new/b").err().expect("it is there");
    assert_eq!(error.trouble(), Trouble::Exists, "{error}");
    let error = cluster
        .rename_new("/new/x", "/new/y")
        .expect_err("it is not there");
    assert_eq!(error.trouble(), Trouble::Absent, "{error}");
    cluster.rename_new("/new/a", "/new/c").expect("is renamed");
    assert!(cluster.remove("/new/c").expect("is removed"));
    assert!(!cluster.remove("/new/c").expect("is told"), "once");
}

fn who_may_not_is_told_so(hdfs: &Hdfs) {
    hdfs.make_private("/private").expect("is made");
    hdfs.put("/private/a", b"x").expect("is put");
    let nobody = open(hdfs, &hdfs.address(), Some(hdfs.nobody()));
    let error = HdfsFile::open(&nobody, "/private/a", 0, 1).expect_err("is refused");
    assert_eq!(error.trouble(), Trouble::Denied, "{error}");
    let told = error.to_string();
    assert!(
        told.contains("user=nobody") && told.contains("/private"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1, "{told}");
}

fn a_file_that_is_gone_is_not_unreachable(hdfs: &Hdfs, cluster: &Cluster) {
    hdfs.put("/gone/a", &vec![b'x'; 3 << 20]).expect("is put");
    let file = HdfsFile::open(cluster, "/gone/a", 0, 1).expect("is opened");
    cluster.remove("/gone/a").expect("is removed");
    // The DataNode gives what it has for as long as it has it.
    let mut buffer = [0; 8];
    if let Err(error) = file.read_at(&mut buffer, 2 << 20) {
        assert_eq!(error.trouble(), Trouble::Absent, "{error}");
    }
    let error = HdfsFile::open(cluster, "/gone/a", 0, 1).expect_err("is gone");
    assert_eq!(error.trouble(), Trouble::Absent, "{error}");
}

fn what_is_away_is_unreachable_and_comes_back(hdfs: &mut Hdfs, cluster: &Cluster) {
    hdfs.put("/away/a", b"before").expect("is put");
    hdfs.safe_mode(true).expect("is entered");
    let error = cluster.create("/away/b").err().expect("is refused");
    assert_eq!(error.trouble(), Trouble::Unreachable, "{error}");
    assert!(error.to_string().contains("safe mode"), "{error}");
    hdfs.safe_mode(false).expect("is left");
    let file = HdfsFile::open(cluster, "/away/a", 0, 1).expect("is opened");
    hdfs.kill_data_node();
    let error = file.bytes(0, 6).expect_err("nobody has it");
    assert_eq!(error.trouble(), Trouble::Unreachable, "{error}");
    hdfs.restart_data_node().expect("it comes back");
    let bytes = file.bytes(0, 6).expect("by the same open file");
    assert_eq!(bytes, &b"before"[..]);
    hdfs.restart_name_node().expect("it comes back");
    let found = cluster.look("/away/a").expect("is told");
    assert_eq!(found.map(|found| found.size), Some(6));
}
