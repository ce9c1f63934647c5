//! Text as a JSON string and as a field of CSV.

/// Whether JSON text with these bytes needs an escape. Written so that the compiler makes it wide.
pub(super) fn needs_escape(bytes: &[u8]) -> bool {
    bytes.chunks(64).any(|chunk| {
        chunk.iter().fold(false, |found, byte| {
            found | (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\')
        })
    })
}

/// Appends UTF-8 text as a JSON string, quotes included.
pub(super) fn append_json_text(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    if needs_escape(bytes) {
        append_escaped(bytes, out);
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'"');
}

fn append_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            0x00..=0x1f => {
                let digit = HEX.get(usize::from(byte & 0x0f)).copied().unwrap_or(b'0');
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), digit]);
                continue;
            }
            _ => {
                out.push(*byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', short]);
    }
}

/// Appends text as a field of CSV. An empty text is quoted, so that it is no null.
pub(super) fn append_csv_text(bytes: &[u8], out: &mut Vec<u8>) {
    let quoted = bytes.is_empty()
        || bytes.iter().fold(false, |found, byte| {
            found | matches!(byte, b'"' | b',' | b'\n' | b'\r')
        });
    if !quoted {
        return out.extend_from_slice(bytes);
    }
    out.push(b'"');
    for byte in bytes {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
