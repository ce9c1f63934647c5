//! Calls, in Thrift's binary form.

use std::io::BufRead;

use millstream_hive_thrift::thrift::protocol::{
    TBinaryInputProtocol, TBinaryOutputProtocol, TFieldIdentifier, TInputProtocol,
    TMessageIdentifier, TMessageType, TOutputProtocol, TSerializable, TStructIdentifier, TType,
};
use millstream_hive_thrift::thrift::{self, Error};

use crate::hive::trouble::Trouble;
use crate::hive::wire::Carrier;

/// Who calls.
pub(super) struct Calls {
    carrier: Box<dyn Carrier>,
    number: i32,
}

impl Calls {
    pub(super) fn new(carrier: Box<dyn Carrier>) -> Self {
        Self { carrier, number: 0 }
    }

    /// Calls, and waits for the answer.
    ///
    /// # Errors
    /// The server is away, or does not know the call.
    pub(super) fn call<R: TSerializable>(
        &mut self,
        name: &str,
        request: &impl TSerializable,
    ) -> Result<R, Trouble> {
        self.send(name, request)?;
        let reader = self.answer(name)?;
        let mut input = TBinaryInputProtocol::new(reader, true);
        result(&mut input)
            .map_err(Trouble::odd)?
            .ok_or_else(|| Trouble::Away(format!("it has no answer to {name}")))
    }

    /// Calls.
    ///
    /// # Errors
    /// The server is away.
    pub(super) fn send(&mut self, name: &str, request: &impl TSerializable) -> Result<(), Trouble> {
        self.number = self.number.wrapping_add(1);
        let message = message(name, self.number, request).map_err(Trouble::odd)?;
        self.carrier.send(&message)
    }

    /// Waits for the answer: what stands behind the head of its message.
    ///
    /// # Errors
    /// The server is away, or does not know the call.
    pub(super) fn answer(&mut self, name: &str) -> Result<&mut dyn BufRead, Trouble> {
        let reader = self.carrier.answer();
        let mut input = TBinaryInputProtocol::new(&mut *reader, true);
        let head = input.read_message_begin().map_err(Trouble::odd)?;
        match head.message_type {
            TMessageType::Reply if head.sequence_number == self.number && head.name == name => {}
            TMessageType::Exception => {
                let told = Error::read_application_error_from_in_protocol(&mut input);
                return Err(Trouble::odd(
                    told.map_or_else(|error| error, Error::Application),
                ));
            }
            _ => {
                let why = format!("it answers {name} with something else");
                return Err(Trouble::Away(why));
            }
        }
        Ok(reader)
    }
}

fn message(name: &str, number: i32, request: &impl TSerializable) -> thrift::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut output = TBinaryOutputProtocol::new(&mut bytes, true);
    let head = TMessageIdentifier::new(name, TMessageType::Call, number);
    output.write_message_begin(&head)?;
    output.write_struct_begin(&TStructIdentifier::new("arguments"))?;
    output.write_field_begin(&TFieldIdentifier::new("req", TType::Struct, 1))?;
    request.write_to_out_protocol(&mut output)?;
    output.write_field_end()?;
    output.write_field_stop()?;
    output.write_struct_end()?;
    output.write_message_end()?;
    output.flush()?;
    Ok(bytes)
}

/// The answer in the structure of a call's result.
fn result<R: TSerializable>(input: &mut dyn TInputProtocol) -> thrift::Result<Option<R>> {
    let mut found = None;
    input.read_struct_begin()?;
    loop {
        let field = input.read_field_begin()?;
        match (field.field_type, field.id) {
            (TType::Stop, _) => break,
            (TType::Struct, Some(0)) => found = Some(R::read_from_in_protocol(input)?),
            (kind, _) => input.skip(kind)?,
        }
        input.read_field_end()?;
    }
    input.read_struct_end()?;
    input.read_message_end()?;
    Ok(found)
}
