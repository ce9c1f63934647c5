//! Thrift's compact protocol, as far as it has to be looked at before the library decodes it: what a damaged file says of
//! the length of a list would end the process, for there is no room for it, and no guard holds that.

/// Structs and lists within one another.
const DEEPEST: u32 = 64;

/// Kinds of values.
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;
const SET: u8 = 10;
const MAP: u8 = 11;

/// Bytes that are taken from the front. Whatever gives `None` is cut off, or makes no sense.
#[derive(Debug)]
pub(super) struct Compact<'a> {
    bytes: &'a [u8],
    depth: u32,
}

impl<'a> Compact<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, depth: 0 }
    }

    /// Bytes that nothing was taken of yet.
    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A whole number.
    pub(super) fn number(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// The kind and the count of the items of a list: there are no more than bytes left.
    pub(super) fn list(&mut self) -> Option<(u8, usize)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => usize::try_from(self.unsigned()?).ok()?,
            count => usize::from(count),
        };
        (count <= self.bytes.len()).then_some((head & 0x0F, count))
    }

    /// Walks over the fields of a struct, each of which `each` takes or leaves (`false`) to be passed over.
    pub(super) fn fields(
        &mut self,
        each: &mut dyn FnMut(&mut Self, i64, u8) -> Option<bool>,
    ) -> Option<()> {
        let mut id = 0;
        loop {
            let head = self.byte()?;
            let kind = head & 0x0F;
            if kind == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => self.number()?,
                more => id + i64::from(more),
            };
            if !each(self, id, kind)? {
                self.pass(kind)?;
            }
        }
    }

    /// Passes over a value of a field.
    pub(super) fn pass(&mut self, kind: u8) -> Option<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        self.pass_here(kind)?;
        self.depth -= 1;
        Some(())
    }

    fn pass_here(&mut self, kind: u8) -> Option<()> {
        match kind {
            // What is true or false is told by the kind.
            1 | 2 => {}
            3 => drop(self.byte()?),
            4..=6 => drop(self.number()?),
            7 => drop(self.take(8)?),
            8 => {
                let length = self.unsigned()?;
                self.take(usize::try_from(length).ok()?)?;
            }
            LIST | SET => {
                let (kind, count) = self.list()?;
                for _ in 0..count {
                    self.pass_item(kind)?;
                }
            }
            MAP => self.pass_map()?,
            STRUCT => self.fields(&mut |_, _, _| Some(false))?,
            _ => return None,
        }
        Some(())
    }

    fn pass_map(&mut self) -> Option<()> {
        let count = usize::try_from(self.unsigned()?).ok()?;
        if count == 0 {
            return Some(());
        }
        let kinds = self.byte()?;
        if count > self.bytes.len() {
            return None;
        }
        for _ in 0..count {
            self.pass_item(kinds >> 4)?;
            self.pass_item(kinds & 0x0F)?;
        }
        Some(())
    }

    /// Items have a byte each of what is true or false.
    fn pass_item(&mut self, kind: u8) -> Option<()> {
        match kind {
            1 | 2 => self.byte().map(drop),
            kind => self.pass(kind),
        }
    }
}
