//! Certificates that everybody trusts.

/// The files in which systems keep the certificates of the authorities that everybody trusts: Debian, Fedora, SUSE, and what
/// others have. The first that is there counts.
pub const OF_THE_SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
