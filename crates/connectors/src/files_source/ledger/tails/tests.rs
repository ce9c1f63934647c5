//! Files that grow while readers go through them, stop, and go on at another parallelism: every record is handed out
//! once. Played with readers that do what the fetching thread does, on texts in memory.

use std::collections::{BTreeMap, VecDeque};

use millstream_engine::connector::StateEntry;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::files_source::fetch::Task;
use crate::files_source::format::Format;
use crate::files_source::ledger::{Ledger, Place};
use crate::files_source::listing::Identity;
use crate::files_source::name::Name;
use crate::files_source::options::{Bad, Changed, Lost};
use crate::files_source::piece::{Announcement, Piece};
use crate::files_source::stream::Start;

const FILES: u64 = 2;

/// One reader, and the tasks that its thread has been given.
struct Reader {
    ledger: Ledger,
    tasks: VecDeque<Task>,
    /// Where it is in the first of them.
    at: Option<u64>,
}

/// The files, what was announced, and what came out.
struct World {
    random: StdRng,
    texts: Vec<Vec<u8>>,
    announced: Vec<Piece>,
    split: u64,
    readers: Vec<Reader>,
    /// How often a record came out, by file and offset.
    out: BTreeMap<(usize, u64), u32>,
}

fn name(file: usize) -> Name {
    Name::new(format!("{file}.log").as_bytes())
}

fn start(offset: u64) -> Start {
    Start { offset, line: 0 }
}

/// Behind the line that begins at `at`; `None`: it has no end.
fn behind(text: &[u8], at: u64) -> Option<u64> {
    let rest = &text[at as usize..];
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    Some(at + end as u64 + 1)
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            random: StdRng::seed_from_u64(seed),
            texts: vec![Vec::new(); FILES as usize],
            announced: Vec::new(),
            split: 10,
            readers: Vec::new(),
            out: BTreeMap::new(),
        };
        world.restore(None);
        world
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.random_range(0..bound)
    }

    fn restore(&mut self, entries: Option<&[StateEntry]>) {
        let parallelism = 1 + self.below(4) as usize;
        let split = [3, 10, 1_000][self.below(3) as usize];
        self.split = split;
        let place = |subtask| Place {
            subtask,
            parallelism,
            directory: "/in".into(),
            contents: Format::csv().compile().expect("a format").contents(),
            changed: Changed::Append,
            lost: Lost::Fail,
            bad: Bad::Fail,
        };
        let open = |subtask| Reader {
            ledger: Ledger::new(place(subtask), entries.map(<[_]>::to_vec)).expect("opens"),
            tasks: VecDeque::new(),
            at: None,
        };
        self.readers = (0..parallelism).map(open).collect();
    }

    /// Something is appended to a file, and may be found at once.
    fn grow(&mut self) {
        let file = self.below(FILES) as usize;
        for _ in 0..self.below(3) {
            let line = vec![b'x'; self.below(14) as usize];
            self.texts[file].extend(line);
            if self.below(3) > 0 {
                self.texts[file].push(b'\n');
            }
        }
    }

    fn find(&mut self) {
        let file = self.below(FILES) as usize;
        let earlier = self
            .announced
            .iter()
            .filter(|piece| piece.name == name(file));
        let from = earlier.map(|piece| piece.identity.size).max().unwrap_or(0);
        let size = self.texts[file].len() as u64;
        if size == from {
            return;
        }
        let piece = Piece {
            sequence: self.announced.len() as u64,
            name: name(file),
            identity: Identity { size, mtime: 1 },
            from,
            split: self.split,
            beginning: 1,
            grows: true,
            waited: false,
        };
        self.announced.push(piece.clone());
        for reader in &mut self.readers {
            let pieces = Announcement::Pieces(vec![piece.clone()]);
            reader.ledger.hear(pieces).expect("is heard");
        }
    }

    /// A reader hands out a record, or ends a task.
    fn step(&mut self, reader: usize) -> bool {
        let most = 1 + self.below(4) as usize;
        let reader = &mut self.readers[reader];
        while reader.tasks.len() < most
            && let Some(task) = reader.ledger.next_task()
        {
            reader.tasks.push_back(task);
        }
        let Some(task) = reader.tasks.front() else {
            return false;
        };
        let file = usize::from(task.file.name.bytes()[0] - b'0');
        let text = &self.texts[file][..task.file.identity.size as usize];
        let at = reader.at.unwrap_or_else(|| {
            let mut at = task.known.map_or(0, |known| known.offset);
            assert!(at <= task.from, "{task:?}");
            assert!(at == 0 || text[at as usize - 1] == b'\n', "{task:?}");
            while at < task.from
                && let Some(next) = behind(text, at)
            {
                at = next;
            }
            at
        });
        let is_own = (task.from..task.to).contains(&at) && at < text.len() as u64;
        let end = behind(text, at).or_else(|| (!task.keeps_tail).then_some(text.len() as u64));
        if let (true, Some(next)) = (is_own, end) {
            *self.out.entry((file, at)).or_default() += 1;
            reader.ledger.handed_out(start(next));
            reader.at = Some(next);
        } else {
            reader.ledger.finished(start(at), is_own);
            reader.tasks.pop_front();
            reader.at = None;
        }
        true
    }

    fn finish(&mut self, seed: u64) {
        for reader in 0..self.readers.len() {
            while self.step(reader) {}
            assert_eq!(
                self.readers[reader].ledger.below(),
                self.announced.len() as u64,
                "seed {seed}: {:?}",
                self.readers[reader].ledger
            );
        }
    }

    /// All stop, and others go on, which hear once more of what not all have finished.
    fn restart(&mut self) {
        let snapshots = self.readers.iter();
        let entries = snapshots.flat_map(|reader| reader.ledger.snapshot().expect("is written"));
        let entries: Vec<StateEntry> = entries.collect();
        let below = self.readers.iter().map(|reader| reader.ledger.below());
        let below = below.min().unwrap_or(0);
        self.restore(Some(&entries));
        let left = self
            .announced
            .iter()
            .filter(|piece| piece.sequence >= below);
        let left: Vec<Piece> = left.cloned().collect();
        for reader in &mut self.readers {
            let pieces = Announcement::Pieces(left.clone());
            reader.ledger.hear(pieces).expect("is heard");
        }
    }
}

fn play(seed: u64) {
    let mut world = World::new(seed);
    for _ in 0..60 {
        match world.below(12) {
            0..=2 => world.grow(),
            3..=5 => world.find(),
            6 => world.restart(),
            _ => {
                let reader = world.below(world.readers.len() as u64) as usize;
                for _ in 0..world.below(6) {
                    world.step(reader);
                }
            }
        }
    }
    for _ in 0..20 {
        world.find();
    }
    world.finish(seed);
    for reader in &mut world.readers {
        reader.ledger.hear(Announcement::End).expect("is heard");
    }
    for reader in 0..world.readers.len() {
        while world.step(reader) {}
        assert!(world.readers[reader].ledger.has_ended(), "seed {seed}");
    }
    let mut expected = BTreeMap::new();
    for (file, text) in world.texts.iter().enumerate() {
        let found = world
            .announced
            .iter()
            .filter(|piece| piece.name == name(file));
        let size = found.map(|piece| piece.identity.size).max().unwrap_or(0);
        let text = &text[..size as usize];
        let mut at = 0;
        while at < size {
            expected.insert((file, at), 1);
            at = behind(text, at).unwrap_or(size);
        }
    }
    assert_eq!(world.out, expected, "seed {seed}");
}

#[test]
fn every_record_of_files_that_grow_is_handed_out_once() {
    (0..3_000).for_each(play);
}

#[test]
fn growth_that_is_found_before_anything_is_read_loses_and_doubles_nothing() {
    let mut world = World::new(1);
    world.texts[0] = b"1,a\n2,bb\n3,cc\n4,d\n".to_vec();
    let whole = std::mem::take(&mut world.texts[0]);
    for size in [7, 12, 18] {
        world.texts[0] = whole[..size].to_vec();
        while world.announced.last().map(|piece| piece.identity.size) != Some(size as u64) {
            world.find();
        }
    }
    world.restart();
    world.finish(1);
    let starts: Vec<u64> = world.out.keys().map(|(_, at)| *at).collect();
    assert_eq!(starts, [0, 4, 9, 14]);
    assert!(world.out.values().all(|count| *count == 1));
}

#[test]
fn what_an_older_snapshot_holds_is_handed_out_with_the_next_piece() {
    let mut world = World::new(2);
    for size in [7, 12] {
        world.texts[0] = b"1,a\n2,bb\n3,c"[..size].to_vec();
        while world.announced.last().map(|piece| piece.identity.size) != Some(size as u64) {
            world.find();
        }
        world.finish(2);
        let snapshots = world.readers.iter();
        let entries = snapshots.flat_map(|reader| reader.ledger.snapshot().expect("is written"));
        let mut entries: Vec<StateEntry> = entries.collect();
        let mut tails = 0;
        for entry in &mut entries {
            let fields = entry.value.as_object_mut().expect("an object");
            tails += usize::from(fields.get("kind") == Some(&"tail".into()));
            // Which piece it ended was not written then.
            fields.remove("piece");
        }
        assert_eq!(tails, 1);
        world.restore(Some(&entries));
    }
    assert_eq!(
        world.out.keys().map(|key| key.1).collect::<Vec<_>>(),
        [0, 4]
    );
}
