//! Text for word counts.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

use crate::random::{Random, mix};

const VOCABULARY: u64 = 100_000;
const WORDS_PER_LINE: u64 = 10;

/// Writes lines of 10 words out of 100,000 until `bytes` are full.
///
/// # Errors
/// The file can't be written.
pub fn write(path: &Path, bytes: u64, seed: u64) -> Result<()> {
    let vocabulary: Vec<String> = (0..VOCABULARY).map(word).collect();
    let file = File::create(path).with_context(|| path.display().to_string())?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut random = Random::new(seed);
    let mut written = 0;
    while written < bytes {
        for position in 1..=WORDS_PER_LINE {
            let chosen = usize::try_from(random.below(VOCABULARY))?;
            let word = vocabulary
                .get(chosen)
                .context("below the size of the vocabulary")?;
            out.write_all(word.as_bytes())?;
            out.write_all(if position == WORDS_PER_LINE {
                b"\n"
            } else {
                b" "
            })?;
            written += word.len() as u64 + 1;
        }
    }
    out.flush().context("the last bytes")
}

/// 3 to 11 letters and a digit, different for each number.
fn word(number: u64) -> String {
    let mut state = mix(number + 1);
    let mut text = String::new();
    for _ in 0..3 + state % 9 {
        state = mix(state);
        text.push(char::from(b'a' + (state % 26) as u8));
    }
    text.push_str(&(number % 10).to_string());
    text
}
