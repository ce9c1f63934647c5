//! Running the command in the realm of a KDC.

use std::process::Command;

use millstream_services::kdc::Kdc;

/// Lets a program know where the KDC is, and nothing of keys that somebody has on this machine.
pub(crate) fn within(command: &mut Command, kdc: &Kdc) {
    command
        .env("KRB5_CONFIG", kdc.configuration())
        .env("KRB5CCNAME", "MEMORY:test")
        .env_remove("KRB5_CLIENT_KTNAME")
        .env_remove("KRB5_KTNAME");
}
