use super::Wanted;
use crate::kafka::options::Topics;

fn names(names: &[&str]) -> Topics {
    Topics::Names(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn names_are_asked_for_one_by_one() {
    let wanted = Wanted::new(&names(&["b", "a", "b"])).expect("two names");
    assert_eq!(wanted.names(), [Some("a"), Some("b")]);
    assert!(wanted.holds("a") && !wanted.holds("ab") && !wanted.is_pattern());
}

#[test]
fn a_pattern_is_for_whole_names_and_not_for_kafkas_own_topics() {
    let wanted = Wanted::new(&Topics::Pattern("orders-.*|_.*".to_owned())).expect("a pattern");
    assert_eq!(wanted.names(), [None]);
    for (topic, holds) in [
        ("orders-eu", true),
        ("my-orders-eu", false),
        ("_x", true),
        ("__consumer_offsets", false),
    ] {
        assert_eq!(wanted.holds(topic), holds, "{topic}");
    }
}

#[test]
fn what_names_no_topic_is_refused() {
    for topics in [
        names(&[]),
        names(&["a b"]),
        names(&["a/b"]),
        names(&["a", ""]),
        Topics::Pattern("(".to_owned()),
    ] {
        Wanted::new(&topics).expect_err("no topic");
    }
}
