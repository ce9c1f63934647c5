use std::cell::RefCell;
use std::ops::Range;

use super::*;

#[derive(Debug, PartialEq, Eq)]
enum Trouble {
    GivenUp,
    Ends,
    Away,
}

impl Failure for Trouble {
    fn given_up() -> Self {
        Self::GivenUp
    }
}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> Self {
        Self::other(format!("{trouble:?}"))
    }
}

/// Numbers as bytes; what was asked for.
#[derive(Default)]
struct Numbers {
    asked: RefCell<Vec<Range<u64>>>,
    is_away: bool,
}

impl Blocks for Numbers {
    type Error = Trouble;

    fn fetch(&self, from: u64, length: usize) -> Result<Waiting<Bytes, Trouble>, Trouble> {
        let range = from..from + length as u64;
        self.asked.borrow_mut().push(range.clone());
        Ok(Waiting::over(match self.is_away {
            true => Err(Trouble::Away),
            false => Ok(range.map(|number| number as u8).collect()),
        }))
    }

    fn ends(&self) -> Trouble {
        Trouble::Ends
    }
}

fn file(at_once: bool) -> ReadAhead<Numbers> {
    let reading = Reading {
        size: 35,
        block: 10,
        ahead: 2,
        at_once,
        kept: 2,
    };
    ReadAhead::new(Numbers::default(), reading, None)
}

#[test]
fn a_file_is_read_to_its_end_block_by_block_ahead() {
    for at_once in [false, true] {
        let file = file(at_once);
        let mut read = Vec::new();
        file.reader().read_to_end(&mut read).expect("bytes");
        assert_eq!(read, (0..35).collect::<Vec<u8>>());
        let asked = file.blocks().asked.borrow();
        let each = [0..10, 10..20, 20..30, 30..35];
        assert_eq!(asked.len(), each.len(), "each once");
        assert!(each.iter().all(|range| asked.contains(range)));
        // The first is asked for before those behind it only where nobody knows that reading goes on.
        assert_eq!(asked.first() == Some(&(10..20)), at_once);
    }
}

#[test]
fn bytes_anywhere_are_asked_for_as_they_are() {
    let file = file(false);
    assert_eq!(file.bytes(12, 3).expect("bytes"), [12, 13, 14][..]);
    assert_eq!(file.bytes(8, 4).expect("bytes"), [8, 9, 10, 11][..]);
    assert_eq!(*file.blocks().asked.borrow(), [10..20, 8..12]);
    assert_eq!(file.bytes(35, 0).expect("none"), Bytes::new());
    assert_eq!(file.bytes(30, 6), Err(Trouble::Ends));
    assert_eq!(file.read_at(&mut [0; 4], 35), Ok(0));
    // Of two blocks that are there nothing is asked for again.
    file.bytes(3, 1).expect("bytes");
    assert_eq!(file.bytes(9, 2).expect("bytes"), [9, 10][..]);
    assert!(!file.blocks().asked.borrow().contains(&(9..11)));
}

#[test]
fn what_goes_wrong_is_told_and_asked_for_again() {
    let mut file = file(true);
    file.blocks.is_away = true;
    assert_eq!(file.bytes(0, 4), Err(Trouble::Away));
    assert_eq!(file.bytes(5, 20), Err(Trouble::Away));
    file.blocks.is_away = false;
    assert_eq!(file.bytes(10, 2).expect("bytes"), [10, 11][..]);
}
