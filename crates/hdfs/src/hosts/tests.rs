use std::io;

use super::{Host, slips};
use crate::error::Trouble;
use crate::settings::HdfsSettings;
use crate::site::Site;

fn site(services: &[&str]) -> Site {
    let directory = tempfile::tempdir().expect("a directory");
    let services = services.iter().map(|name| {
        format!("<property><name>dfs.ha.namenodes.{name}</name><value>a,b</value></property>")
    });
    let text: String = services.collect();
    let text = format!("<configuration>{text}</configuration>");
    std::fs::write(directory.path().join("hdfs-site.xml"), text).expect("is written");
    Site::read(directory.path()).expect("settings")
}

fn host(name: &str, services: &[&str]) -> Option<Host> {
    let settings = HdfsSettings {
        directory: (!services.is_empty()).then(|| "/conf".into()),
        ..HdfsSettings::default()
    };
    Host::of(name, &format!("{name}:8020"), &site(services), &settings)
}

#[tokio::test]
async fn a_name_of_nothing_is_told_with_the_services_that_there_are() {
    for (name, services, words) in [
        (
            "prdo",
            &["prod", "stage"][..],
            "describes prod, stage; is prod meant? (dfs.ha.namenodes.prdo ",
        ),
        ("PROD", &["prod"][..], "is prod meant?"),
        (
            "other",
            &["prod"][..],
            "describes prod (dfs.ha.namenodes.other ",
        ),
        ("prod", &[][..], "HADOOP_CONF_DIR"),
    ] {
        let told = host(name, services).expect("a host").unknown();
        assert!(told.contains(words), "{name}: {told}");
    }
    let there = host("127.0.0.1", &["prod"]).expect("a host");
    there.check().await.expect("it needs no look");
}

#[test]
fn a_host_of_which_nobody_knows_yet_is_waited_for() {
    let judge = |name: &str, said: &str| {
        let host = host(name, &["prod", "stage"]).expect("a host");
        let error = io::Error::other(format!("failed to lookup address information: {said}"));
        host.judge(&error)
    };
    let no_host = ["Name or service not known", "Name does not resolve"];
    for said in no_host {
        let error = judge("prdo", said).expect_err("prod is meant");
        assert_eq!(error.trouble(), Trouble::Refused, "{said}");
        assert!(error.is_for_people(), "{said}");
        let error = judge("namenode", said).expect_err("it is not there");
        assert_eq!(error.trouble(), Trouble::Unreachable, "{said}");
        assert!(!error.is_for_people(), "{said}");
        assert!(error.to_string().contains("describes prod, stage"));
    }
    for said in [
        "Temporary failure in name resolution",
        "Non-recoverable failure in name resolution",
        "No address associated with hostname",
        "Try again",
    ] {
        judge("namenode", said).expect("the client tries it");
        let error = judge("prdo", said).expect_err("prod may be meant");
        assert_eq!(error.trouble(), Trouble::Unreachable, "{said}");
        assert!(error.to_string().contains("is prod meant?"), "{said}");
    }
    let host = host("namenode", &["prod"]).expect("a host");
    host.judge(&io::Error::from_raw_os_error(24))
        .expect("no file is left to ask with, which says nothing of hosts");
}

#[test]
fn a_service_and_a_host_with_its_port_are_no_names_of_nothing() {
    assert!(host("prod", &["prod"]).is_none());
    assert!(host("nn:8020", &["prod"]).is_none());
}

#[test]
fn slips_are_counted() {
    for (one, other, expected) in [
        ("", "", 0),
        ("prod", "prod", 0),
        ("prdo", "prod", 2),
        ("pro", "prod", 1),
        ("produ", "prod", 1),
        ("stage", "prod", 5),
        ("", "ab", 2),
    ] {
        assert_eq!(slips(one, other), expected, "{one} {other}");
    }
}
