//! Whole numbers, as the second version of ORC's run length encoding has them.
//!
//! Four kinds of runs there are: a value that repeats, values that are packed, values with a step between them, and packed values
//! with some that stick out. The last one saves bytes only, and the blocks are compressed anyway: it is not written.

use super::index::Mark;

/// The most values of a run.
const LONGEST: usize = 512;
/// A run of one value is worth its header from here on, and one of a step between values.
const WORTH_SAME: usize = 5;
const WORTH_STEPS: usize = 8;
/// The most values of a short repeat, and the least.
const SHORT: std::ops::RangeInclusive<usize> = 3..=10;
/// Steps wider than this are not written as steps: readers hold them in the type of the column.
const WIDEST_STEP: u32 = 15;

/// Numbers of one stream.
#[derive(Debug)]
pub(super) struct Integers {
    signed: bool,
    waiting: Vec<i64>,
    out: Vec<u8>,
}

impl Integers {
    /// Numbers that may be below zero.
    pub(super) fn signed() -> Self {
        Self {
            signed: true,
            waiting: Vec::with_capacity(LONGEST),
            out: Vec::new(),
        }
    }

    /// Numbers that are never below zero.
    pub(super) fn unsigned() -> Self {
        Self {
            signed: false,
            ..Self::signed()
        }
    }

    pub(super) fn push(&mut self, value: i64) {
        self.waiting.push(value);
        if self.waiting.len() == LONGEST {
            self.flush();
        }
    }

    /// The bytes that these numbers take, about.
    pub(super) fn size(&self) -> usize {
        self.out.len() + self.waiting.len() * size_of::<i64>()
    }

    /// Where the next number is written: a run begins with it.
    pub(super) fn mark(&mut self) -> Mark {
        self.flush();
        Mark::Run(self.out.len())
    }

    /// The stream; the next number begins another one.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.flush();
        std::mem::take(&mut self.out)
    }

    /// Encodes what waits: runs with one step by themselves, what is between them packed.
    fn flush(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let (mut from, mut at) = (0, 0);
        while at < waiting.len() {
            let rest = waiting.get(at..).unwrap_or_default();
            let (run, step) = run_of(rest);
            let worth = match step {
                Some(0) => WORTH_SAME,
                _ => WORTH_STEPS,
            };
            if run >= worth {
                self.plain(waiting.get(from..at).unwrap_or_default());
                self.steps(rest.get(..run).unwrap_or_default());
                at += run;
                from = at;
            } else {
                // The last one of a run may be the first of another.
                at += run.saturating_sub(1).max(1);
            }
        }
        self.plain(waiting.get(from..).unwrap_or_default());
        self.waiting = waiting;
        self.waiting.clear();
    }

    /// At least two values with one step between them.
    fn steps(&mut self, values: &[i64]) {
        let &[first, second, ..] = values else {
            return self.plain(values);
        };
        let step = second.wrapping_sub(first);
        if step == 0 && SHORT.contains(&values.len()) {
            let value = self.unsigned_of(first);
            let bytes = bits_of(value).div_ceil(8).max(1);
            let header = (bytes - 1) << 3 | (values.len() - SHORT.start()) as u32;
            self.out.push(header as u8);
            pack([value], bytes * 8, &mut self.out);
            return;
        }
        self.header(Kind::Delta, 0, values.len());
        varint(self.unsigned_of(first).into(), &mut self.out);
        varint(zigzag(step.into()), &mut self.out);
    }

    /// Values without a run among them.
    fn plain(&mut self, values: &[i64]) {
        if values.is_empty() {
            return;
        }
        let all = values.iter().map(|value| self.unsigned_of(*value));
        let width = width_of(all.clone().fold(0, |all, value| all | value));
        if let Some((steps, step_width)) = steps_of(values).filter(|(_, steps)| *steps < width) {
            self.header(Kind::Delta, code_of(step_width), values.len());
            let mut steps = steps.into_iter();
            let (first, step) = (values.first().copied(), steps.next());
            varint(self.unsigned_of(first.unwrap_or(0)).into(), &mut self.out);
            varint(zigzag(step.unwrap_or(0).into()), &mut self.out);
            pack(steps.map(i64::unsigned_abs), step_width, &mut self.out);
            return;
        }
        let all: Vec<u64> = all.collect();
        self.header(Kind::Direct, code_of(width), values.len());
        pack(all, width, &mut self.out);
    }

    fn header(&mut self, kind: Kind, code: u8, length: usize) {
        let more = length - 1;
        self.out.push(kind as u8 | code << 1 | (more >> 8) as u8);
        self.out.push(more as u8);
    }

    fn unsigned_of(&self, value: i64) -> u64 {
        match self.signed {
            true => zigzag(value.into()) as u64,
            false => value as u64,
        }
    }
}

/// The kinds of runs with a header of two bytes, as their first two bits.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Direct = 0b0100_0000,
    Delta = 0b1100_0000,
}

/// How many values from the first one on have one step between them, and that step.
fn run_of(values: &[i64]) -> (usize, Option<i64>) {
    let mut steps = values.windows(2).map(|pair| match pair {
        [one, next] => next.checked_sub(*one),
        _ => None,
    });
    match steps.next() {
        Some(Some(step)) => {
            let more = steps.take_while(|next| *next == Some(step)).count();
            (2 + more, Some(step))
        }
        _ => (values.len().min(1), None),
    }
}

/// The steps between values that only grow or only fall, and the width of all but the first; `None`: they do neither, or the
/// steps are too wide.
fn steps_of(values: &[i64]) -> Option<(Vec<i64>, u32)> {
    let steps = values.windows(2).map(|pair| match pair {
        [one, next] => next.checked_sub(*one),
        _ => None,
    });
    let steps = steps.collect::<Option<Vec<i64>>>()?;
    // The first step alone says which way all of them go: none where it is 0, as other writers and readers have it as well.
    let first = *steps.first().filter(|step| **step != 0)?;
    if steps.len() < 2 {
        return None;
    }
    let one_way = match first < 0 {
        true => steps.iter().all(|step| *step <= 0),
        false => steps.iter().all(|step| *step >= 0),
    };
    let all = steps.iter().map(|step| step.unsigned_abs());
    let widest = bits_of(all.fold(0, |all, step| all | step));
    // A width of one bit has the code of steps that are all the same; those of whole bytes, or parts of one, are read fast.
    let width = widest.max(2).next_power_of_two();
    (one_way && widest <= WIDEST_STEP).then_some((steps, width))
}

fn bits_of(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// Bits for values of which these are all bits, as there is a code for.
fn width_of(all: u64) -> u32 {
    match bits_of(all) {
        0 => 1,
        bits @ 1..=24 => bits,
        bits @ 25..=32 => bits.next_multiple_of(2),
        bits => bits.next_multiple_of(8),
    }
}

/// The code of a width.
fn code_of(width: u32) -> u8 {
    let code = match width {
        1..=24 => width - 1,
        25..=32 => 24 + (width - 26) / 2,
        _ => 28 + (width - 40) / 8,
    };
    code as u8
}

/// Packs values of so many bits, the highest bit first.
fn pack(values: impl IntoIterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    let (mut bits, mut held) = (0_u128, 0);
    for value in values {
        bits = bits << width | u128::from(value);
        held += width;
        while held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    if held > 0 {
        out.push((bits << (8 - held)) as u8);
    }
}

/// Numbers near zero as small ones without a sign.
pub(super) fn zigzag(value: i128) -> u128 {
    (value << 1 ^ value >> 127) as u128
}

/// Seven bits a byte, the lowest first.
pub(super) fn varint(mut value: u128, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
