//! One file as a stream of blocks of whole records.

use memchr::memchr;

use super::format::Dialects;
use super::input::{Input, InputError};
use super::line_end::{end_of_rows, other_end};
use super::listing::FoundFile;
use super::mark::{LONGEST, mark_of, refuse_foreign};
use super::opened::Access;
use super::scan::{self, Passed};
use super::skipping::Skipping;

/// A place where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Start {
    pub(crate) offset: u64,
    /// The 1-based line; 0: not known.
    pub(crate) line: u64,
}

/// How much is read at once, and how long a record may be; in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) block: usize,
    pub(crate) record: usize,
}

impl Sizes {
    /// Bytes after which the end of a record is not looked for any more. Records of up to `record` bytes are good,
    /// longer ones bad; this is what a quote that is never closed can take.
    fn given_up(self) -> usize {
        self.record + self.record.max(self.block)
    }
}

/// Whole records that follow each other in a file.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    /// Where in `bytes` the first record begins; what lies before has been used up.
    pub(crate) from: usize,
    /// Where in the file that is.
    pub(crate) start: Start,
    /// Whether there is a quote or an escape in it.
    pub(crate) quoted: bool,
    /// Offsets in the stream of malformed bytes, where decoding came first.
    pub(crate) malformed: Vec<u64>,
    /// Bytes taken from the file for it.
    pub(crate) taken: u64,
    /// Whether it is the first record of its file, and reaches to the end of it without an end of its own.
    pub(crate) whole: bool,
}

/// Reads a file from record start to record start.
pub(crate) struct RecordStream {
    input: Input,
    dialects: Dialects,
    sizes: Sizes,
    buffer: Vec<u8>,
    /// Where in `buffer` the next record begins.
    at: usize,
    next: Start,
    ended: bool,
    /// Whether a last record without its end is kept back.
    keeps_tail: bool,
    /// Whether the end was come to without passing a record start.
    adrift: bool,
    /// Whether the first record was taken, and had no end.
    one_line: bool,
    malformed: Vec<u64>,
    /// Offsets at which a record begins, whatever follows them, in order.
    breaks: Vec<u64>,
    reported: u64,
    spare: Vec<Vec<u8>>,
}

impl RecordStream {
    /// Opens `file` at its first record: a byte order mark is dropped. `aside`: the directory into which files that can't be
    /// read are moved.
    pub(crate) fn open(
        file: &FoundFile,
        beginning: u64,
        access: &Access,
        dialects: Dialects,
        sizes: Sizes,
    ) -> Result<Self, InputError> {
        let skipping = (!dialects.skip.is_nothing()).then(|| {
            let longest = sizes.given_up();
            Skipping::new(dialects.skip.clone(), dialects.raw.clone(), longest)
        });
        let input = Input::open(file, beginning, access, (dialects.reading, skipping))?;
        let mut stream = Self {
            input,
            dialects,
            sizes,
            buffer: Vec::new(),
            at: 0,
            next: Start { offset: 0, line: 1 },
            ended: false,
            keeps_tail: false,
            adrift: false,
            one_line: false,
            malformed: Vec::new(),
            breaks: Vec::new(),
            reported: 0,
            spare: Vec::new(),
        };
        stream.fill()?;
        let mark = mark_of(stream.dialects.reading);
        while stream.buffer.len() < LONGEST && !stream.ended {
            stream.fill()?;
        }
        refuse_foreign(stream.dialects.reading, &stream.buffer, &stream.input)?;
        if !mark.is_empty() && stream.buffer.starts_with(mark) {
            stream.at = mark.len();
            stream.next.offset = stream.at as u64;
        }
        Ok(stream)
    }

    /// Whether the first record is all there is, and no end of a line stands behind it.
    pub(crate) fn is_one_line(&self) -> bool {
        self.one_line
    }

    /// Refuses a file that is nothing but its first record, `head`, where that seems to hold lines that end otherwise. `columns`: so many
    /// fields there should be, if that is known. `is_header`: it names them.
    ///
    /// # Errors
    /// It does.
    pub(crate) fn check_head(
        &self,
        head: Option<&[u8]>,
        columns: Option<usize>,
        is_header: bool,
    ) -> Result<(), InputError> {
        let head = head.filter(|_| self.one_line);
        let least = usize::from(!is_header);
        let end = head.and_then(|head| end_of_rows(&self.dialects, head, columns, least));
        end.map_or(Ok(()), |end| Err(InputError::OneLine(end)))
    }

    /// Whether a last record without its end is kept back from now on.
    pub(crate) fn keep_tail(&mut self, keeps: bool) {
        self.keeps_tail = keeps;
    }

    /// Whether the end has been come to, and what lies before it may be otherwise when more follows.
    pub(crate) fn is_undecided(&self) -> bool {
        self.keeps_tail && self.ended && !self.rest().is_empty()
    }

    /// Whether the end has been come to within a record, so that what follows may belong to it.
    pub(crate) fn is_within_record(&self) -> bool {
        self.is_undecided() && !scan::is_whole(&self.dialects.raw, self.rest())
    }

    /// Whether nothing will ever follow what has been read.
    fn is_over(&self) -> bool {
        self.ended && !self.keeps_tail
    }

    /// Whether the next record is the last one, has no end, begins in `[from, until)`, and is kept back.
    pub(crate) fn has_tail(&self, from: u64, until: u64) -> bool {
        let begins = (from..until).contains(&self.next.offset);
        begins && self.is_undecided()
    }

    /// Whether the position is the end of the file, and that may be within a record.
    pub(crate) fn is_adrift(&self) -> bool {
        self.adrift
    }

    /// Where the next record begins; at the end, where the file ends.
    pub(crate) fn position(&self) -> Start {
        self.next
    }

    pub(crate) fn input(&self) -> &Input {
        &self.input
    }

    /// Whether an earlier place can be gone back to.
    pub(crate) fn can_seek(&self) -> bool {
        self.input.can_seek()
    }

    /// A buffer that may be used again.
    pub(crate) fn give_back(&mut self, buffer: Vec<u8>) {
        self.spare.push(buffer);
    }

    /// Takes the first record that is not blank, without its line end. `None`: there is none.
    pub(crate) fn take_head(&mut self) -> Result<Option<Vec<u8>>, InputError> {
        loop {
            let length = match self.pass(1) {
                Passed::Reached(length) => length,
                Passed::Unfinished(_) if self.ended && self.keeps_tail => return Ok(None),
                Passed::Unfinished(_) if self.ended => {
                    self.one_line = !self.rest().is_empty();
                    self.rest().len()
                }
                Passed::Unfinished(_) => {
                    self.read_on()?;
                    continue;
                }
            };
            let record = self.rest().get(..length).unwrap_or_default();
            let record = scan::without_line_end(&self.dialects.raw, record).to_vec();
            self.step(length);
            if !record.is_empty() || length == 0 {
                return Ok((length > 0).then_some(record));
            }
        }
    }

    /// Goes to `start`, which must be where a record begins: at once where the input can seek, by
    /// reading on where it can't (then it must not lie before the present position).
    pub(crate) fn go_to(&mut self, start: Start) -> Result<(), InputError> {
        self.adrift = false;
        let ahead = start.offset.checked_sub(self.next.offset);
        if let Some(ahead) = ahead.filter(|ahead| *ahead <= self.rest().len() as u64) {
            self.at += ahead as usize;
        } else if self.input.can_seek() {
            self.input.seek(start.offset)?;
            self.buffer.clear();
            (self.at, self.ended) = (0, false);
        } else {
            self.read_over(start.offset)?;
        }
        self.next = start;
        Ok(())
    }

    /// Whether a line ends right before the position, or right behind it, where a last record had no end of its own; true where
    /// that can't be looked at. Elsewhere nothing begins, so what lies there is not what was read before.
    pub(crate) fn is_between_lines(&self) -> Result<bool, InputError> {
        let raw = &self.dialects.raw;
        let (length, offset) = (raw.line_end.len(), self.next.offset);
        let read = self
            .at
            .checked_sub(length)
            .and_then(|from| self.buffer.get(from..self.at));
        let before = match read {
            Some(before) => before.to_vec(),
            None if self.input.can_seek() => self
                .input
                .peek(offset.saturating_sub(length as u64), length)?,
            None => return Ok(true),
        };
        if scan::ends_line(raw, &before) {
            return Ok(true);
        }
        let behind = match self.rest().get(..length) {
            Some(behind) => behind.to_vec(),
            None if self.input.can_seek() => self.input.peek(offset, length)?,
            None => return Ok(true),
        };
        Ok(scan::ends_line(raw, &behind))
    }

    fn read_over(&mut self, offset: u64) -> Result<(), InputError> {
        while self.next.offset + (self.rest().len() as u64) < offset && !self.ended {
            self.next.offset += self.rest().len() as u64;
            self.at = self.buffer.len();
            self.fill()?;
        }
        let ahead = offset
            .saturating_sub(self.next.offset)
            .min(self.rest().len() as u64);
        self.at += ahead as usize;
        Ok(())
    }

    /// Goes to the first record that begins at or behind `target`, or to the end.
    pub(crate) fn advance(&mut self, target: u64) -> Result<(), InputError> {
        if self.dialects.raw.can_jump() && self.input.can_seek() {
            self.jump(target)?;
        }
        while self.next.offset < target {
            let ahead = usize::try_from(target - self.next.offset).unwrap_or(usize::MAX);
            match self.pass(ahead) {
                // At a break that may be before the target.
                Passed::Reached(length) => self.step(length),
                Passed::Unfinished(length) if self.ended && self.keeps_tail => {
                    self.step(length);
                    break;
                }
                Passed::Unfinished(_) if self.ended => {
                    self.step(self.rest().len());
                    break;
                }
                Passed::Unfinished(length) => {
                    self.step(length);
                    self.read_on()?;
                }
            }
        }
        Ok(())
    }

    /// Leaves out what need not be scanned, if it is more than has been read already.
    fn jump(&mut self, target: u64) -> Result<(), InputError> {
        let line_end = self.dialects.raw.line_end.len() as u64;
        let from = target.saturating_sub(line_end);
        if from <= self.next.offset + self.rest().len() as u64 {
            return Ok(());
        }
        self.go_to(Start {
            offset: from,
            line: 0,
        })?;
        loop {
            if let Some(length) = scan::first_start(&self.dialects.raw, self.rest()) {
                self.step(length);
                return Ok(());
            }
            // Keep what could be the first part of a line end.
            let kept = (line_end as usize - 1).min(self.rest().len());
            self.step(if self.ended {
                self.rest().len()
            } else {
                self.rest().len() - kept
            });
            if self.ended {
                self.adrift = true;
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// The next whole records that begin before `until`; `None` if there are none.
    pub(crate) fn next_block(&mut self, until: u64) -> Result<Option<Block>, InputError> {
        while self.next.offset < until {
            if self.rest().len() < self.sizes.block && !self.ended {
                self.fill()?;
            }
            let ahead = usize::try_from(until - self.next.offset).unwrap_or(usize::MAX);
            match self.pass(ahead) {
                Passed::Reached(length) => return Ok(Some(self.block(length))),
                Passed::Unfinished(length) if self.ended && self.keeps_tail => {
                    return Ok((length > 0).then(|| self.block(length)));
                }
                Passed::Unfinished(last) if self.ended => {
                    let length = self.rest().len();
                    let whole = last == 0 && self.next.line == 1;
                    let mut block = (length > 0).then(|| self.block(length));
                    if let Some(block) = &mut block {
                        block.whole = whole;
                    }
                    return Ok(block);
                }
                Passed::Unfinished(length) if length > 0 => return Ok(Some(self.block(length))),
                Passed::Unfinished(_) => self.read_on()?,
            }
        }
        Ok(None)
    }

    /// Hands out the next `length` bytes. They keep their buffer; what lies behind them moves.
    fn block(&mut self, length: usize) -> Block {
        let (from, start) = (self.at, self.next);
        self.step(length);
        let mut rest = self.spare.pop().unwrap_or_default();
        rest.clear();
        rest.extend_from_slice(self.rest());
        let mut bytes = std::mem::replace(&mut self.buffer, rest);
        bytes.truncate(self.at);
        self.at = 0;
        let records = bytes.get(from..).unwrap_or_default();
        let raw = &self.dialects.raw;
        let marks = raw.quote.into_iter().chain(raw.escape);
        let quoted = marks
            .into_iter()
            .any(|mark| memchr(mark, records).is_some());
        let behind = self.next.offset;
        let here = self.malformed.partition_point(|offset| *offset < behind);
        let malformed = self
            .malformed
            .drain(..here)
            .filter(|offset| *offset >= start.offset)
            .collect();
        Block {
            bytes,
            from,
            start,
            quoted,
            malformed,
            taken: self.taken_since(),
            whole: false,
        }
    }

    /// Bytes taken from the file since the last call.
    pub(crate) fn taken_since(&mut self) -> u64 {
        let taken = self.input.bytes_taken();
        taken.saturating_sub(std::mem::replace(&mut self.reported, taken))
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// The first record start at or behind `target` in what has been read, or the next break if that comes before.
    fn pass(&self, target: usize) -> Passed {
        let (raw, rest) = (&self.dialects.raw, self.rest());
        let Some(length) = self.to_break() else {
            return scan::pass(raw, rest, target, self.is_over());
        };
        let records = rest.get(..length).unwrap_or_default();
        match scan::pass(raw, records, target.min(length), true) {
            Passed::Unfinished(_) => Passed::Reached(length),
            reached => reached,
        }
    }

    /// How far it is to the next break.
    fn to_break(&self) -> Option<usize> {
        let (breaks, here) = (&self.breaks, self.next.offset);
        let next = breaks.get(breaks.partition_point(|offset| *offset <= here))?;
        usize::try_from(*next - here).ok()
    }

    /// Moves on by `length` bytes of the buffer.
    fn step(&mut self, length: usize) {
        if self.next.line > 0 {
            let passed = self.rest().get(..length).unwrap_or_default();
            self.next.line += scan::count_lines(&self.dialects.raw, passed);
        }
        self.at += length;
        self.next.offset += length as u64;
    }

    /// Reads on where the buffer begins with a record that has no end in it, which may not go on for ever.
    fn read_on(&mut self) -> Result<(), InputError> {
        if self.rest().len() > self.sizes.given_up() {
            return Err(InputError::Endless {
                offset: self.next.offset,
                limit: self.sizes.record,
                end: other_end(&self.dialects.raw, self.rest()),
            });
        }
        self.fill()
    }

    /// Reads at least a block, and as much again as is there already, so that a long record is not searched
    /// too often; but no more than decides whether it is too long, so that the same is decided wherever the
    /// reading began.
    fn fill(&mut self) -> Result<(), InputError> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let there = self.buffer.len();
        let wanted = if there < self.sizes.block {
            self.sizes.block - there
        } else {
            there.min((self.sizes.given_up() + 1).saturating_sub(there))
        };
        self.ended = !self.input.read(&mut self.buffer, wanted.max(1))?;
        self.malformed.append(&mut self.input.take_malformed());
        let here = self.next.offset;
        self.breaks.retain(|offset| *offset > here);
        self.breaks.append(&mut self.input.take_breaks());
        Ok(())
    }
}
