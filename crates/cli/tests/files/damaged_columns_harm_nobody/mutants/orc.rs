//! ORC.

use std::io::Read;
use std::ops::Range;

use bytes::Bytes;
use datagen::random::Random;
use orc_rust::compression::{Compression, Decompressor};
use orc_rust::reader::metadata::read_metadata;

use super::odd::{self, below};
use super::protobuf::{Message, Payload};

/// Numbers of the fields of a postscript.
const FOOTER_LENGTH: u64 = 1;
const METADATA_LENGTH: u64 = 5;
/// The stripes in a footer, and what is told of each.
const STRIPES: u64 = 3;
const PARTS: [u64; 4] = [1, 2, 3, 4];

/// Changes what the file tells of itself.
pub(crate) fn mutate(random: &mut Random, sound: &[u8]) -> Option<Vec<u8>> {
    let mut tail = Tail::of(sound)?;
    match random.below(8) {
        0 => {
            let stripes = tail.stripes();
            let (one, other) = (below(random, stripes.len()), below(random, stripes.len()));
            let stretch = |stripe: &Stripe| (stripe.from, stripe.footer.end);
            let (one, other) = (stretch(&stripes[one]), stretch(&stripes[other]));
            (one != other).then(|| odd::swap(sound, one, other))
        }
        1 => {
            let body = sound[..tail.begin].to_vec();
            Some(tail.over(body, |postscript| postscript.mutate(random)))
        }
        2 => {
            tail.metadata.mutate(random);
            Some(tail.over(sound[..tail.begin].to_vec(), |_| ()))
        }
        3 | 4 => {
            let stripes = tail.stripes();
            let number = below(random, stripes.len());
            let at = stripes.get(number)?.footer.clone();
            let mut footer = tail.message(&sound[at.clone()])?;
            footer.mutate(random);
            let footer = tail.section(&footer);
            let grown = footer.len() as i64 - at.len() as i64;
            tail.move_behind(number, grown);
            let body = [&sound[..at.start], &footer, &sound[at.end..tail.begin]];
            Some(tail.over(body.concat(), |_| ()))
        }
        _ => {
            for _ in 0..=random.below(2) {
                tail.footer.mutate(random);
            }
            Some(tail.over(sound[..tail.begin].to_vec(), |_| ()))
        }
    }
}

struct Stripe {
    from: usize,
    footer: Range<usize>,
}

/// What stands behind the stripes.
struct Tail {
    begin: usize,
    compression: Option<Compression>,
    metadata: Message,
    footer: Message,
    postscript: Message,
}

impl Tail {
    fn of(sound: &[u8]) -> Option<Self> {
        let told = read_metadata(&mut Bytes::copy_from_slice(sound)).ok()?;
        let last = sound.len() - 1;
        let at = last - usize::from(*sound.last()?);
        let postscript = Message::decode(&sound[at..last])?;
        let length = |field| usize::try_from(postscript.number(field)).ok();
        let footer_at = at - length(FOOTER_LENGTH)?;
        let begin = footer_at - length(METADATA_LENGTH)?;
        let mut tail = Self {
            begin,
            compression: told.compression(),
            metadata: Message(Vec::new()),
            footer: Message(Vec::new()),
            postscript,
        };
        tail.footer = tail.message(&sound[footer_at..at])?;
        tail.metadata = tail.message(&sound[begin..footer_at])?;
        Some(tail)
    }

    fn message(&self, section: &[u8]) -> Option<Message> {
        let section = Bytes::copy_from_slice(section);
        let mut bytes = Vec::new();
        let mut unpacked = Decompressor::new(section, self.compression, Vec::new());
        unpacked.read_to_end(&mut bytes).ok()?;
        Message::decode(&bytes)
    }

    /// A message as it stands in the file: in blocks that are not compressed where the file's are.
    fn section(&self, message: &Message) -> Vec<u8> {
        let bytes = message.encode();
        if self.compression.is_none() {
            return bytes;
        }
        let blocks = bytes.chunks(60_000).map(|block| {
            let head = ((block.len() as u32) << 1 | 1).to_le_bytes();
            [&head[..3], block].concat()
        });
        blocks.collect::<Vec<_>>().concat()
    }

    fn stripes(&self) -> Vec<Stripe> {
        let told = self.footer.0.iter().filter_map(|field| match field {
            (STRIPES, Payload::Bytes(bytes)) => Message::decode(bytes),
            _ => None,
        });
        let stripes = told.map(|told| {
            let [from, index, data, footer] = PARTS.map(|field| told.number(field) as usize);
            let end = from + index + data;
            Stripe {
                from,
                footer: end..end + footer,
            }
        });
        stripes.collect()
    }

    /// The footer of a stripe has grown.
    fn move_behind(&mut self, grown: usize, by: i64) {
        let stripes = self.footer.0.iter_mut().filter_map(|field| match field {
            (STRIPES, Payload::Bytes(bytes)) => Some(bytes),
            _ => None,
        });
        for (number, bytes) in stripes.enumerate() {
            let Some(mut told) = Message::decode(bytes).filter(|_| number >= grown) else {
                continue;
            };
            let field = if number == grown { PARTS[3] } else { PARTS[0] };
            told.set(field, told.number(field).wrapping_add_signed(by));
            *bytes = told.encode();
        }
    }

    /// The file with these bytes before its tail, whose last part is changed once more.
    fn over(&self, mut bytes: Vec<u8>, change: impl FnOnce(&mut Message)) -> Vec<u8> {
        let (metadata, footer) = (self.section(&self.metadata), self.section(&self.footer));
        let mut postscript = self.postscript.clone();
        postscript.set(METADATA_LENGTH, metadata.len() as u64);
        postscript.set(FOOTER_LENGTH, footer.len() as u64);
        change(&mut postscript);
        let postscript = postscript.encode();
        bytes.extend(metadata);
        bytes.extend(footer);
        bytes.extend(&postscript);
        bytes.push(postscript.len() as u8);
        bytes
    }
}
