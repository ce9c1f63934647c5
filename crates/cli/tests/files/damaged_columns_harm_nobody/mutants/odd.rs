//! Numbers and bytes that no writer puts there, and the plain damage of a disk.

use datagen::random::Random;

/// One of several, by chance.
pub(crate) fn one_of<T: Copy>(random: &mut Random, choices: &[T]) -> T {
    choices[below(random, choices.len())]
}

/// A number below `limit`; 0 where there is none.
pub(crate) fn below(random: &mut Random, limit: usize) -> usize {
    usize::try_from(random.below(limit.max(1) as u64)).expect("small")
}

/// Another number than `number`.
pub(crate) fn number(random: &mut Random, number: i64) -> i64 {
    let near = [
        number.wrapping_add(1),
        number.wrapping_sub(1),
        number.wrapping_mul(2),
        number.wrapping_neg(),
        number ^ (1 << random.below(63)),
    ];
    let far = [0, 1, -1, 7, 255, 65_536, 1 << 31, (1 << 31) - 1, 1 << 40];
    let ends = [i64::MAX, i64::MIN, i64::MAX - 1, random.draw() as i64];
    match random.below(4) {
        0 | 1 => one_of(random, &near),
        2 => one_of(random, &far),
        _ => one_of(random, &ends),
    }
}

/// Changes bytes whose meaning is not known.
pub(crate) fn text(random: &mut Random, bytes: &mut Vec<u8>) {
    match random.below(5) {
        0 => bytes.clear(),
        1 => bytes.truncate(bytes.len() / 2),
        2 => bytes.extend([0xFF; 9]),
        3 => bytes.extend(vec![b'x'; below(random, 70_000)]),
        _ => {
            let at = below(random, bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.draw() as u8;
            }
        }
    }
}

/// Swaps two stretches of bytes that do not overlap.
pub(crate) fn swap(bytes: &[u8], first: (usize, usize), second: (usize, usize)) -> Vec<u8> {
    let (first, second) = (first.min(second), first.max(second));
    let parts = [
        &bytes[..first.0],
        &bytes[second.0..second.1],
        &bytes[first.1..second.0],
        &bytes[first.0..first.1],
        &bytes[second.1..],
    ];
    parts.concat()
}

/// Changes some bytes, wherever they lie.
pub(crate) fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(2) {
        if bytes.is_empty() {
            bytes.push(0);
        }
        let length = bytes.len();
        // What tells where everything is stands at the end, before the last bytes by which the format is known.
        let at = match random.below(8) {
            0 => length - 1 - below(random, length.min(9)),
            1 | 2 => length.saturating_sub(9 + below(random, length.min(1_500))),
            _ => below(random, length),
        };
        let end = |long: usize| length.min(at + long);
        match random.below(24) {
            0..8 => bytes[at] ^= 1 << random.below(8),
            8..14 => bytes[at] = random.draw() as u8,
            14 | 15 => bytes[at] = 0xFF,
            16 | 17 => bytes[at..end(16)].fill(random.draw() as u8),
            18 | 19 => bytes[at..end(20)]
                .iter_mut()
                .for_each(|byte| *byte = random.draw() as u8),
            20 => bytes.insert(at, random.draw() as u8),
            21 => {
                let more = (0..random.below(5_000)).map(|_| random.draw() as u8);
                let more: Vec<u8> = more.collect();
                bytes.splice(at..at, more);
            }
            22 => drop(bytes.drain(at..end(1 + below(random, 300)))),
            _ => bytes.truncate(at),
        }
    }
}
