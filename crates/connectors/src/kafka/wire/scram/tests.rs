use super::{HEAD, Hash, first, last};

/// The example of RFC 7677.
#[test]
fn the_example_of_the_standard_is_answered() {
    let nonce = "rOprNGfwEbeRWgbNEkqO";
    let first = first("user", nonce);
    assert_eq!(format!("{HEAD}{first}"), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    let answered =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    let last = last(Hash::Sha256, "pencil", (&first, nonce), answered).expect("an answer");
    assert_eq!(
        last.message,
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    );
    assert!(last.is_answered_by("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    assert!(!last.is_answered_by("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="));
    assert!(!last.is_answered_by("e=other-error"));
}

#[test]
fn a_broker_that_does_not_keep_to_the_rules_is_refused() {
    for (answered, why) in [
        ("r=abc,s=AAAA,i=4096", "nonce"),
        ("r=other,s=AAAA,i=4096", "nonce"),
        ("r=abcd,s=?,i=4096", "salt"),
        ("r=abcd,s=AAAA,i=1", "rounds"),
        ("r=abcd,s=AAAA,i=4000000000", "rounds"),
        ("r=abcd,s=AAAA", "rounds"),
        ("", "nonce"),
    ] {
        let refused = last(Hash::Sha512, "p", ("n=u,r=abc", "abc"), answered);
        let refused = refused.expect_err(answered);
        assert!(refused.contains(why), "{answered}: {refused}");
    }
}

#[test]
fn names_are_told_from_what_separates_them() {
    assert_eq!(first("a=b,c", "x"), "n=a=3Db=2Cc,r=x");
}
