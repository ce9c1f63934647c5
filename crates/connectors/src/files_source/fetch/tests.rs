use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use millstream_engine::connector::Waker;

use super::{Fetcher, News, Opening, Task, TextFetch};
use crate::files_source::format::Format;
use crate::files_source::listing::{FoundFile, Places, Root, oldest};
use crate::files_source::opened::Access;
use crate::files_source::stream::{Block, Sizes};

/// A file of 10,000 records with line ends in quotes, and a thread that reads it.
struct Reading {
    _directory: tempfile::TempDir,
    size: u64,
    file: Arc<FoundFile>,
    fetcher: Fetcher<Block>,
    woken: Receiver<()>,
}

impl Reading {
    fn start(name: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.csv");
        let text: String = (0..10_000).map(|row| format!("{row},\"a\nb\"\n")).collect();
        std::fs::write(&path, &text).expect("is written");
        let root = Root::at(&path, Places::default()).expect("is there");
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
            columns: None,
            access: Access::default(),
            starts: Arc::default(),
            patience: Duration::ZERO,
        };
        let (ring, woken) = bounded(1);
        let waker = Waker::new(move || {
            let _full = ring.try_send(()).is_err();
        });
        Self {
            _directory: directory,
            size: text.len() as u64,
            file,
            fetcher: Fetcher::new(name.to_owned(), TextFetch::new(opening), waker),
            woken,
        }
    }

    /// Has a stretch of 1,000 bytes read.
    fn give(&self, number: u64, file: &Arc<FoundFile>) {
        let task = Task {
            number,
            file: Arc::clone(file),
            from: number * 1_000,
            to: (number + 1) * 1_000,
            known: None,
            may_grow: false,
            appends: false,
            keeps_tail: false,
            leaves_growth: false,
            anew: false,
            waited: false,
            beginning: 0,
        };
        self.fetcher.give(task).expect("there is room");
    }

    /// What is told of it, up to its end.
    fn told(&self) -> Vec<News<Block>> {
        let mut told = Vec::new();
        loop {
            let Some(event) = self.fetcher.take().expect("the thread runs") else {
                self.woken.recv().expect("the thread runs");
                continue;
            };
            if let News::Failed(error) = event.news {
                panic!("{error}");
            }
            let ended = matches!(event.news, News::Done { .. });
            told.push(event.news);
            if ended {
                return told;
            }
        }
    }
}

/// Reads the file in stretches that `owned` picks; bytes handed out, bytes taken from the file, and its size.
fn read(owned: impl Fn(u64) -> bool) -> (u64, u64, u64) {
    let reading = Reading::start("reads");
    let (mut records, mut taken) = (0, 0);
    for number in (0..reading.size.div_ceil(1_000)).filter(|split| owned(*split)) {
        reading.give(number, &reading.file);
        for news in reading.told() {
            match news {
                News::Block(block) => {
                    records += (block.bytes.len() - block.from) as u64;
                    taken += block.taken;
                }
                News::Done { taken: more, .. } => taken += more,
                _ => {}
            }
        }
    }
    (records, taken, reading.size)
}

#[test]
fn a_file_is_told_of_once_and_again_when_its_tasks_were_put_back() {
    let reading = Reading::start("reads");
    let put_back = Arc::new(FoundFile::clone(&reading.file));
    let opened = |number, file| {
        reading.give(number, file);
        let is_opened = |news: &News<Block>| matches!(news, News::Opened(_));
        reading.told().iter().any(is_opened)
    };
    assert!(opened(0, &reading.file));
    assert!(!opened(1, &reading.file));
    assert!(opened(2, &put_back));
    assert!(!opened(3, &put_back));
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

/// Whether this process has a thread of that name.
fn runs(name: &str) -> bool {
    let threads = std::fs::read_dir("/proc/self/task").expect("threads");
    let mut names = threads.map(|thread| {
        let comm = thread.expect("a thread").path().join("comm");
        // It may end meanwhile.
        std::fs::read_to_string(comm).unwrap_or_default()
    });
    names.any(|running| running.trim_end() == name)
}

#[test]
fn there_is_a_thread_only_while_there_is_something_to_read() {
    let reading = Reading::start("reads at times");
    assert!(!runs("reads at times"));
    for number in 0..3 {
        reading.give(number, &reading.file);
        assert!(reading.told().len() > 1);
        while runs("reads at times") {
            std::thread::yield_now();
        }
    }
}
