//! Requests, and what is answered to them.

mod admin;
mod coordinator;
mod fetch;
mod heartbeat;
mod metadata;
mod offsets;
mod sasl;
mod transactions;
mod versions;

pub(super) use admin::{CreateTopic, DescribeConfigs, Owner};
pub(super) use coordinator::{Coordinates, FindCoordinator};
pub(super) use fetch::{Fetch, Fetched};
pub(super) use heartbeat::Heartbeat;
pub(super) use metadata::{Metadata, MetadataAnswer};
pub(super) use offsets::OffsetFetch;
pub(super) use sasl::{Authenticate, Authenticated, Handshake};
pub(super) use transactions::{DescribeTransaction, EndTxn, InitProducerId, ListTransactions};
pub(super) use versions::{ApiVersions, Versions};

use super::bytes::{Garbled, Reader, Writer};

/// An answer of any size that is not one of records: nothing of it is larger than this.
const LARGEST: usize = 16 << 20;

/// One kind of request, in the versions that are known here.
pub(super) trait Request {
    /// The number of its kind.
    const KEY: i16;
    /// What it is called.
    const NAME: &'static str;
    /// The oldest and the newest version that is known here.
    const VERSIONS: (i16, i16);
    /// From this version on it is written and answered in the flexible form.
    const FLEXIBLE: i16;
    /// No answer is larger.
    const LARGEST: usize = LARGEST;

    /// What is answered.
    type Answer;

    /// The newest version that may be used where the cluster's feature `transaction.version` is this.
    fn newest(transaction_version: i16) -> i16 {
        let _ = transaction_version;
        Self::VERSIONS.1
    }

    /// Writes what comes behind the header.
    fn write(&self, out: &mut Writer, version: i16);

    /// Reads what comes behind the header.
    fn read(input: &mut Reader<'_>, version: i16) -> Result<Self::Answer, Garbled>;
}

#[cfg(test)]
mod tests;
