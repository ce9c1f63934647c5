use std::net::TcpListener;
use std::sync::Arc;

use super::{NameNodes, Undone, order};
use crate::access::Access;
use crate::error::{HdfsError, Trouble};
use crate::settings::HdfsSettings;
use crate::site::Site;

/// The names of the NameNodes in the order in which a client asks them that has so many before it; `None`: in that of the settings.
fn names(names: &[&str], before: usize) -> Option<String> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let told = order("NameS", &names, before);
    let own = |(name, _): &&(String, String)| name == "dfs.ha.namenodes.NameS";
    let chance = told
        .iter()
        .any(|(name, value)| name == "dfs.client.failover.random.order.NameS" && value == "false");
    assert_eq!(chance, !told.is_empty(), "{told:?}");
    told.iter().find(own).map(|(_, names)| names.clone())
}

#[test]
fn each_client_begins_with_the_next_name_node() {
    for (of, before, expected) in [
        (&[][..], 1, None),
        (&["a"][..], 1, None),
        (&["a", "b"][..], 0, None),
        (&["a", "b"][..], 1, Some("b,a")),
        (&["a", "b"][..], 2, Some("a,b")),
        (&["a", "b", "c"][..], 1, Some("b,c,a")),
        (&["a", "b", "c"][..], 5, Some("c,a,b")),
    ] {
        assert_eq!(names(of, before).as_deref(), expected, "{of:?} {before}");
    }
}

/// The two NameNodes of a service at these ports. A client tries them once.
fn pair(one: u16, two: u16) -> NameNodes {
    let directory = tempfile::tempdir().expect("a directory");
    let properties: String = [
        ("dfs.ha.namenodes.NameS", "one,two".to_owned()),
        (
            "dfs.namenode.rpc-address.NameS.one",
            format!("127.0.0.1:{one}"),
        ),
        (
            "dfs.namenode.rpc-address.NameS.two",
            format!("127.0.0.1:{two}"),
        ),
        ("dfs.client.failover.max.attempts", "0".to_owned()),
    ]
    .iter()
    .map(|(name, value)| format!("<property><name>{name}</name><value>{value}</value></property>"))
    .collect();
    let text = format!("<configuration>{properties}</configuration>");
    std::fs::write(directory.path().join("hdfs-site.xml"), text).expect("is written");
    let site = Site::read(directory.path()).expect("settings");
    let settings = HdfsSettings {
        user: Some("nobody".to_owned()),
        ..HdfsSettings::default()
    };
    let access = Arc::new(Access::new("NameS", &site, &settings).expect("nobody wants proof"));
    NameNodes::at("NameS", &site, &settings, None, access).expect("a client")
}

#[tokio::test]
async fn a_client_that_begins_with_the_silent_one_is_left_at_once() {
    // It accepts connections and answers nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
    let (silent_port, gone_port) = (port(&silent), port(&gone));
    drop(gone);
    for (one, two, clients) in [(silent_port, gone_port, 1), (gone_port, silent_port, 2)] {
        let nodes = pair(one, two);
        let first = nodes.asked();
        assert!(nodes.leave_silent(&first).await.expect("another client"));
        assert_eq!(
            nodes.asked().before,
            clients,
            "{one} {two}, silent {silent_port}"
        );
        // Who notices later that the first one is left makes no further one.
        assert!(nodes.leave(&first).expect("another client"));
        assert_eq!(nodes.asked().before, clients);
    }
}

#[test]
fn who_writes_through_a_client_that_was_left_may_ask_once_more() {
    let error = HdfsError::from(Undone::Left);
    assert!(error.is_left(), "{error}");
    assert_eq!(error.trouble(), Trouble::Unreachable);
}
