//! Short pieces of text: copied with a length that the compiler knows, which is one or two instructions, and cut off
//! behind.

/// The most bytes that are copied so.
const SHORT: usize = 32;

/// Appends `data[from..to]`; nothing if that is not there.
#[inline]
pub(super) fn append(data: &[u8], from: usize, to: usize, out: &mut Vec<u8>) {
    let length = to.saturating_sub(from);
    match data.get(from..).and_then(|rest| rest.first_chunk()) {
        Some(piece) if length <= SHORT => append_piece(piece, length, out),
        _ => out.extend_from_slice(data.get(from..to).unwrap_or_default()),
    }
}

/// Appends `data[from..to]` in quotes.
#[inline]
pub(super) fn append_quoted(data: &[u8], from: usize, to: usize, out: &mut Vec<u8>) {
    out.push(b'"');
    append(data, from, to, out);
    out.push(b'"');
}

/// Appends the first `length` bytes of a piece.
#[inline]
fn append_piece(piece: &[u8; SHORT], length: usize, out: &mut Vec<u8>) {
    let end = out.len() + length;
    out.extend_from_slice(piece);
    out.truncate(end);
}

/// Text that is appended again and again.
#[derive(Debug)]
pub(super) struct Repeated {
    piece: [u8; SHORT],
    /// All of it; of more than a piece only this counts.
    text: Vec<u8>,
}

impl Repeated {
    pub(super) fn new(text: Vec<u8>) -> Self {
        let mut piece = [0; SHORT];
        for (byte, text) in piece.iter_mut().zip(&text) {
            *byte = *text;
        }
        Self { piece, text }
    }

    #[inline]
    pub(super) fn append(&self, out: &mut Vec<u8>) {
        if self.text.len() <= SHORT {
            append_piece(&self.piece, self.text.len(), out);
        } else {
            out.extend_from_slice(&self.text);
        }
    }
}
