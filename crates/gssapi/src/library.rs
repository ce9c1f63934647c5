//! The library that is loaded, and what is asked of it: calls of C as `gssapi.h` of MIT declares it.
//!
//! What C hands over is copied and given back at once; names, credentials and contexts are given back when they are
//! dropped. A context is used by one thread at a time (`&mut self`).

#![allow(unsafe_code, reason = "the home of calls of C")]

mod c;
mod credentials;

use std::fmt;
use std::ptr::{null, null_mut};
use std::sync::{Arc, OnceLock, PoisonError};

use self::c::{Buffer, Functions, Handle, Oid};
use self::credentials::{Credential, TICKETS, credential};
use crate::keys::Identity;
use crate::keytab::Keytab;
use crate::{Error, Result};

/// The GSSAPI of MIT.
#[derive(Clone)]
pub(crate) struct Library {
    functions: Arc<Functions>,
}

/// What the library says where it says no.
type Said<T> = std::result::Result<T, String>;

/// A service, as Kerberos knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// By its principal: `hive/host@REALM`.
    Principal(String),
    /// By the name of the service and that of its host; the realm is the host's.
    OnHost {
        /// For example `kafka`.
        name: String,
        /// For example `broker1.example`.
        host: String,
    },
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(principal) => f.write_str(principal),
            Self::OnHost { name, host } => write!(f, "{name}/{host}"),
        }
    }
}

/// What comes of a step of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// What is to be sent to the service; empty: nothing.
    pub(crate) token: Vec<u8>,
    /// Whether both know each other now.
    pub(crate) done: bool,
}

/// A client that shows a service who it is.
pub(crate) struct Context {
    library: Library,
    target: Handle,
    credential: Option<Arc<Credential>>,
    context: Handle,
    flags: u32,
}

// SAFETY: handles of GSSAPI may be used by any thread, one at a time; every use of a context takes `&mut self`.
unsafe impl Send for Context {}

const COMPLETE: u32 = 0;
const CONTINUE: u32 = 1;
/// Errors are in the upper half.
const ERRORS: u32 = 0xffff_0000;
/// Of a call, and of the mechanism below.
const GSS_CODE: i32 = 1;
const MECHANISM_CODE: i32 = 2;
/// What every context is asked for: order, and what wrapping needs.
const FLAGS: u32 = REPLAY | SEQUENCE | CONFIDENTIAL | INTEGRITY;
/// That the service shows who it is, too.
const MUTUAL: u32 = 2;
const REPLAY: u32 = 4;
const SEQUENCE: u32 = 8;
const CONFIDENTIAL: u32 = 16;
const INTEGRITY: u32 = 32;

impl Library {
    /// The library, loaded with the first call.
    ///
    /// # Errors
    /// It is not on this machine.
    pub(crate) fn load() -> Result<Self> {
        static LOADED: OnceLock<Result<Library>> = OnceLock::new();
        LOADED
            .get_or_init(|| {
                let functions = Functions::load().map_err(Error::Absent)?;
                Ok(Self {
                    functions: Arc::new(functions),
                })
            })
            .clone()
    }

    /// A client of the service. `mutual`: the service must show who it is, too.
    ///
    /// # Errors
    /// Kerberos takes one of the names not, or gives no ticket.
    pub(crate) fn client(
        &self,
        service: &Service,
        identity: &Identity,
        mutual: bool,
    ) -> Said<Context> {
        let mut context = Context {
            library: self.clone(),
            target: null_mut(),
            credential: None,
            context: null_mut(),
            flags: FLAGS | if mutual { MUTUAL } else { 0 },
        };
        context.target = match service {
            Service::Principal(principal) => self.name(principal, c::PRINCIPAL),
            Service::OnHost { name, host } => {
                self.name(&format!("{name}@{host}"), c::SERVICE_ON_HOST)
            }
        }?;
        if let Identity::Keytab(keytab) = identity {
            context.credential = Some(credential(self, keytab)?);
        }
        Ok(context)
    }

    /// Sees to it that there are good tickets of a keytab's principal.
    ///
    /// # Errors
    /// There are none, and Kerberos gives none.
    pub(crate) fn renew(&self, keytab: &Keytab) -> Said<()> {
        credential(self, keytab).map(drop)
    }

    fn name(&self, text: &str, kind: &'static [u8]) -> Said<Handle> {
        let mut kind = Oid::of(kind);
        let mut buffer = Buffer::of(text.as_bytes());
        let (mut minor, mut name) = (0, null_mut());
        // SAFETY: `buffer` and `kind` point to what lives until the call returns, which copies both.
        let major =
            unsafe { (self.functions.import_name)(&mut minor, &mut buffer, &mut kind, &mut name) };
        self.well(major, minor)?;
        Ok(name)
    }

    fn release_name(&self, mut name: Handle) {
        let mut minor = 0;
        // SAFETY: the name was made by this library and is used nowhere else.
        unsafe { (self.functions.release_name)(&mut minor, &mut name) };
    }

    /// Takes what the library has put into a buffer, and gives the buffer back.
    fn taken(&self, mut buffer: Buffer) -> Vec<u8> {
        if buffer.value.is_null() {
            return Vec::new();
        }
        // SAFETY: the library says that so many bytes are there, and they live until they are released below.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.value.cast::<u8>(), buffer.length) };
        let bytes = bytes.to_vec();
        let mut minor = 0;
        // SAFETY: the buffer was filled by this library and is used nowhere else.
        unsafe { (self.functions.release_buffer)(&mut minor, &mut buffer) };
        bytes
    }

    fn well(&self, major: u32, minor: u32) -> Said<()> {
        if major & ERRORS == 0 {
            return Ok(());
        }
        // The mechanism says more, if it says anything.
        let more = self.words(minor, MECHANISM_CODE);
        Err(match minor == 0 || more.is_empty() {
            true => self.words(major, GSS_CODE),
            false => more,
        })
    }

    fn words(&self, status: u32, kind: i32) -> String {
        let mut mechanism = Oid::of(c::KERBEROS);
        let mut words = Vec::new();
        let mut more = 0;
        loop {
            let (mut minor, mut buffer) = (0, Buffer::empty());
            // SAFETY: all pointers are to what lives until the call returns.
            let major = unsafe {
                (self.functions.display_status)(
                    &mut minor,
                    status,
                    kind,
                    &mut mechanism,
                    &mut more,
                    &mut buffer,
                )
            };
            let text = self.taken(buffer);
            if major & ERRORS != 0 {
                break;
            }
            words.push(String::from_utf8_lossy(&text).trim().to_owned());
            if more == 0 || words.len() > 8 {
                break;
            }
        }
        words.retain(|word| !word.is_empty());
        words.join("; ")
    }
}

impl Context {
    /// Goes on with the login: `received` is what the service has sent, nothing at first.
    ///
    /// # Errors
    /// Kerberos, or the service by what it has sent, says no.
    pub(crate) fn step(&mut self, received: &[u8]) -> Said<Step> {
        let mut input = Buffer::of(received);
        let mut output = Buffer::empty();
        let mut mechanism = Oid::of(c::KERBEROS);
        let mut minor = 0;
        let credential = self.credential.as_ref();
        let _together = TICKETS.read().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the handles are of this library and not used elsewhere; all other pointers are to what lives until the call
        // returns. Channel bindings are optional, as are the three outputs that are not asked for.
        let major = unsafe {
            (self.library.functions.init_sec_context)(
                &mut minor,
                credential.map_or_else(null_mut, |credential| credential.handle()),
                &mut self.context,
                self.target,
                &mut mechanism,
                self.flags,
                0,
                null(),
                &mut input,
                null_mut(),
                &mut output,
                null_mut(),
                null_mut(),
            )
        };
        let token = self.library.taken(output);
        self.library.well(major, minor)?;
        Ok(Step {
            token,
            done: major & CONTINUE == COMPLETE,
        })
    }

    /// Protects a message; `is_secret`: nobody else can read it, else nobody can change it.
    ///
    /// # Errors
    /// The login has not come to its end.
    pub(crate) fn wrap(&mut self, message: &[u8], is_secret: bool) -> Said<Vec<u8>> {
        let mut input = Buffer::of(message);
        let mut output = Buffer::empty();
        let (mut minor, mut became_secret) = (0, 0);
        // SAFETY: as in `step`.
        let major = unsafe {
            (self.library.functions.wrap)(
                &mut minor,
                self.context,
                i32::from(is_secret),
                0,
                &mut input,
                &mut became_secret,
                &mut output,
            )
        };
        let wrapped = self.library.taken(output);
        self.library.well(major, minor)?;
        match is_secret && became_secret == 0 {
            true => Err("a message that is to be secret would not be".to_owned()),
            false => Ok(wrapped),
        }
    }

    /// What a protected message says.
    ///
    /// # Errors
    /// Somebody has changed it, or it is none.
    pub(crate) fn unwrap(&mut self, message: &[u8]) -> Said<Vec<u8>> {
        let mut input = Buffer::of(message);
        let mut output = Buffer::empty();
        let mut minor = 0;
        // SAFETY: as in `step`.
        let major = unsafe {
            (self.library.functions.unwrap)(
                &mut minor,
                self.context,
                &mut input,
                &mut output,
                null_mut(),
                null_mut(),
            )
        };
        let message = self.library.taken(output);
        self.library.well(major, minor)?;
        Ok(message)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let functions = &self.library.functions;
        let mut minor = 0;
        if !self.context.is_null() {
            // SAFETY: the context is of this library and is released once.
            unsafe { (functions.delete_sec_context)(&mut minor, &mut self.context, null_mut()) };
        }
        if !self.target.is_null() {
            self.library.release_name(self.target);
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Context")
    }
}
