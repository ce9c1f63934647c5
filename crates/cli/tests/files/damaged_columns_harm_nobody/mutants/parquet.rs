//! Parquet.

use datagen::random::Random;

use super::odd::{self, below};
use super::thrift::{Value, decode};

/// Bytes behind the footer: its length, and the magic.
const BEHIND: usize = 8;

/// Changes what the file tells of itself.
pub(crate) fn mutate(random: &mut Random, sound: &[u8]) -> Option<Vec<u8>> {
    let length = sound.get(sound.len() - BEHIND..sound.len() - 4)?;
    let length = u32::from_le_bytes(length.try_into().ok()?);
    let begin = sound.len() - BEHIND - length as usize;
    let (mut footer, _) = decode(&sound[begin..])?;
    let pages = pages(&mut footer.clone(), sound);
    match random.below(6) {
        0 | 1 => {
            let (one, other) = (below(random, pages.len()), below(random, pages.len()));
            (one != other).then(|| odd::swap(sound, pages[one], pages[other]))
        }
        2 | 3 => {
            let (from, _) = pages[below(random, pages.len())];
            let (mut header, length) = decode(&sound[from..])?;
            header.mutate(random);
            let mut bytes = sound[..from].to_vec();
            header.encode(&mut bytes);
            let grown = bytes.len() as i64 - (from + length) as i64;
            bytes.extend(&sound[from + length..begin]);
            move_behind(&mut footer, from as i64, grown);
            Some(with_footer(bytes, &footer))
        }
        _ => {
            for _ in 0..=random.below(2) {
                footer.mutate(random);
            }
            Some(with_footer(sound[..begin].to_vec(), &footer))
        }
    }
}

fn with_footer(mut bytes: Vec<u8>, footer: &Value) -> Vec<u8> {
    let begin = bytes.len();
    footer.encode(&mut bytes);
    let length = (bytes.len() - begin) as u32;
    bytes.extend(length.to_le_bytes());
    bytes.extend(b"PAR1");
    bytes
}

/// Does something to each column of each row group: the struct of its own, and that of its metadata within.
fn for_columns(footer: &mut Value, mut change: impl FnMut(&mut Value)) {
    let groups = footer.field(4).map(Value::items).unwrap_or_default();
    for group in groups {
        let columns = group.field(1).map(Value::items).unwrap_or_default();
        columns.iter_mut().for_each(&mut change);
    }
}

/// Where pages lie, their headers with them.
fn pages(footer: &mut Value, bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for_columns(footer, |column| {
        let mut told = |field| {
            let number = column.field(3)?.field(field)?.number()?;
            usize::try_from(*number).ok()
        };
        let (data, dictionary) = (told(9), told(11));
        let (Some(from), Some(length)) = (data.min(dictionary.or(data)), told(7)) else {
            return;
        };
        let mut at = from;
        while at < from + length {
            let Some((mut header, head)) = decode(&bytes[at..]) else {
                return;
            };
            let size = header.field(3).and_then(Value::number).map_or(0, |it| *it);
            let end = at + head + usize::try_from(size).unwrap_or(0);
            found.push((at, end));
            at = end;
        }
    });
    found
}

/// What lies behind a place has moved by so many bytes.
fn move_behind(footer: &mut Value, place: i64, by: i64) {
    for_columns(footer, |column| {
        let shift = |value: Option<&mut Value>| {
            if let Some(number) = value.and_then(Value::number)
                && *number > place
            {
                *number += by;
            }
        };
        shift(column.field(4));
        shift(column.field(6));
        let Some(told) = column.field(3) else {
            return;
        };
        let begin = [11, 9].map(|field| told.field(field).and_then(Value::number).map(|it| *it));
        let begin = begin.into_iter().flatten().min().unwrap_or(0);
        if let Some(length) = told.field(7).and_then(Value::number)
            && (begin..begin + *length).contains(&place)
        {
            *length += by;
        }
        for field in [9, 10, 11, 14] {
            shift(told.field(field));
        }
    });
}
