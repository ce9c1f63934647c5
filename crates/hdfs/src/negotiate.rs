//! Whether a NameNode has a client go on without proof of who asks that offers Kerberos. Such a NameNode says so at once.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::probe::question;

/// How long the look may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// More than an answer has.
const MOST: u64 = 4_096;

/// What is asked with: `hrpc`, version 9, no class of service, and that who asks is to be proven (SASL).
const GREETING: &[u8] = b"hrpc\x09\0\xdf";
/// The header of what is said about that: protocol buffers, a final packet, the call -33, of a client without a name, never tried
/// again.
const HEADER: &[u8] = b"\x08\x02\x10\0\x18\x41\x22\0\x28\x01";
/// That the NameNode is to tell which proofs it takes.
const NEGOTIATE: &[u8] = b"\x10\x01";

/// The field of an answer that says how far it is.
const STATE: u64 = 2;
/// Nothing is to be proven.
const SUCCESS: u64 = 0;
/// These are the ways.
const WAYS: u64 = 1;
/// The field of an answer that holds a way.
const WAY: u64 = 4;
/// The field of a way that says what it is.
const METHOD: u64 = 1;

/// Whether the NameNode at `host:port` has a client go on that proves nothing. `None`: it does not say.
pub(crate) async fn goes_without(node: &str) -> Option<bool> {
    let answer = timeout(PATIENCE, ask(node)).await.ok()?.ok()?;
    is_without_proof(&answer)
}

async fn ask(node: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(node).await?;
    let question = question(GREETING, &[HEADER, NEGOTIATE]);
    stream.write_all(&question).await?;
    let length = stream.read_u32().await?;
    let mut answer = Vec::new();
    let mut rest = stream.take(MOST.min(length.into()));
    rest.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// Whether an answer says that nothing is to be proven, or names that way before Kerberos: the client takes the first that it knows.
fn is_without_proof(answer: &[u8]) -> Option<bool> {
    let (_header, rest) = part(answer)?;
    let (message, _) = part(rest)?;
    let said = fields(message);
    let state = said.iter().find_map(|field| match field {
        (STATE, Said::Number(state)) => Some(*state),
        _ => None,
    });
    match state? {
        SUCCESS => Some(true),
        WAYS => {
            let mut methods = said.iter().filter_map(|field| match field {
                (WAY, Said::Bytes(way)) => method(way),
                _ => None,
            });
            let first = methods.find(|method| matches!(*method, b"SIMPLE" | b"KERBEROS"));
            Some(first == Some(b"SIMPLE".as_slice()))
        }
        _ => None,
    }
}

fn method(way: &[u8]) -> Option<&[u8]> {
    fields(way).into_iter().find_map(|field| match field {
        (METHOD, Said::Bytes(method)) => Some(method),
        _ => None,
    })
}

/// What a field of protocol buffers holds.
enum Said<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message with their numbers, as far as they can be read.
fn fields(mut message: &[u8]) -> Vec<(u64, Said<'_>)> {
    let mut all = Vec::new();
    while let Some((key, rest)) = number(message) {
        let read = match key & 7 {
            0 => number(rest).map(|(value, rest)| (Said::Number(value), rest)),
            2 => part(rest).map(|(bytes, rest)| (Said::Bytes(bytes), rest)),
            _ => None,
        };
        let Some((said, rest)) = read else {
            break;
        };
        all.push((key >> 3, said));
        message = rest;
    }
    all
}

/// What has its length before it, and what follows.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// A number of seven bits a byte, the lowest first, and what follows.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::is_without_proof;

    /// An answer of this message, behind a header that says that all is well.
    fn answer(message: &[u8]) -> Vec<u8> {
        let header: &[u8] = b"\x08\xdf\xff\xff\xff\x0f\x10\0\x18\x09";
        let mut answer = vec![header.len() as u8];
        answer.extend_from_slice(header);
        answer.push(message.len() as u8);
        answer.extend_from_slice(message);
        answer
    }

    /// The message that names these ways, each with no more than its method.
    fn ways(methods: &[&str]) -> Vec<u8> {
        let mut message = b"\x08\0\x10\x01".to_vec();
        for method in methods {
            let length = method.len() as u8;
            message.extend_from_slice(&[0x22, length + 2, 0x0a, length]);
            message.extend_from_slice(method.as_bytes());
        }
        message
    }

    #[test]
    fn who_goes_on_without_proof_is_told_by_the_answer() {
        let of = |message: &[u8]| is_without_proof(&answer(message));
        assert_eq!(of(b"\x08\0\x10\0"), Some(true));
        for (methods, expected) in [
            (&["TOKEN", "KERBEROS"][..], false),
            (&["TOKEN", "SIMPLE", "KERBEROS"][..], true),
            (&["KERBEROS", "SIMPLE"][..], false),
            (&["TOKEN"][..], false),
        ] {
            assert_eq!(of(&ways(methods)), Some(expected), "{methods:?}");
        }
    }

    #[test]
    fn what_is_no_such_answer_tells_nothing() {
        let whole = answer(b"\x08\0\x10\0");
        for length in 0..whole.len() {
            let cut = whole.get(..length).expect("a beginning");
            assert_eq!(is_without_proof(cut), None, "{length}");
        }
        assert_eq!(is_without_proof(b"HTTP/1.1 400 Bad Request"), None);
    }
}
