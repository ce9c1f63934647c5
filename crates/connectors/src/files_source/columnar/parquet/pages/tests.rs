use super::{Header, check};

/// A header of two sizes, and that of a dictionary with so many values; 64 stands for one below 0.
fn header(size: u8, stored: u8, values: u8) -> Vec<u8> {
    let number = |number: u8| if number == 0x40 { 1 } else { number << 1 };
    // Field 1 is the type, 7 the dictionary; a nibble is how far a field is behind the one before.
    let told = [
        0x15,
        number(2),
        0x15,
        number(size),
        0x15,
        number(stored),
        0x4C,
        0x15,
        number(values),
        0x15,
        0,
        0,
        0,
    ];
    told.to_vec()
}

#[test]
fn headers_that_can_be_so_pass() {
    let sound = header(60, 20, 10);
    let found = Header {
        length: sound.len() as u64,
        stored: 20,
    };
    let followed = [sound.as_slice(), b"the page"].concat();
    assert_eq!(check(&followed).expect("is sound"), Some(found));
    assert_eq!(check(&sound[..9]).expect("is only cut off"), None);
    assert!(check(&header(60, 20, 61)).is_err(), "values without bytes");
    assert!(
        check(&header(60, 20, 0x40)).is_err(),
        "fewer values than none"
    );
    // The size is 2^30 where 20 bytes are stored.
    let mut large = header(0, 20, 10);
    large.splice(3..4, [0x80, 0x80, 0x80, 0x80, 0x08]);
    assert!(check(&large).is_err());
}
