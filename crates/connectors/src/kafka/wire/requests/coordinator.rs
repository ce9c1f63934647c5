//! FindCoordinator: which broker coordinates a group or a transactional id.

use super::Request;
use crate::kafka::wire::bytes::{Garbled, Reader, Writer};

/// What is coordinated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::kafka::wire) enum Coordinates {
    /// A consumer group.
    Group,
    /// A transactional id.
    Transaction,
}

/// Asks who coordinates something.
#[derive(Debug)]
pub(in crate::kafka::wire) struct FindCoordinator<'a> {
    pub(in crate::kafka::wire) what: Coordinates,
    pub(in crate::kafka::wire) name: &'a str,
}

/// The broker that does.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kafka::wire) struct Found {
    pub(in crate::kafka::wire) error: i16,
    pub(in crate::kafka::wire) host: String,
    pub(in crate::kafka::wire) port: i32,
}

impl Request for FindCoordinator<'_> {
    const KEY: i16 = 10;
    const NAME: &'static str = "FindCoordinator";
    const VERSIONS: (i16, i16) = (1, 6);
    const FLEXIBLE: i16 = 3;
    type Answer = Found;

    fn write(&self, out: &mut Writer, version: i16) {
        let kind = match self.what {
            Coordinates::Group => 0,
            Coordinates::Transaction => 1,
        };
        if version >= 4 {
            out.i8(kind);
            out.array(&[self.name], |out, name| out.text(name));
        } else {
            out.text(self.name);
            out.i8(kind);
        }
        out.end();
    }

    fn read(input: &mut Reader<'_>, version: i16) -> Result<Found, Garbled> {
        let _throttled = input.i32()?;
        let found = if version >= 4 {
            let found = input.array(12, |input| {
                let (_key, _node) = (input.text()?, input.i32()?);
                let (host, port) = (input.text()?, input.i32()?);
                let (error, _why) = (input.i16()?, input.nullable_text()?);
                input.end()?;
                Ok(Found { error, host, port })
            })?;
            found
                .into_iter()
                .next()
                .ok_or(Garbled("no coordinator is named"))?
        } else {
            let (error, _why, _node) = (input.i16()?, input.nullable_text()?, input.i32()?);
            Found {
                error,
                host: input.text()?,
                port: input.i32()?,
            }
        };
        input.end()?;
        Ok(found)
    }
}
