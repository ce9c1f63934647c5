//! Messages of Protocol Buffers, of which one field is changed: what ORC tells of its files.

use datagen::random::Random;

use super::odd::{self, below};
use super::thrift::reorder;

/// The value of a field.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Number(u64),
    Eight([u8; 8]),
    Bytes(Vec<u8>),
    Four([u8; 4]),
}

/// The fields of a message.
#[derive(Debug, Clone)]
pub(crate) struct Message(pub(crate) Vec<(u64, Payload)>);

impl Message {
    /// The message that the bytes are. `None`: they are none.
    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let tag = number(&mut bytes)?;
            let payload = match tag & 7 {
                0 => Payload::Number(number(&mut bytes)?),
                1 => Payload::Eight(take(&mut bytes, 8)?.try_into().ok()?),
                2 => {
                    let length = number(&mut bytes)?;
                    Payload::Bytes(take(&mut bytes, length)?.to_vec())
                }
                5 => Payload::Four(take(&mut bytes, 4)?.try_into().ok()?),
                _ => return None,
            };
            fields.push((tag >> 3, payload));
        }
        Some(Self(fields))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (field, payload) in &self.0 {
            let wire = match payload {
                Payload::Number(_) => 0,
                Payload::Eight(_) => 1,
                Payload::Bytes(_) => 2,
                Payload::Four(_) => 5,
            };
            put(field << 3 | wire, &mut out);
            match payload {
                Payload::Number(number) => put(*number, &mut out),
                Payload::Eight(bytes) => out.extend(bytes),
                Payload::Four(bytes) => out.extend(bytes),
                Payload::Bytes(bytes) => {
                    put(bytes.len() as u64, &mut out);
                    out.extend(bytes);
                }
            }
        }
        out
    }

    /// A number of the message; 0 where it is not there.
    pub(crate) fn number(&self, field: u64) -> u64 {
        let found = self.0.iter().find_map(|(known, payload)| match payload {
            Payload::Number(number) if *known == field => Some(*number),
            _ => None,
        });
        found.unwrap_or(0)
    }

    /// Makes a number of the message another one.
    pub(crate) fn set(&mut self, field: u64, number: u64) {
        self.0.retain(|(known, _)| *known != field);
        self.0.push((field, Payload::Number(number)));
    }

    /// Changes one field, or one of those of a message within this one.
    pub(crate) fn mutate(&mut self, random: &mut Random) {
        let at = below(random, self.0.len());
        let Some((field, payload)) = self.0.get_mut(at) else {
            self.0
                .push((random.below(12), Payload::Number(random.draw())));
            return;
        };
        if let Payload::Bytes(bytes) = payload
            && random.below(4) > 0
            && let Some(mut inner) = Self::decode(bytes)
        {
            inner.mutate(random);
            *bytes = inner.encode();
            return;
        }
        match random.below(6) {
            0 => *field = 1 + random.below(12),
            1 => reorder(random, &mut self.0),
            _ => match payload {
                Payload::Number(value) => *value = odd::number(random, *value as i64) as u64,
                Payload::Eight(bytes) => *bytes = random.draw().to_le_bytes(),
                Payload::Four(bytes) => *bytes = (random.draw() as u32).to_le_bytes(),
                Payload::Bytes(bytes) => odd::text(random, bytes),
            },
        }
    }
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(taken)
}

fn put(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
