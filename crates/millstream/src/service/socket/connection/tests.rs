use super::*;
use crate::clock::now;

#[test]
fn what_somebody_waits_for_is_told_at_once_and_numbers_together() {
    let (ours, _theirs) = UnixStream::pair().expect("a connection");
    let at = now();
    let mut connection = Connection::new(ours, at);
    connection.told = 5;
    connection.rests_until = at + TOGETHER;
    let told_in = |version, awaited, is_closed| {
        let present = Present {
            version,
            awaited,
            is_closed,
        };
        connection.tells_in(present, at)
    };
    assert_eq!(told_in(5, 5, false), None, "is told already");
    assert_eq!(told_in(7, 5, false), Some(TOGETHER));
    assert_eq!(told_in(7, 6, false), Some(Duration::ZERO));
    assert_eq!(told_in(7, 5, true), Some(Duration::ZERO), "is the last");
}
