//! Kerberos by the GSSAPI of MIT, which is loaded when it is first used: the program starts without it, and says what is
//! missing where somebody asks for Kerberos.
//!
//! - [`Keys`]: whose tickets are used. [`Keytab`]: keys of principals in a file, with which tickets are got, and new ones
//!   before they end.
//! - [`Login`]: a client that shows a service who it is, by SASL's mechanism GSSAPI, and agrees with it on how messages are
//!   protected; [`Guard`] protects them.
//! - [`token`]: the same for a service that wants one message only (HTTP).
//! - [`Tickets`]: those of a keytab, for a library that logs in by itself.
//!
//! [`library`] calls C, and [`sasl`] is called by it: the only unsafe code of Millstream.

mod cause;
mod error;
mod keys;
mod keytab;
mod library;
mod login;
mod moment;
mod sasl;
mod tickets;

pub use cause::{Cause, may_pass};
pub use error::{Error, Result};
pub use keys::Keys;
pub use keytab::{Keytab, USUAL_KEYTAB};
pub use library::Service;
pub use login::{Answer, Guard, Login, Protection, token};
pub use sasl::FUNCTIONS as CALLED_BY_LIBRDKAFKA;
pub use tickets::Tickets;
