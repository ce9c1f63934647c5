//! DescribeTransactions, ListTransactions, EndTxn, InitProducerId: what a coordinator knows of transactional ids, and
//! what it does to them.

use super::Request;
use crate::kafka::wire::bytes::{Garbled, Reader, Writer};

/// Asks what the coordinator knows of one transactional id.
#[derive(Debug)]
pub(in crate::kafka::wire) struct DescribeTransaction<'a> {
    pub(in crate::kafka::wire) id: &'a str,
}

/// What it knows.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kafka::wire) struct TransactionState {
    pub(in crate::kafka::wire) error: i16,
    pub(in crate::kafka::wire) state: String,
    pub(in crate::kafka::wire) timeout: i32,
    pub(in crate::kafka::wire) started: i64,
    pub(in crate::kafka::wire) producer: i64,
    pub(in crate::kafka::wire) epoch: i16,
}

impl Request for DescribeTransaction<'_> {
    const KEY: i16 = 65;
    const NAME: &'static str = "DescribeTransactions";
    const VERSIONS: (i16, i16) = (0, 0);
    const FLEXIBLE: i16 = 0;
    type Answer = TransactionState;

    fn write(&self, out: &mut Writer, _: i16) {
        out.array(&[self.id], |out, id| out.text(id));
        out.end();
    }

    fn read(input: &mut Reader<'_>, _: i16) -> Result<TransactionState, Garbled> {
        let _throttled = input.i32()?;
        let states = input.array(28, |input| {
            let (error, _id) = (input.i16()?, input.text()?);
            let state = TransactionState {
                error,
                state: input.text()?,
                timeout: input.i32()?,
                started: input.i64()?,
                producer: input.i64()?,
                epoch: input.i16()?,
            };
            input.array(3, |input| {
                let _topic = input.text()?;
                input.array(4, Reader::i32)?;
                input.end()
            })?;
            input.end()?;
            Ok(state)
        })?;
        input.end()?;
        let mut states = states.into_iter();
        states.next().ok_or(Garbled("no transaction is described"))
    }
}

/// Asks for all transactional ids that a broker coordinates.
#[derive(Debug)]
pub(in crate::kafka::wire) struct ListTransactions;

/// Them, with the names of their states.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kafka::wire) struct ListedTransactions {
    pub(in crate::kafka::wire) error: i16,
    pub(in crate::kafka::wire) ids: Vec<String>,
}

impl Request for ListTransactions {
    const KEY: i16 = 66;
    const NAME: &'static str = "ListTransactions";
    const VERSIONS: (i16, i16) = (0, 2);
    const FLEXIBLE: i16 = 0;
    const LARGEST: usize = 128 << 20;
    type Answer = ListedTransactions;

    fn write(&self, out: &mut Writer, version: i16) {
        out.array(&[], |out, state: &&str| out.text(state));
        out.array(&[], |out, producer| out.i64(*producer));
        if version >= 1 {
            out.i64(-1);
        }
        if version >= 2 {
            out.nullable_text(None);
        }
        out.end();
    }

    fn read(input: &mut Reader<'_>, _: i16) -> Result<ListedTransactions, Garbled> {
        let _throttled = input.i32()?;
        let error = input.i16()?;
        let _unknown_states = input.array(1, Reader::text)?;
        let ids = input.array(11, |input| {
            let (id, _producer, _state) = (input.text()?, input.i64()?, input.text()?);
            input.end()?;
            Ok(id)
        })?;
        input.end()?;
        Ok(ListedTransactions { error, ids })
    }
}

/// Commits or aborts the transaction that a producer has open. Answered by an error, or 0.
#[derive(Debug)]
pub(in crate::kafka::wire) struct EndTxn<'a> {
    pub(in crate::kafka::wire) id: &'a str,
    pub(in crate::kafka::wire) producer: i64,
    pub(in crate::kafka::wire) epoch: i16,
    pub(in crate::kafka::wire) commit: bool,
}

impl Request for EndTxn<'_> {
    const KEY: i16 = 26;
    const NAME: &'static str = "EndTxn";
    const VERSIONS: (i16, i16) = (0, 5);
    const FLEXIBLE: i16 = 3;
    type Answer = i16;

    /// The fifth raises the epoch, which only a cluster with the second version of transactions expects.
    fn newest(transaction_version: i16) -> i16 {
        if transaction_version >= 2 { 5 } else { 4 }
    }

    fn write(&self, out: &mut Writer, _: i16) {
        out.text(self.id);
        out.i64(self.producer);
        out.i16(self.epoch);
        out.bool(self.commit);
        out.end();
    }

    fn read(input: &mut Reader<'_>, version: i16) -> Result<i16, Garbled> {
        let _throttled = input.i32()?;
        let error = input.i16()?;
        if version >= 5 {
            let (_producer, _epoch) = (input.i64()?, input.i16()?);
        }
        input.end()?;
        Ok(error)
    }
}

/// Makes a producer of a transactional id, which aborts what an earlier one has left open. Answered by an error, or 0.
#[derive(Debug)]
pub(in crate::kafka::wire) struct InitProducerId<'a> {
    pub(in crate::kafka::wire) id: &'a str,
    pub(in crate::kafka::wire) timeout: i32,
}

impl Request for InitProducerId<'_> {
    const KEY: i16 = 22;
    const NAME: &'static str = "InitProducerId";
    const VERSIONS: (i16, i16) = (0, 5);
    const FLEXIBLE: i16 = 2;
    type Answer = i16;

    fn write(&self, out: &mut Writer, version: i16) {
        out.text(self.id);
        out.i32(self.timeout);
        if version >= 3 {
            out.i64(-1);
            out.i16(-1);
        }
        out.end();
    }

    fn read(input: &mut Reader<'_>, _: i16) -> Result<i16, Garbled> {
        let _throttled = input.i32()?;
        let error = input.i16()?;
        let (_producer, _epoch) = (input.i64()?, input.i16()?);
        input.end()?;
        Ok(error)
    }
}
