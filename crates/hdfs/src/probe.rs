//! Whether a NameNode wants Kerberos of who does not offer it. To a client that does not know it, it says so where the client does not listen, and ends
//! the connection.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long the look may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than a refusal has.
const MOST: u64 = 4_096;

/// What it says.
const REFUSAL: &str = "SIMPLE authentication is not enabled";

/// What is asked with: `hrpc`, version 9, no class of service, and that who asks is to be believed.
const GREETING: &[u8] = b"hrpc\x09\0\0";
/// The header of the call that tells who asks: protocol buffers, a final packet, the call -3, of a client without a name, never
/// tried again.
const HEADER: &[u8] = b"\x08\x02\x10\0\x18\x05\x22\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x28\x01";
/// Who asks, and that it is about files.
const CONTEXT: &[u8] =
    b"\x12\x08\x0a\x06nobody\x1a\x2eorg.apache.hadoop.hdfs.protocol.ClientProtocol";

/// Whether the NameNode at `host:port` says that it wants proof of who asks. One that says nothing does not.
pub(crate) async fn wants_proof(node: &str) -> bool {
    let answer = timeout(PATIENCE, ask(node)).await;
    let Ok(Ok(answer)) = answer else {
        return false;
    };
    String::from_utf8_lossy(&answer).contains(REFUSAL)
}

async fn ask(node: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(node).await?;
    stream
        .write_all(&question(GREETING, &[HEADER, CONTEXT]))
        .await?;
    let mut answer = Vec::new();
    // It ends the connection behind its refusal.
    stream.take(MOST).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// A greeting and a call of these parts, each of fewer than 128 bytes.
pub(crate) fn question(greeting: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut call = Vec::new();
    for part in parts {
        call.push(part.len() as u8);
        call.extend_from_slice(part);
    }
    let mut question = greeting.to_vec();
    question.extend_from_slice(&(call.len() as u32).to_be_bytes());
    question.extend_from_slice(&call);
    question
}

#[cfg(test)]
mod tests {
    use super::{CONTEXT, GREETING, HEADER, question};

    #[test]
    fn lengths_are_those_of_what_follows() {
        assert!(HEADER.len() < 128 && CONTEXT.len() < 128);
        let question = question(GREETING, &[HEADER, CONTEXT]);
        let length = question.get(7..11).expect("a length");
        assert_eq!(length, (question.len() as u32 - 11).to_be_bytes());
    }
}
