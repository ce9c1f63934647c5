//! Headers as JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use millstream_core::guard::guarded;
use rdkafka::message::Headers;

/// Appends the headers of a message as [`write_headers`] does. False: some have names that are not UTF-8, and are left out.
///
/// Kafka takes any bytes as a name, and not every client sees to it that they are text. rdkafka panics where such a name is looked
/// at, and has no other way to a header: so that one message does not end whoever reads, the walk is guarded.
pub(super) fn write_message_headers(headers: Option<&impl Headers>, out: &mut Vec<u8>) -> bool {
    let Some(headers) = headers.filter(|headers| headers.count() > 0) else {
        write_headers(std::iter::empty(), out);
        return true;
    };
    let start = out.len();
    let walk = || {
        let all = headers.iter().map(|header| (header.key, header.value));
        write_headers(all, out);
    };
    if guarded(walk).is_ok() {
        return true;
    }
    out.truncate(start);
    write_headers(readable(headers), out);
    false
}

/// The headers of a message whose names are UTF-8, in their order.
pub(super) fn readable<H: Headers>(headers: &H) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
    let numbers = 0..headers.count();
    // Each by itself: what lies behind one that can't be had is had all the same.
    let found =
        numbers.filter_map(move |number| guarded(|| headers.try_get(number)).ok().flatten());
    found.map(|header| (header.key, header.value))
}

/// Appends headers as `[{"key":"…","value":"…"},…]`. A value that is no text stands in `value_base64` instead; one that
/// isn't there is null.
pub(super) fn write_headers<'a>(
    headers: impl Iterator<Item = (&'a str, Option<&'a [u8]>)>,
    out: &mut Vec<u8>,
) {
    out.push(b'[');
    for (number, (key, value)) in headers.enumerate() {
        if number > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"key\":");
        write_text(key, out);
        match value.map(|bytes| std::str::from_utf8(bytes).map_err(|_| bytes)) {
            None => out.extend_from_slice(b",\"value\":null"),
            Some(Ok(text)) => {
                out.extend_from_slice(b",\"value\":");
                write_text(text, out);
            }
            Some(Err(bytes)) => {
                out.extend_from_slice(b",\"value_base64\":");
                write_text(&STANDARD.encode(bytes), out);
            }
        }
        out.push(b'}');
    }
    out.push(b']');
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    // A text always has a JSON form, and a vector takes all of it.
    drop(serde_json::to_writer(out, text));
}

#[cfg(test)]
mod tests;
