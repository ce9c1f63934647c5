//! What messages are made of: numbers, texts, arrays. *Flexible* is the newer form, with short lengths and tagged fields.

/// What was answered is not what the protocol says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Garbled(pub(super) &'static str);

type Result<T> = std::result::Result<T, Garbled>;

/// Builds a message.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    flexible: bool,
}

impl Writer {
    /// What was written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What follows is written in this form.
    pub(super) fn set_flexible(&mut self, flexible: bool) {
        self.flexible = flexible;
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.bytes.push(u8::from(value));
    }

    pub(super) fn i8(&mut self, value: i8) {
        self.bytes.extend(value.to_be_bytes());
    }

    pub(super) fn i16(&mut self, value: i16) {
        self.bytes.extend(value.to_be_bytes());
    }

    pub(super) fn i32(&mut self, value: i32) {
        self.bytes.extend(value.to_be_bytes());
    }

    pub(super) fn i64(&mut self, value: i64) {
        self.bytes.extend(value.to_be_bytes());
    }

    /// 16 bytes that name something.
    pub(super) fn uuid(&mut self, value: [u8; 16]) {
        self.bytes.extend(value);
    }

    pub(super) fn text(&mut self, value: &str) {
        self.nullable_text(Some(value));
    }

    pub(super) fn nullable_text(&mut self, value: Option<&str>) {
        match (value, self.flexible) {
            (None, true) => self.varint(0),
            (None, false) => self.i16(-1),
            (Some(value), true) => {
                self.varint(value.len().saturating_add(1));
                self.bytes.extend(value.as_bytes());
            }
            (Some(value), false) => self.old_text(value),
        }
    }

    /// A text with a length of two bytes, whatever the form is. What is longer than that can say is cut, which a broker
    /// answers as the name that it does not know.
    pub(super) fn old_text(&mut self, value: &str) {
        let length = i16::try_from(value.len()).unwrap_or(i16::MAX);
        self.i16(length);
        let kept = usize::from(length.unsigned_abs());
        self.bytes.extend(value.bytes().take(kept));
    }

    pub(super) fn blob(&mut self, value: &[u8]) {
        if self.flexible {
            self.varint(value.len().saturating_add(1));
        } else {
            self.i32(i32::try_from(value.len()).unwrap_or(i32::MAX));
        }
        self.bytes.extend(value);
    }

    /// An array, each item written by `write`.
    pub(super) fn array<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        if self.flexible {
            self.varint(items.len().saturating_add(1));
        } else {
            self.i32(i32::try_from(items.len()).unwrap_or(i32::MAX));
        }
        for item in items {
            write(self, item);
        }
    }

    /// The absence of an array, which is not the same as an empty one.
    pub(super) fn no_array(&mut self) {
        if self.flexible {
            self.varint(0);
        } else {
            self.i32(-1);
        }
    }

    /// Ends a structure: no tagged fields, where the form has any.
    pub(super) fn end(&mut self) {
        if self.flexible {
            self.varint(0);
        }
    }

    fn varint(&mut self, mut value: usize) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

/// Takes a message apart.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    flexible: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], flexible: bool) -> Self {
        Self {
            rest: bytes,
            flexible,
        }
    }

    /// What follows is read in this form.
    pub(super) fn set_flexible(&mut self, flexible: bool) {
        self.flexible = flexible;
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(Garbled("it ends in the middle"));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn fixed<const BYTES: usize>(&mut self) -> Result<[u8; BYTES]> {
        let taken = self.take(BYTES)?;
        taken.try_into().map_err(|_| Garbled("a number is short"))
    }

    pub(super) fn bool(&mut self) -> Result<bool> {
        Ok(self.i8()? != 0)
    }

    pub(super) fn i8(&mut self) -> Result<i8> {
        Ok(i8::from_be_bytes(self.fixed()?))
    }

    pub(super) fn i16(&mut self) -> Result<i16> {
        Ok(i16::from_be_bytes(self.fixed()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_be_bytes(self.fixed()?))
    }

    pub(super) fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_be_bytes(self.fixed()?))
    }

    pub(super) fn uuid(&mut self) -> Result<[u8; 16]> {
        self.fixed()
    }

    pub(super) fn text(&mut self) -> Result<String> {
        self.nullable_text()?
            .ok_or(Garbled("a text that must be there is not"))
    }

    pub(super) fn nullable_text(&mut self) -> Result<Option<String>> {
        let length = match self.flexible {
            true => self.short_length()?,
            false => length(i32::from(self.i16()?))?,
        };
        let Some(length) = length else {
            return Ok(None);
        };
        let text = std::str::from_utf8(self.take(length)?);
        let text = text.map_err(|_| Garbled("a text is not UTF-8"))?;
        Ok(Some(text.to_owned()))
    }

    pub(super) fn nullable_blob(&mut self) -> Result<Option<&'a [u8]>> {
        match self.long_length()? {
            Some(length) => self.take(length).map(Some),
            None => Ok(None),
        }
    }

    /// An array, each item read by `read`, which takes at least `smallest` bytes of it. One that is not there is empty.
    pub(super) fn array<T>(
        &mut self,
        smallest: usize,
        mut read: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let count = self.long_length()?.unwrap_or(0);
        if count > self.rest.len() / smallest.max(1) {
            return Err(Garbled("a list is longer than what holds it"));
        }
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// Ends a structure: passes over tagged fields, where the form has any.
    pub(super) fn end(&mut self) -> Result<()> {
        self.tagged(|_, _| Ok(()))
    }

    /// Ends a structure, with its tagged fields read by `read`.
    pub(super) fn tagged(
        &mut self,
        mut read: impl FnMut(usize, &mut Reader<'a>) -> Result<()>,
    ) -> Result<()> {
        if !self.flexible {
            return Ok(());
        }
        for _ in 0..self.varint()? {
            let tag = self.varint()?;
            let length = self.varint()?;
            let mut field = Reader::new(self.take(length)?, true);
            read(tag, &mut field)?;
        }
        Ok(())
    }

    fn long_length(&mut self) -> Result<Option<usize>> {
        match self.flexible {
            true => self.short_length(),
            false => length(self.i32()?),
        }
    }

    /// One more than the length; 0: there is none.
    fn short_length(&mut self) -> Result<Option<usize>> {
        Ok(self.varint()?.checked_sub(1))
    }

    fn varint(&mut self) -> Result<usize> {
        let mut value: u32 = 0;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.fixed()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(value).map_err(|_| Garbled("a length is too large"));
            }
        }
        Err(Garbled("a length is too long"))
    }
}

fn length(given: i32) -> Result<Option<usize>> {
    match given {
        -1 => Ok(None),
        _ => usize::try_from(given)
            .map(Some)
            .map_err(|_| Garbled("a length is negative")),
    }
}

#[cfg(test)]
mod tests;
