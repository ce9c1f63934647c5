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
    /// Nothing more is to be heard of the server.
    is_broken: bool,
}

impl Calls {
    pub(super) fn new(carrier: Box<dyn Carrier>) -> Self {
        Self {
            carrier,
            number: 0,
            is_broken: false,
        }
    }

    /// Whether the server does not answer any more, or in a way that is not understood.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Notes whether the server has answered.
    pub(super) fn judge<T>(&mut self, outcome: Result<T, Trouble>) -> Result<T, Trouble> {
        self.is_broken |= matches!(outcome, Err(Trouble::Away(_)));
        outcome
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
        let none = || Trouble::Away(format!("it has no answer to {name}"));
        let told = result(&mut input).map_err(Trouble::odd);
        self.judge(told.and_then(|told| told.ok_or_else(none)))
    }

    /// Calls.
    ///
    /// # Errors
    /// The server is away.
    pub(super) fn send(&mut self, name: &str, request: &impl TSerializable) -> Result<(), Trouble> {
        self.number = self.number.wrapping_add(1);
        let message = message(name, self.number, request).map_err(Trouble::odd)?;
        let sent = self.carrier.send(&message);
        self.judge(sent)
    }

    /// Waits for the answer: what stands behind the head of its message.
    ///
    /// # Errors
    /// The server is away, or does not know the call.
    pub(super) fn answer(&mut self, name: &str) -> Result<&mut dyn BufRead, Trouble> {
        let read = head(self.carrier.answer(), name, self.number);
        self.judge(read)?;
        Ok(self.carrier.answer())
    }
}

/// Reads the head of the answer to a call of that name and number.
fn head(reader: &mut dyn BufRead, name: &str, number: i32) -> Result<(), Trouble> {
    let mut input = TBinaryInputProtocol::new(reader, true);
    let head = input.read_message_begin().map_err(Trouble::odd)?;
    match head.message_type {
        TMessageType::Reply if head.sequence_number == number && head.name == name => Ok(()),
        TMessageType::Exception => {
            let told = Error::read_application_error_from_in_protocol(&mut input);
            let told = told.map_or_else(|error| error, Error::Application);
            Err(Trouble::odd(told))
        }
        _ => Err(Trouble::Away(format!(
            "it answers {name} with something else"
        ))),
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
