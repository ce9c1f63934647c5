use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::{Access, Node};
use crate::error::{HdfsError, Trouble};

/// That nothing is to be proven.
const WITHOUT: &[u8] = b"\x08\0\x10\0";
/// That the way is Kerberos.
const KERBEROS: &[u8] = b"\x08\0\x10\x01\x22\x0a\x0a\x08KERBEROS";

/// Who asks these NameNodes, by settings that want proof.
fn access(nodes: &[SocketAddr]) -> Access {
    Access {
        tickets: None,
        nodes: nodes
            .iter()
            .map(|node| Node::at(node.to_string()))
            .collect(),
        directory: None,
        protects: false,
        away: Mutex::new(None),
        had_tickets: AtomicBool::new(false),
        refuses_fallback: true,
        turn: Mutex::new(()),
    }
}

async fn listen(at: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(at).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// A NameNode that answers each question with this message.
async fn answer(listener: TcpListener, message: &'static [u8]) {
    let header = b"\x08\xdf\xff\xff\xff\x0f\x10\0\x18\x09";
    let mut body = vec![header.len() as u8];
    body.extend_from_slice(header);
    body.push(message.len() as u8);
    body.extend_from_slice(message);
    let length = (body.len() as u32).to_be_bytes();
    while let Ok((mut asks, _)) = listener.accept().await {
        let read = asks.read(&mut [0; 512]).await.expect("a question");
        assert!(read > 0, "a question");
        asks.write_all(&length).await.expect("is answered");
        asks.write_all(&body).await.expect("is answered");
    }
}

/// What comes of asking again until it is refused.
async fn refused(access: &Access) -> HdfsError {
    let asking = async {
        loop {
            if let Err(error) = access.refuse_fallback().await {
                return error;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), asking)
        .await
        .expect("is refused")
}

#[tokio::test]
async fn a_name_node_that_wants_proof_does_not_speak_for_one_that_said_nothing() {
    let (one, proves) = listen("127.0.0.1:0").await;
    let (other, away) = listen("127.0.0.1:0").await;
    drop(other);
    tokio::spawn(answer(one, KERBEROS));
    let access = access(&[proves, away]);
    access.refuse_fallback().await.expect("one is away");
    let (other, _) = listen(&away.to_string()).await;
    tokio::spawn(answer(other, WITHOUT));
    let error = refused(&access).await;
    assert_eq!(error.trouble(), Trouble::Denied);
    assert!(error.to_string().contains(&away.to_string()), "{error}");
}

#[tokio::test]
async fn a_name_node_that_wants_proof_is_asked_once() {
    let (one, proves) = listen("127.0.0.1:0").await;
    let answers = tokio::spawn(answer(one, KERBEROS));
    let access = access(&[proves]);
    access.refuse_fallback().await.expect("it wants proof");
    answers.abort();
    drop(answers.await);
    let (one, _) = listen(&proves.to_string()).await;
    tokio::spawn(answer(one, WITHOUT));
    access.refuse_fallback().await.expect("that is known");
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "a rest that is over")]
async fn a_name_node_that_said_nothing_holds_up_one_request_at_a_time() {
    let (_silent, away) = listen("127.0.0.1:0").await;
    let access = access(&[away, away]);
    access.nodes[0].wants_proof.store(true, Ordering::Relaxed);
    *access.nodes[1].rests_until() = Some(Instant::now());
    let goes_on = tokio::select! {
        biased;
        _ = access.refuse_fallback() => false,
        other = access.refuse_fallback() => other.is_ok(),
    };
    assert!(goes_on, "while one asks");
}
