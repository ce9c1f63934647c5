use super::Site;
use crate::error::HdfsError;

#[test]
fn settings_are_read_from_both_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        std::fs::write(directory.path().join(name), text).expect("is written");
    };
    write(
        "core-site.xml",
        "<?xml version=\"1.0\"?>\n<!-- ours -->\n<configuration>\n<property><name>fs.defaultFS</name>\n<value> hdfs://ns </value></property>\
         <property><name>empty</name><value/></property>\
         <property><name>port</name><value>8020</value></property>\
         <property><name>x</name><value>1</value><final>true</final><description>y</description></property></configuration>",
    );
    write(
        "hdfs-site.xml",
        "<configuration><property><name>dfs.ha.namenodes.ns</name><value>a,b</value></property>\
         <property><name>dfs.namenode.rpc-address.ns.b</name><value>one:${port}</value></property>\
         <property><name>x</name><value>2</value></property></configuration>",
    );
    let site = Site::read(directory.path()).expect("settings");
    assert_eq!(site.get("fs.defaultFS"), Some("hdfs://ns"));
    assert_eq!(site.get("x"), Some("2"));
    assert!(site.is_service("ns") && !site.is_service("nn"));
    assert!(!site.is_secure());
    assert_eq!(site.nodes("nn:8020"), ["nn:8020"]);
    assert_eq!(site.nodes("ns"), ["one:8020"]);
    assert_eq!(site.names("ns"), ["b"]);
    assert_eq!(site.names("nn:8020"), Vec::<String>::new());
    assert_eq!((site.count("ns"), site.count("nn:8020")), (2, 1));
    write("hdfs-site.xml", "<configuration><property>");
    let error = Site::read(directory.path()).expect_err("no XML");
    assert!(error.to_string().contains("hdfs-site.xml"), "{error}");
}

/// The settings of these names and values, one a line.
fn read(lines: &[(&str, &str)]) -> Result<Site, HdfsError> {
    let lines = lines.iter().map(|(name, value)| {
        format!("<property><name>{name}</name><value>{value}</value></property>")
    });
    let text: String = lines.collect();
    let text = format!("<configuration>{text}</configuration>");
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("hdfs-site.xml"), text).expect("is written");
    Site::read(directory.path())
}

/// The same, which must be well.
fn site(lines: &[(&str, &str)]) -> Site {
    read(lines).expect("settings")
}

#[test]
fn a_client_that_takes_signs_by_the_word_finds_every_namenode() {
    let site = site(&[
        ("dfs.ha.namenodes.ns", "a, b,\n c,"),
        ("dfs.namenode.rpc-address.ns.a", " one:8020 "),
        ("dfs.namenode.rpc-address.ns.b", "two:8020\n"),
        ("dfs.namenode.rpc-address.ns.c", "three:8020"),
        ("hadoop.security.authentication", " Simple"),
        ("dfs.data.transfer.protection", " "),
        ("other", "x, y"),
    ]);
    assert_eq!(site.nodes("ns"), ["one:8020", "two:8020", "three:8020"]);
    assert_eq!(site.count("ns"), 3);
    let told = site.by_the_word();
    let told: Vec<(&str, &str)> = told
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let expected = [
        ("dfs.ha.namenodes.ns", "a,b,c"),
        ("dfs.namenode.rpc-address.ns.a", "one:8020"),
        ("dfs.namenode.rpc-address.ns.b", "two:8020"),
        ("dfs.namenode.rpc-address.ns.c", "three:8020"),
        ("hadoop.security.authentication", "simple"),
        ("other", "x, y"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn name_services_are_those_that_have_namenodes() {
    let site = site(&[
        ("dfs.nameservices", "prod,none"),
        ("dfs.ha.namenodes.prod", "a,b"),
        ("dfs.ha.namenodes.Stage", "a"),
    ]);
    let services: Vec<&str> = site.services().collect();
    assert_eq!(services, ["Stage", "prod"]);
}

#[test]
fn who_proves_who_he_is_does_without_where_that_is_said() {
    for (value, expected) in [
        ("true", true),
        (" TRUE ", true),
        ("false", false),
        ("", false),
    ] {
        let site = site(&[("ipc.client.fallback-to-simple-auth-allowed", value)]);
        assert_eq!(site.may_fall_back(), expected, "{value}");
    }
    assert!(!Site::default().may_fall_back());
}

#[test]
fn observers_are_not_asked() {
    let package = "org.apache.hadoop.hdfs.server.namenode.ha";
    for (provider, expected) in [
        (
            "ConfiguredFailoverProxyProvider",
            "ConfiguredFailoverProxyProvider",
        ),
        (
            "ObserverReadProxyProvider",
            "ConfiguredFailoverProxyProvider",
        ),
        (
            "RouterObserverReadConfiguredFailoverProxyProvider",
            "ConfiguredFailoverProxyProvider",
        ),
        ("RequestHedgingProxyProvider", "RequestHedgingProxyProvider"),
    ] {
        let name = "dfs.client.failover.proxy.provider.ns";
        let given = format!("{package}.{provider}");
        let told = site(&[(name, given.as_str())]).by_the_word();
        let expected = format!("{package}.{expected}");
        assert_eq!(told, [(name.to_owned(), expected)], "{provider}");
    }
}

#[test]
fn files_are_made_as_the_settings_say() {
    for (copies, size, expected) in [
        (None, None, Some((None, None))),
        (Some("2"), Some("1048576"), Some((Some(2), Some(1 << 20)))),
        (Some(" 3 "), Some("64M"), Some((Some(3), Some(64 << 20)))),
        (None, Some("1g"), Some((None, Some(1 << 30)))),
        (Some(""), Some(""), Some((None, None))),
        (Some("0"), None, None),
        (Some("x"), None, None),
        (None, Some("1000"), None),
        (None, Some("m"), None),
        (None, Some("64mb"), None),
        (None, Some("99999999e"), None),
    ] {
        let named = [("dfs.replication", copies), ("dfs.blocksize", size)];
        let given: Vec<(&str, &str)> = named
            .iter()
            .filter_map(|(name, value)| Some((*name, (*value)?)))
            .collect();
        let made = site(&given).new_files();
        let made = made.map(|made| (made.replication, made.block_size));
        assert_eq!(made.ok(), expected, "{copies:?} {size:?}");
    }
}

#[test]
fn a_reference_stands_for_the_value_of_another_setting() {
    for (written, expected) in [
        ("hdfs://${host}:${port}", "hdfs://nn.example.com:8020"),
        ("hdfs://${address}", "hdfs://nn.example.com:8020"),
        ("hdfs://${${which}}", "hdfs://nn.example.com"),
        ("hdfs://nn${empty}", "hdfs://nn"),
        ("${}", "${}"),
        ("${a b}", "${a b}"),
        ("${host", "${host"),
        ("$host", "$host"),
    ] {
        let site = site(&[
            ("fs.defaultFS", written),
            ("realm", "example.com"),
            ("host", "nn.${realm}"),
            ("port", "8020"),
            ("address", "${host}:${port}"),
            ("which", "host"),
            ("empty", ""),
        ]);
        assert_eq!(site.get("fs.defaultFS"), Some(expected), "{written}");
        let told = site.by_the_word();
        let told = told.iter().find(|(name, _)| name == "fs.defaultFS");
        assert_eq!(told.map(|(_, value)| value.as_str()), Some(expected));
    }
}

#[test]
fn a_reference_to_nothing_is_told_where_the_value_is_used() {
    for (written, expected) in [
        ("hdfs://${env.NN}:8020", "${env.NN}"),
        ("hdfs://${user.name}", "${user.name}"),
        ("hdfs://${far}", "${env.FAR}"),
        ("${fs.defaultFS}", "refers to itself"),
        ("${round}", "refers to itself"),
    ] {
        let error = read(&[
            ("fs.defaultFS", written),
            ("far", "${env.FAR}"),
            ("round", "${about}"),
            ("about", "${round}"),
        ]);
        let told = error.expect_err(written).to_string();
        assert!(
            told.contains("fs.defaultFS") && told.contains(written),
            "{told}"
        );
        assert!(told.contains(expected), "{told}");
    }
    let own = "/tmp/hadoop-${user.name}";
    assert_eq!(
        site(&[("hadoop.tmp.dir", own)]).get("hadoop.tmp.dir"),
        Some(own)
    );
}

#[test]
fn a_value_has_as_many_references_as_hadoop_allows() {
    let of = |count: usize| {
        let value = "${x}".repeat(count);
        read(&[("x", "1"), ("fs.defaultFS", value.as_str())])
    };
    assert_eq!(
        of(19).expect("settings").get("fs.defaultFS").map(str::len),
        Some(19)
    );
    assert!(of(20).is_err());
}

#[test]
fn a_file_that_includes_another_one_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = "<configuration xmlns:xi=\"http://www.w3.org/2001/XInclude\"><property><name>x</name><value>1</value></property>\
        <xi:include href=\"common.xml\"><xi:fallback/></xi:include><property><name>y</name><value>2</value></property></configuration>";
    std::fs::write(directory.path().join("core-site.xml"), text).expect("is written");
    let error = Site::read(directory.path()).expect_err("another file");
    let told = error.to_string();
    assert!(told.contains("core-site.xml includes common.xml"), "{told}");
}
