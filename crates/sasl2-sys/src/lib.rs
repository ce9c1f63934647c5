//! What librdkafka calls for Kerberos. The functions are in [`millstream_gssapi`]; this crate stands where rdkafka-sys looks
//! for a libsasl2 that is linked: it gives librdkafka's build a header, and an archive that holds nothing.

pub use millstream_gssapi::{CALLED_BY_LIBRDKAFKA, Error};
