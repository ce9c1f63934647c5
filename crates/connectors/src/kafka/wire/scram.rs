//! SCRAM (RFC 5802): logging in without telling the password. Pure but for the nonce, which is given.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::{digest, hmac, pbkdf2};

/// Below it a password could be guessed from what is sent; what Kafka demands.
const FEWEST_ROUNDS: u32 = 4096;
/// Above it a broker could keep us busy for long.
const MOST_ROUNDS: u32 = 1 << 20;

/// Which hash is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Hash {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

/// The first message, without the head that says what binds it to its channel: nothing.
pub(super) fn first(user: &str, nonce: &str) -> String {
    let user = user.replace('=', "=3D").replace(',', "=2C");
    format!("n={user},r={nonce}")
}

/// What stands before the first message.
pub(super) const HEAD: &str = "n,,";

/// The last message, and the signature by which the broker must show that it knows the password, too.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) message: String,
    signature: Vec<u8>,
}

/// Answers the broker's first message.
///
/// # Errors
/// What is wrong with it.
pub(super) fn last(
    hash: Hash,
    password: &str,
    (first, nonce): (&str, &str),
    answered: &str,
) -> Result<Last, &'static str> {
    let field = |name: &str| {
        let mut fields = answered.split(',');
        fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    };
    let theirs =
        field("r").filter(|theirs| theirs.starts_with(nonce) && theirs.len() > nonce.len());
    let theirs = theirs.ok_or("the broker's nonce does not go on from ours")?;
    let salt = field("s").and_then(|salt| BASE64.decode(salt).ok());
    let salt = salt.ok_or("the broker sends no salt")?;
    let rounds = field("i").and_then(|rounds| rounds.parse::<u32>().ok());
    let rounds = rounds
        .filter(|rounds| (FEWEST_ROUNDS..=MOST_ROUNDS).contains(rounds))
        .and_then(NonZeroU32::new)
        .ok_or("the broker asks for too few rounds, or too many")?;
    let mut salted = vec![0; hash.digest().output_len()];
    pbkdf2::derive(
        hash.pbkdf2(),
        rounds,
        &salt,
        password.as_bytes(),
        &mut salted,
    );
    let salted = hmac::Key::new(hash.hmac(), &salted);
    let client = hmac::sign(&salted, b"Client Key");
    let stored = digest::digest(hash.digest(), client.as_ref());
    let unproven = format!("c={},r={theirs}", BASE64.encode(HEAD));
    let all = format!("{first},{answered},{unproven}");
    let signature = hmac::sign(
        &hmac::Key::new(hash.hmac(), stored.as_ref()),
        all.as_bytes(),
    );
    let proof: Vec<u8> = client
        .as_ref()
        .iter()
        .zip(signature.as_ref())
        .map(|(key, signature)| key ^ signature)
        .collect();
    let server = hmac::sign(&salted, b"Server Key");
    let theirs = hmac::sign(
        &hmac::Key::new(hash.hmac(), server.as_ref()),
        all.as_bytes(),
    );
    Ok(Last {
        message: format!("{unproven},p={}", BASE64.encode(proof)),
        signature: theirs.as_ref().to_vec(),
    })
}

impl Last {
    /// Whether the broker's last message shows that it knows the password.
    pub(super) fn is_answered_by(&self, answered: &str) -> bool {
        let mut fields = answered.split(',');
        let shown = fields.find_map(|field| field.strip_prefix("v="));
        let shown = shown.and_then(|shown| BASE64.decode(shown).ok());
        // Who could be told how much of it is right has not seen our proof's counterpart before.
        shown.is_some_and(|shown| shown == self.signature)
    }
}

#[cfg(test)]
mod tests;
