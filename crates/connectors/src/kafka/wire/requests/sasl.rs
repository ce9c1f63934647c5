//! SaslHandshake and SaslAuthenticate: logging in.

use super::Request;
use crate::kafka::wire::bytes::{Garbled, Reader, Writer};

/// Says by which mechanism we log in.
#[derive(Debug)]
pub(in crate::kafka::wire) struct Handshake<'a> {
    pub(in crate::kafka::wire) mechanism: &'a str,
}

/// Whether that can be done, and what can.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kafka::wire) struct Mechanisms {
    pub(in crate::kafka::wire) error: i16,
    pub(in crate::kafka::wire) known: Vec<String>,
}

impl Request for Handshake<'_> {
    const KEY: i16 = 17;
    const NAME: &'static str = "SaslHandshake";
    const VERSIONS: (i16, i16) = (1, 1);
    const FLEXIBLE: i16 = i16::MAX;
    type Answer = Mechanisms;

    fn write(&self, out: &mut Writer, _: i16) {
        out.text(self.mechanism);
    }

    fn read(input: &mut Reader<'_>, _: i16) -> Result<Mechanisms, Garbled> {
        Ok(Mechanisms {
            error: input.i16()?,
            known: input.array(2, Reader::text)?,
        })
    }
}

/// A message of the mechanism.
pub(in crate::kafka::wire) struct Authenticate {
    pub(in crate::kafka::wire) message: Vec<u8>,
}

/// The broker's message.
pub(in crate::kafka::wire) struct Authenticated {
    pub(in crate::kafka::wire) error: i16,
    pub(in crate::kafka::wire) why: Option<String>,
    pub(in crate::kafka::wire) message: Vec<u8>,
}

impl Request for Authenticate {
    const KEY: i16 = 36;
    const NAME: &'static str = "SaslAuthenticate";
    const VERSIONS: (i16, i16) = (0, 2);
    const FLEXIBLE: i16 = 2;
    type Answer = Authenticated;

    fn write(&self, out: &mut Writer, _: i16) {
        out.blob(&self.message);
        out.end();
    }

    fn read(input: &mut Reader<'_>, version: i16) -> Result<Authenticated, Garbled> {
        let answer = Authenticated {
            error: input.i16()?,
            why: input.nullable_text()?,
            message: input.nullable_blob()?.unwrap_or_default().to_vec(),
        };
        if version >= 1 {
            input.i64()?;
        }
        input.end()?;
        Ok(answer)
    }
}
