//! ApiVersions: what a broker understands.

use std::collections::BTreeMap;

use super::Request;
use crate::kafka::wire::bytes::{Garbled, Reader, Writer};

/// Asks what the broker understands.
#[derive(Debug)]
pub(in crate::kafka::wire) struct ApiVersions;

/// What a broker understands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::kafka::wire) struct Versions {
    pub(in crate::kafka::wire) error: i16,
    /// The oldest and newest version of each kind of request.
    pub(in crate::kafka::wire) requests: BTreeMap<i16, (i16, i16)>,
    /// The levels of the features that the whole cluster has agreed upon.
    pub(in crate::kafka::wire) features: BTreeMap<String, i16>,
}

impl Request for ApiVersions {
    const KEY: i16 = 18;
    const NAME: &'static str = "ApiVersions";
    const VERSIONS: (i16, i16) = (0, 3);
    const FLEXIBLE: i16 = 3;
    type Answer = Versions;

    fn write(&self, out: &mut Writer, version: i16) {
        if version >= 3 {
            out.text("millstream");
            out.text(env!("CARGO_PKG_VERSION"));
        }
        out.end();
    }

    fn read(input: &mut Reader<'_>, version: i16) -> Result<Versions, Garbled> {
        let mut versions = Versions {
            error: input.i16()?,
            ..Versions::default()
        };
        if versions.error != 0 {
            // A broker that does not know the version answers in the oldest.
            return Ok(versions);
        }
        let requests = input.array(6, |input| {
            let (key, oldest, newest) = (input.i16()?, input.i16()?, input.i16()?);
            input.end()?;
            Ok((key, (oldest, newest)))
        })?;
        versions.requests = requests.into_iter().collect();
        if version >= 1 {
            input.i32()?;
        }
        let features = &mut versions.features;
        input.tagged(|tag, field| {
            if tag == 2 {
                let agreed = field.array(6, |field| {
                    let (name, newest, _oldest) = (field.text()?, field.i16()?, field.i16()?);
                    field.end()?;
                    Ok((name, newest))
                })?;
                features.extend(agreed);
            }
            Ok(())
        })?;
        Ok(versions)
    }
}
