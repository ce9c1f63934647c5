//! DescribeConfigs and CreateTopics: settings of topics and brokers, and topics that are made.

use super::Request;
use crate::kafka::wire::bytes::{Garbled, Reader, Writer};

/// Whose settings they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kafka::wire) enum Owner<'a> {
    Topic(&'a str),
    /// By its number; only that broker answers.
    Broker(i32),
}

/// Asks for one setting.
#[derive(Debug)]
pub(in crate::kafka::wire) struct DescribeConfigs<'a> {
    pub(in crate::kafka::wire) owner: Owner<'a>,
    pub(in crate::kafka::wire) name: &'a str,
}

/// It, or an error.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kafka::wire) struct Setting {
    pub(in crate::kafka::wire) error: i16,
    pub(in crate::kafka::wire) value: Option<String>,
}

impl Request for DescribeConfigs<'_> {
    const KEY: i16 = 32;
    const NAME: &'static str = "DescribeConfigs";
    const VERSIONS: (i16, i16) = (1, 2);
    const FLEXIBLE: i16 = 4;
    type Answer = Setting;

    fn write(&self, out: &mut Writer, _: i16) {
        let (kind, name) = match self.owner {
            Owner::Topic(name) => (2, name.to_owned()),
            Owner::Broker(number) => (4, number.to_string()),
        };
        out.array(&[()], |out, ()| {
            out.i8(kind);
            out.text(&name);
            out.array(&[self.name], |out, name| out.text(name));
        });
        let synonyms = false;
        out.bool(synonyms);
    }

    fn read(input: &mut Reader<'_>, _: i16) -> Result<Setting, Garbled> {
        let _throttled = input.i32()?;
        let settings = input.array(13, |input| {
            let (error, _why) = (input.i16()?, input.nullable_text()?);
            let (_kind, _owner) = (input.i8()?, input.text()?);
            let values = input.array(11, |input| {
                let (_name, value) = (input.text()?, input.nullable_text()?);
                let (_fixed, _source, _hidden) = (input.bool()?, input.i8()?, input.bool()?);
                input.array(5, |input| {
                    let (_name, _value) = (input.text()?, input.nullable_text()?);
                    input.i8().map(drop)
                })?;
                Ok(value)
            })?;
            let value = values.into_iter().flatten().next();
            Ok(Setting { error, value })
        })?;
        let mut settings = settings.into_iter();
        settings.next().ok_or(Garbled("no settings are told"))
    }
}

/// Makes a topic, or says whether it would be made.
#[derive(Debug)]
pub(in crate::kafka::wire) struct CreateTopic<'a> {
    pub(in crate::kafka::wire) name: &'a str,
    /// -1: as the brokers like.
    pub(in crate::kafka::wire) partitions: i32,
    /// -1: as the brokers like.
    pub(in crate::kafka::wire) replication: i16,
    pub(in crate::kafka::wire) timeout: i32,
    pub(in crate::kafka::wire) only_validate: bool,
}

/// An error, or 0, and why.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kafka::wire) struct Created {
    pub(in crate::kafka::wire) error: i16,
    pub(in crate::kafka::wire) why: Option<String>,
}

impl Request for CreateTopic<'_> {
    const KEY: i16 = 19;
    const NAME: &'static str = "CreateTopics";
    // From the fourth on brokers have defaults.
    const VERSIONS: (i16, i16) = (4, 4);
    const FLEXIBLE: i16 = 5;
    type Answer = Created;

    fn write(&self, out: &mut Writer, _: i16) {
        out.array(&[()], |out, ()| {
            out.text(self.name);
            out.i32(self.partitions);
            out.i16(self.replication);
            let nothing: [(); 0] = [];
            out.array(&nothing, |_, ()| {});
            out.array(&nothing, |_, ()| {});
        });
        out.i32(self.timeout);
        out.bool(self.only_validate);
    }

    fn read(input: &mut Reader<'_>, _: i16) -> Result<Created, Garbled> {
        let _throttled = input.i32()?;
        let created = input.array(6, |input| {
            let (_name, error, why) = (input.text()?, input.i16()?, input.nullable_text()?);
            Ok(Created { error, why })
        })?;
        let mut created = created.into_iter();
        created.next().ok_or(Garbled("no topic is told of"))
    }
}
