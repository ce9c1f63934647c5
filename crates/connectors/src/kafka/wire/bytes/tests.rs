use super::{Garbled, Reader, Writer};

#[test]
fn what_is_written_is_read_in_both_forms() {
    for flexible in [false, true] {
        let mut writer = Writer::default();
        writer.set_flexible(flexible);
        writer.text("orders");
        writer.nullable_text(None);
        writer.text("");
        writer.array(&[1, 2, 300], |writer, number| writer.i32(*number));
        writer.blob(&[7; 300]);
        writer.i64(-5);
        writer.bool(true);
        writer.end();
        let bytes = writer.into_bytes();
        let mut reader = Reader::new(&bytes, flexible);
        assert_eq!(reader.text().as_deref(), Ok("orders"));
        assert_eq!(reader.nullable_text(), Ok(None));
        assert_eq!(reader.text().as_deref(), Ok(""));
        assert_eq!(reader.array(4, Reader::i32), Ok(vec![1, 2, 300]));
        assert_eq!(reader.nullable_blob(), Ok(Some([7; 300].as_slice())));
        assert_eq!(reader.i64(), Ok(-5));
        assert_eq!(reader.bool(), Ok(true));
        assert_eq!(reader.end(), Ok(()));
        assert_eq!(reader.left(), 0);
    }
}

#[test]
fn a_count_that_the_rest_can_not_hold_takes_no_memory() {
    let bytes = i32::MAX.to_be_bytes();
    let mut reader = Reader::new(&bytes, false);
    let read = reader.array(4, Reader::i32);
    assert_eq!(read, Err(Garbled("a list is longer than what holds it")));
    let bytes = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let mut reader = Reader::new(&bytes, true);
    let read = reader.array(1, Reader::i8);
    assert_eq!(read, Err(Garbled("a list is longer than what holds it")));
    let mut reader = Reader::new(&[0xff; 6], true);
    assert_eq!(reader.text(), Err(Garbled("a length is too long")));
    let mut reader = Reader::new(&[0xff, 0xf0], false);
    assert_eq!(reader.text(), Err(Garbled("a length is negative")));
    let mut reader = Reader::new(&[0, 5, b'a'], false);
    assert_eq!(reader.text(), Err(Garbled("it ends in the middle")));
}

#[test]
fn tagged_fields_are_read_or_passed_over() {
    let bytes = [2, 0, 1, 9, 1, 2, 8, 8, 42];
    let mut seen = Vec::new();
    let mut reader = Reader::new(&bytes, true);
    reader
        .tagged(|tag, field| {
            seen.push((tag, field.left()));
            Ok(())
        })
        .expect("two fields");
    assert_eq!(seen, [(0, 1), (1, 2)]);
    assert_eq!(reader.i8(), Ok(42));
    let mut reader = Reader::new(&bytes, true);
    assert_eq!(reader.end(), Ok(()));
    assert_eq!(reader.left(), 1);
}
