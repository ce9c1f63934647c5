//! Thrift's compact protocol as a tree, of which one part is changed: the footers and the headers of pages of Parquet.

use datagen::random::Random;

use super::odd::{self, below};

/// A value. Kinds are those that the protocol has for fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    Byte(u8),
    Number(u8, i64),
    Double([u8; 8]),
    Bytes(Vec<u8>),
    List(u8, Vec<Value>),
    Struct(Vec<(i16, Value)>),
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const STRUCT: u8 = 12;

/// The struct that the bytes begin with, and its length. `None`: they do not begin with one.
pub(crate) fn decode(bytes: &[u8]) -> Option<(Value, usize)> {
    let mut reader = Reader { bytes, at: 0 };
    let value = reader.value(STRUCT)?;
    Some((value, reader.at))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        self.at += 1;
        self.bytes.get(self.at - 1).copied()
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

    fn signed(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn bytes(&mut self, length: u64) -> Option<Vec<u8>> {
        let from = self.at;
        self.at = from.checked_add(usize::try_from(length).ok()?)?;
        self.bytes.get(from..self.at).map(<[u8]>::to_vec)
    }

    fn value(&mut self, kind: u8) -> Option<Value> {
        Some(match kind {
            TRUE | FALSE => Value::Bool(kind == TRUE),
            3 => Value::Byte(self.byte()?),
            4..=6 => Value::Number(kind, self.signed()?),
            7 => Value::Double(self.bytes(8)?.try_into().ok()?),
            8 => {
                let length = self.unsigned()?;
                Value::Bytes(self.bytes(length)?)
            }
            9 => self.list()?,
            STRUCT => self.fields()?,
            _ => return None,
        })
    }

    fn list(&mut self) -> Option<Value> {
        let head = self.byte()?;
        let kind = head & 0x0F;
        let count = match head >> 4 {
            15 => self.unsigned()?,
            count => u64::from(count),
        };
        let items = (0..count).map(|_| match kind {
            TRUE | FALSE => Some(Value::Bool(self.byte()? == TRUE)),
            kind => self.value(kind),
        });
        Some(Value::List(kind, items.collect::<Option<_>>()?))
    }

    fn fields(&mut self) -> Option<Value> {
        let mut fields = Vec::new();
        let mut id = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(Value::Struct(fields));
            }
            id = match head >> 4 {
                0 => i16::try_from(self.signed()?).ok()?,
                more => id + i16::from(more),
            };
            fields.push((id, self.value(head & 0x0F)?));
        }
    }
}

fn put_unsigned(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_signed(number: i64, out: &mut Vec<u8>) {
    put_unsigned(((number << 1) ^ (number >> 63)) as u64, out);
}

impl Value {
    fn kind(&self) -> u8 {
        match self {
            Self::Bool(true) => TRUE,
            Self::Bool(false) => FALSE,
            Self::Byte(_) => 3,
            Self::Number(kind, _) => *kind,
            Self::Double(_) => 7,
            Self::Bytes(_) => 8,
            Self::List(..) => 9,
            Self::Struct(_) => STRUCT,
        }
    }

    /// Appends the bytes of a value.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bool(_) => {}
            Self::Byte(byte) => out.push(*byte),
            Self::Number(_, number) => put_signed(*number, out),
            Self::Double(bytes) => out.extend(bytes),
            Self::Bytes(bytes) => {
                put_unsigned(bytes.len() as u64, out);
                out.extend(bytes);
            }
            Self::List(kind, items) => {
                out.push(0xF0 | kind);
                put_unsigned(items.len() as u64, out);
                for item in items {
                    if let Self::Bool(_) = item {
                        out.push(item.kind());
                    }
                    item.encode(out);
                }
            }
            Self::Struct(fields) => {
                for (id, value) in fields {
                    out.push(value.kind());
                    put_signed(i64::from(*id), out);
                    value.encode(out);
                }
                out.push(0);
            }
        }
    }

    /// The field of a struct.
    pub(crate) fn field(&mut self, id: i16) -> Option<&mut Self> {
        let Self::Struct(fields) = self else {
            return None;
        };
        let found = fields.iter_mut().find(|(known, _)| *known == id);
        found.map(|(_, value)| value)
    }

    /// The items of a list.
    pub(crate) fn items(&mut self) -> &mut [Self] {
        match self {
            Self::List(_, items) => items,
            _ => &mut [],
        }
    }

    /// A number.
    pub(crate) fn number(&mut self) -> Option<&mut i64> {
        match self {
            Self::Number(_, number) => Some(number),
            _ => None,
        }
    }

    /// All values within this one, itself first.
    fn count(&self) -> usize {
        1 + match self {
            Self::List(_, items) => items.iter().map(Self::count).sum(),
            Self::Struct(fields) => fields.iter().map(|(_, value)| value.count()).sum(),
            _ => 0,
        }
    }

    /// Does `change` to the value with this number among all.
    fn at(&mut self, number: &mut usize, change: &mut dyn FnMut(&mut Self)) {
        if *number == 0 {
            change(self);
        }
        *number = number.wrapping_sub(1);
        match self {
            Self::List(_, items) => items.iter_mut().for_each(|item| item.at(number, change)),
            Self::Struct(fields) => {
                let values = fields.iter_mut();
                values.for_each(|(_, value)| value.at(number, change));
            }
            _ => {}
        }
    }

    /// Changes one value of all.
    pub(crate) fn mutate(&mut self, random: &mut Random) {
        let mut number = below(random, self.count());
        self.at(&mut number, &mut |value| value.change(random));
    }

    fn change(&mut self, random: &mut Random) {
        match self {
            Self::Bool(value) => *value = !*value,
            Self::Byte(byte) => *byte = random.draw() as u8,
            Self::Number(_, number) => *number = odd::number(random, *number),
            Self::Double(bytes) => *bytes = random.draw().to_le_bytes(),
            Self::Bytes(bytes) => odd::text(random, bytes),
            Self::List(kind, items) => match random.below(6) {
                0 => *kind = random.below(16) as u8,
                _ => reorder(random, items),
            },
            Self::Struct(fields) => {
                let at = below(random, fields.len());
                match fields.get_mut(at) {
                    Some((id, _)) if random.below(4) == 0 => *id = random.below(20) as i16,
                    _ => reorder(random, fields),
                }
            }
        }
    }
}

/// Drops, doubles or swaps.
pub(crate) fn reorder<T: Clone>(random: &mut Random, items: &mut Vec<T>) {
    if items.is_empty() {
        return;
    }
    let (one, other) = (below(random, items.len()), below(random, items.len()));
    match random.below(5) {
        0 => drop(items.remove(one)),
        1 => items.insert(other, items[one].clone()),
        2 => items.clear(),
        3 => items.extend(vec![items[one].clone(); below(random, 3_000)]),
        _ => items.swap(one, other),
    }
}
