//! Heartbeat: a member of a group says that it is there.

use super::Request;
use crate::kafka::wire::bytes::{Garbled, Reader, Writer};

/// Says that a member is there whom the group does not have, which changes nothing. Answered by an error: whether we may
/// do anything with the group is looked at first.
#[derive(Debug)]
pub(in crate::kafka::wire) struct Heartbeat<'a> {
    pub(in crate::kafka::wire) group: &'a str,
}

/// Whom no group has.
const NOBODY: &str = "millstream-nobody";

impl Request for Heartbeat<'_> {
    const KEY: i16 = 12;
    const NAME: &'static str = "Heartbeat";
    const VERSIONS: (i16, i16) = (1, 4);
    const FLEXIBLE: i16 = 4;
    type Answer = i16;

    fn write(&self, out: &mut Writer, version: i16) {
        out.text(self.group);
        let no_generation = -1;
        out.i32(no_generation);
        out.text(NOBODY);
        if version >= 3 {
            out.nullable_text(None);
        }
        out.end();
    }

    fn read(input: &mut Reader<'_>, _: i16) -> Result<i16, Garbled> {
        let _throttled = input.i32()?;
        let error = input.i16()?;
        input.end()?;
        Ok(error)
    }
}
