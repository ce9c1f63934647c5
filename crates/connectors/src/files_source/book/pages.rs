//! Rows and names on the disk.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use millstream_core::book::{HEAD_FILE, Head, PART, PARTS, RESET, Row, names_file, rows_file};

/// Files that are held open, at most.
const OPEN: usize = 8;
/// The most of a name or a reason.
const LONGEST: usize = 4_096;
/// Rows that are read at once.
const TOGETHER: u64 = 512;

/// The rows and names of a book.
#[derive(Debug)]
pub(super) struct Pages {
    directory: PathBuf,
    open: BTreeMap<String, File>,
    /// The first row that is kept.
    first: u64,
    /// The number behind the last row.
    next: u64,
    /// Where the names of the last part end.
    names_end: u64,
}

impl Pages {
    /// No book yet.
    pub(super) fn none(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            open: BTreeMap::new(),
            first: 0,
            next: 0,
            names_end: 0,
        }
    }

    /// The book in `directory`; what was there before stays if `keeps`.
    pub(super) fn open(directory: &Path, keeps: bool) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(directory)?;
        let mut pages = Self::none(directory);
        if !keeps {
            for entry in fs::read_dir(directory)? {
                fs::remove_file(entry?.path())?;
            }
            return Ok(pages);
        }
        let parts = pages.parts()?;
        if let (Some(first), Some(last)) = (parts.first(), parts.last()) {
            let rows = fs::metadata(directory.join(rows_file(*last)))?.len() / Row::BYTES as u64;
            pages.first = first * PART;
            pages.next = last * PART + rows.min(PART);
            let names = fs::metadata(directory.join(names_file(*last)));
            pages.names_end = names.map_or(0, |names| names.len());
        }
        Ok(pages)
    }

    fn parts(&self) -> io::Result<Vec<u64>> {
        let mut parts = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("rows-"));
            parts.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        parts.sort_unstable();
        Ok(parts)
    }

    /// Checks that the directory is there.
    pub(super) fn reach(&self) -> io::Result<()> {
        fs::metadata(&self.directory).map(drop)
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    fn file(&mut self, name: String) -> io::Result<&File> {
        if self.open.len() >= OPEN && !self.open.contains_key(&name) {
            self.open.clear();
        }
        let path = self.directory.join(&name);
        Ok(match self.open.entry(name) {
            std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let mut options = OpenOptions::new();
                options.create(true).truncate(false).read(true).write(true);
                place.insert(options.mode(0o600).open(path)?)
            }
        })
    }

    /// Rows from `from` on: some of them, none behind the last. What is half written is `None`.
    pub(super) fn some(&mut self, from: u64) -> io::Result<Vec<(u64, Option<Row>)>> {
        let end = self.next.min((from / PART + 1) * PART);
        let count = end.saturating_sub(from).min(TOGETHER);
        let mut bytes = vec![0; usize::try_from(count).unwrap_or(0) * Row::BYTES];
        let offset = from % PART * Row::BYTES as u64;
        self.file(rows_file(from / PART))?
            .read_exact_at(&mut bytes, offset)?;
        let rows = bytes.chunks_exact(Row::BYTES).map(Row::decode);
        Ok((from..).zip(rows).collect())
    }

    /// One row.
    pub(super) fn row(&mut self, number: u64) -> io::Result<Option<Row>> {
        if number < self.first || number >= self.next {
            return Ok(None);
        }
        let mut bytes = [0; Row::BYTES];
        let offset = number % PART * Row::BYTES as u64;
        self.file(rows_file(number / PART))?
            .read_exact_at(&mut bytes, offset)?;
        Ok(Row::decode(&bytes))
    }

    /// The bytes of a row's name.
    pub(super) fn name(&mut self, number: u64, row: &Row) -> io::Result<Vec<u8>> {
        let length = usize::try_from(row.name_length).unwrap_or(0).min(LONGEST);
        let mut bytes = vec![0; length];
        self.file(names_file(number / PART))?
            .read_exact_at(&mut bytes, row.name_at)?;
        Ok(bytes)
    }

    /// Writes a row in its place.
    pub(super) fn write(&mut self, number: u64, row: &Row) -> io::Result<()> {
        let offset = number % PART * Row::BYTES as u64;
        self.file(rows_file(number / PART))?
            .write_all_at(&row.encode(), offset)
    }

    /// Puts a name and a reason behind the names of the part of a row.
    pub(super) fn put_name(
        &mut self,
        number: u64,
        row: &mut Row,
        name: &[u8],
        reason: &str,
    ) -> io::Result<()> {
        let name = name.get(..LONGEST).unwrap_or(name);
        let reason = reason.as_bytes();
        let reason = reason.get(..LONGEST).unwrap_or(reason);
        let part = number / PART;
        let is_last = part == self.next.saturating_sub(1) / PART || number == self.next;
        let file = self.file(names_file(part))?;
        let at = if is_last {
            self.names_end
        } else {
            file.metadata()?.len()
        };
        let file = self.file(names_file(part))?;
        file.write_all_at(&[name, reason].concat(), at)?;
        row.name_at = at;
        row.name_length = u32::try_from(name.len()).unwrap_or(0);
        row.reason_length = u32::try_from(reason.len()).unwrap_or(0);
        if is_last {
            self.names_end = at + (name.len() + reason.len()) as u64;
        }
        Ok(())
    }

    /// Adds a row; answers its number, and the rows that are forgotten for it.
    pub(super) fn add(&mut self, mut row: Row, name: &[u8], reason: &str) -> io::Result<Added> {
        let number = self.next;
        let mut forgotten = Vec::new();
        if number.is_multiple_of(PART) {
            self.names_end = 0;
            forgotten = self.forget(number / PART)?;
        }
        self.put_name(number, &mut row, name, reason)?;
        self.write(number, &row)?;
        self.next = number + 1;
        Ok(Added {
            number,
            row,
            forgotten,
        })
    }

    /// Drops the oldest part where there would be too many; answers its rows.
    fn forget(&mut self, part: u64) -> io::Result<Vec<Row>> {
        let oldest = self.first / PART;
        if part - oldest < PARTS {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        let mut at = self.first;
        while at < (oldest + 1) * PART {
            let some = self.some(at)?;
            at += some.len().max(1) as u64;
            rows.extend(some.into_iter().filter_map(|(_, row)| row));
        }
        for name in [rows_file(oldest), names_file(oldest)] {
            self.open.remove(&name);
            remove(&self.directory.join(name))?;
        }
        self.first = (oldest + 1) * PART;
        Ok(rows)
    }

    /// Replaces the head.
    pub(super) fn write_head(&self, head: &Head) -> io::Result<()> {
        let aside = self.directory.join(".head.new");
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(true).mode(0o600);
        options
            .open(&aside)?
            .write_all(&serde_json::to_vec(head)?)?;
        fs::rename(&aside, self.directory.join(HEAD_FILE))
    }

    /// Has what was written on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.open.values().try_for_each(File::sync_data)
    }

    /// The rows whose files somebody wants to be read again.
    pub(super) fn wished(&self) -> io::Result<Vec<u64>> {
        wishes(&self.directory)
    }

    /// A wish is fulfilled, or can't be.
    pub(super) fn forget_wish(&self, row: u64) -> io::Result<()> {
        remove(&self.directory.join(format!("{RESET}{row}")))
    }
}

/// The rows that are wished to be read again, in the book of `directory`.
pub(super) fn wishes(directory: &Path) -> io::Result<Vec<u64>> {
    let mut wished = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(RESET));
        wished.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    Ok(wished)
}

/// A row that was added.
#[derive(Debug)]
pub(super) struct Added {
    pub(super) number: u64,
    pub(super) row: Row,
    pub(super) forgotten: Vec<Row>,
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
