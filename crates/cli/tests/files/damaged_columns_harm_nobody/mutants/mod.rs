//! Damaged files of columns from a seed: bytes flipped, cut and lengthened, what the formats tell of themselves changed
//! field by field, and pages and stripes in each other's places.

#![allow(
    clippy::indexing_slicing,
    reason = "test support: places are within the bytes, and a panic is a failed test"
)]

mod odd;
mod orc;
mod parquet;
mod protobuf;
mod thrift;

use datagen::random::Random;

/// A damaged copy of a file that is sound.
pub(crate) fn mutant(random: &mut Random, name: &str, sound: &[u8]) -> Vec<u8> {
    let told = if name.ends_with(".orc") {
        orc::mutate
    } else {
        parquet::mutate
    };
    let mut bytes = match random.below(3) {
        0 => sound.to_vec(),
        _ => told(random, sound).unwrap_or_else(|| sound.to_vec()),
    };
    if bytes == sound || random.below(10) == 0 {
        odd::damage(random, &mut bytes);
    }
    bytes
}

#[test]
fn what_is_not_changed_is_as_it_was() {
    let random = &mut Random::new(7);
    for name in super::FAMILIES.concat() {
        let sound = super::written_by_others(name);
        for _ in 0..20 {
            assert_ne!(mutant(random, name, &sound), sound, "{name}");
        }
    }
}
