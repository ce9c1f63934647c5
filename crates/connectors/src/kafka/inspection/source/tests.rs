use std::time::Duration;

use millstream_core::{Error, codes};

use super::{Told, patiently};

/// What a broker says that has just been started.
fn not_now() -> Told {
    Told::Away("Broker: Not coordinator".to_owned())
}

#[test]
fn an_answer_that_is_only_not_now_is_waited_out() {
    let mut asked = 0;
    let answer = patiently(Duration::from_secs(60), || {
        asked += 1;
        if asked < 6 { Err(not_now()) } else { Ok(asked) }
    });
    assert_eq!(answer.expect("an answer"), 6);
}

#[test]
fn it_is_told_once_the_patience_is_over() {
    let mut asked = 0;
    let answer: Result<(), Told> = patiently(Duration::from_secs(1), || {
        asked += 1;
        Err(not_now())
    });
    assert!(matches!(answer, Err(Told::Away(_))), "{answer:?}");
    assert!(asked > 1);
}

#[test]
fn a_refusal_is_told_at_once() {
    let mut asked = 0;
    let answer: Result<(), Told> = patiently(Duration::from_secs(60), || {
        asked += 1;
        Err(Told::Refused(Error::new(&codes::SOURCE_KAFKA, "no")))
    });
    assert!(matches!(answer, Err(Told::Refused(_))), "{answer:?}");
    assert_eq!(asked, 1);
}
