use std::collections::BTreeMap;

use millstream_core::options::FromOptionText;

use super::{End, Lost, Reset};

#[test]
fn where_to_begin() {
    for (text, reset) in [
        ("earliest", Some(Reset::Earliest)),
        ("Latest", Some(Reset::Latest)),
        ("none", Some(Reset::None)),
        (
            "timestamp:1586959594000",
            Some(Reset::Timestamp(1_586_959_594_000)),
        ),
        ("timestamp:-1", None),
        ("timestamp:", None),
        ("1586959594000", None),
        ("", None),
    ] {
        assert_eq!(Reset::from_option_text(text).ok(), reset, "{text}");
    }
}

#[test]
fn where_to_end() {
    let offsets = |pairs: &[(i32, i64)]| Some(End::Offsets(BTreeMap::from_iter(pairs.to_vec())));
    for (text, end) in [
        ("none", Some(End::None)),
        ("LATEST", Some(End::Latest)),
        ("timestamp:7", Some(End::Timestamp(7))),
        ("offsets:0=100", offsets(&[(0, 100)])),
        ("offsets:0=100, 2 = 0", offsets(&[(0, 100), (2, 0)])),
        ("offsets:", None),
        ("offsets:0", None),
        ("offsets:0=1,0=2", None),
        ("offsets:0=-1", None),
        ("offsets:-1=1", None),
        ("tomorrow", None),
    ] {
        assert_eq!(End::from_option_text(text).ok(), end, "{text}");
    }
}

#[test]
fn what_happens_with_lost_records() {
    for (text, lost) in [
        ("fail", Some(Lost::Fail)),
        ("Earliest", Some(Lost::Earliest)),
        ("latest", Some(Lost::Latest)),
        ("skip", None),
    ] {
        assert_eq!(Lost::from_option_text(text).ok(), lost, "{text}");
    }
}
