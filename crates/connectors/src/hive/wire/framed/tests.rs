use std::io::Cursor;

use super::*;

/// Something that is read, and takes everything.
struct Ends(Cursor<Vec<u8>>, Vec<u8>);

impl Read for Ends {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // In small pieces, as a network may.
        let most = buffer.len().min(3);
        self.0.read(buffer.get_mut(..most).unwrap_or_default())
    }
}

impl Write for Ends {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn framed(bytes: &[u8]) -> Framed<Ends> {
    Framed::new(Ends(Cursor::new(bytes.to_vec()), Vec::new()), None)
}

#[test]
fn an_answer_is_read_over_frames() {
    let mut framed = framed(b"\0\0\0\x05hello\0\0\0\0\0\0\0\x06 world");
    let mut answer = [0; 11];
    framed.answer().read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"hello world");
}

#[test]
fn a_message_has_its_length_before_it() {
    let mut framed = framed(b"");
    framed.send(b"hello").expect("sent");
    assert_eq!(framed.frames.socket.1, b"\0\0\0\x05hello");
}

#[test]
fn what_was_not_read_of_an_answer_is_none_of_the_next_one() {
    let mut framed = framed(b"\0\0\0\x05hello\0\0\0\x05world");
    let mut answer = [0; 4];
    framed.answer().read_exact(&mut answer).expect("an answer");
    framed.send(b"on").expect("sent");
    let mut answer = [0; 5];
    framed.answer().read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"world");
}

#[test]
fn a_frame_that_is_cut_off_and_one_that_is_none_are_errors() {
    let cut = framed(b"\0\0\0\x05hel")
        .answer()
        .fill_buf()
        .map(<[u8]>::len);
    assert_eq!(cut.expect_err("cut").kind(), ErrorKind::UnexpectedEof);
    let none = framed(b"HTTP/1.1 400").answer().fill_buf().map(<[u8]>::len);
    assert_eq!(none.expect_err("cut").kind(), ErrorKind::UnexpectedEof);
    let none = framed(b"\xffHTTP").answer().fill_buf().map(<[u8]>::len);
    assert_eq!(none.expect_err("none").kind(), ErrorKind::InvalidData);
}
