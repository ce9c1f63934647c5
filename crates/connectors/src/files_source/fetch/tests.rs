use std::sync::Arc;

use crossbeam_channel::bounded;
use millstream_engine::connector::Waker;

use super::{Fetcher, News, Opening, Task};
use crate::files_source::format::Format;
use crate::files_source::listing::{Root, oldest};
use crate::files_source::stream::Sizes;

/// Reads a file in stretches of 1,000 bytes that `owned` picks; bytes handed out, and bytes taken from the file.
fn read(owned: impl Fn(u64) -> bool) -> (u64, u64, u64) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.csv");
    let text: String = (0..10_000).map(|row| format!("{row},\"a\nb\"\n")).collect();
    std::fs::write(&path, &text).expect("is written");
    let root = Root::at(&path).expect("is there");
    let files = oldest(&root, 1, |_, _| Ok(()));
    let file = Arc::new(files.expect("is there").remove(0));
    let opening = Opening {
        dialects: Format::csv().compile().expect("a format"),
        sizes: Sizes {
            block: 2_000,
            record: 10_000,
        },
        head: false,
        skip_head: false,
        aside: None,
    };
    let (ring, woken) = bounded(1);
    let waker = Waker::new(move || {
        let _full = ring.try_send(()).is_err();
    });
    let fetcher = Fetcher::start("reads".to_owned(), opening, waker).expect("a thread");
    let splits = (text.len() as u64).div_ceil(1_000);
    let (mut records, mut taken) = (0, 0);
    for number in (0..splits).filter(|split| owned(*split)) {
        let (from, to) = (number * 1_000, (number + 1) * 1_000);
        let file = Arc::clone(&file);
        let task = Task {
            number,
            file,
            from,
            to,
            known: None,
            may_grow: false,
            appends: false,
            keeps_tail: false,
            beginning: 0,
        };
        fetcher.give(task).expect("there is room");
        loop {
            let Some(event) = fetcher.take().expect("the thread runs") else {
                woken.recv().expect("the thread runs");
                continue;
            };
            match event.news {
                News::Block(block) => {
                    records += (block.bytes.len() - block.from) as u64;
                    taken += block.taken;
                }
                News::Done { taken: more, .. } => {
                    taken += more;
                    break;
                }
                News::Opened(_) | News::Grown { .. } => {}
                News::Failed(error) => panic!("{error}"),
            }
        }
    }
    (records, taken, text.len() as u64)
}

#[test]
fn every_byte_is_taken_from_the_file_once() {
    let (records, taken, size) = read(|_| true);
    assert_eq!((records, taken), (size, size));
}

#[test]
fn splits_of_others_are_passed_over_once() {
    let (odd, odd_taken, size) = read(|split| split % 2 == 1);
    let (even, even_taken, _) = read(|split| split % 2 == 0);
    assert_eq!(odd + even, size);
    assert!(
        odd_taken <= size && even_taken <= size,
        "{odd_taken} and {even_taken} of {size}"
    );
}
