use super::*;

#[test]
fn the_wanted_layer_is_taken_else_the_least() {
    use Protection::{Confidentiality, Integrity, None as Nothing};
    type Row<'a> = (
        &'a [u8],
        Option<Protection>,
        std::result::Result<Protection, &'a str>,
    );
    let table: [Row<'_>; 8] = [
        (&[1, 0, 0, 0], None, Ok(Nothing)),
        (&[7, 0, 1, 0], None, Ok(Nothing)),
        (&[6, 0, 1, 0], None, Ok(Integrity)),
        (&[4, 0, 1, 0], None, Ok(Confidentiality)),
        (&[7, 0, 1, 0], Some(Integrity), Ok(Integrity)),
        (
            &[5, 0, 1, 0],
            Some(Integrity),
            Err("auth-int is asked for, and it offers auth, auth-conf"),
        ),
        (&[8, 0, 0, 0], None, Err("it offers no layer that is known")),
        (&[1], None, Err("it does not say which layers it offers")),
    ];
    for (offered, wanted, expected) in table {
        let expected = expected.map_err(str::to_owned);
        assert_eq!(Protection::chosen(offered, wanted), expected, "{offered:?}");
    }
    assert_eq!(Nothing.answer(), [1, 0, 0, 0]);
    assert_eq!(Confidentiality.answer(), [4, 0xff, 0xff, 0xff]);
}
