use millstream_core::options::FromOptionText;

use super::{Create, NewTopic};

#[test]
fn a_topic_is_made_as_is_said() {
    let of = |partitions, replication| {
        Some(NewTopic {
            partitions,
            replication,
        })
    };
    for (text, expected) in [
        ("false", None),
        ("TRUE", of(None, None)),
        ("partitions=6", of(Some(6), None)),
        ("partitions=6, replication=3", of(Some(6), Some(3))),
        ("replication=3", of(None, Some(3))),
    ] {
        assert_eq!(
            Create::from_option_text(text),
            Ok(Create(expected)),
            "{text}"
        );
    }
    for text in ["", "6", "partitions=0", "partitions=1,partitions=2", "x=1"] {
        assert!(Create::from_option_text(text).is_err(), "{text}");
    }
}
