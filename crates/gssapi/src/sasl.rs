//! What librdkafka calls where it would call Cyrus' libsasl2, for the mechanism GSSAPI and no other. The functions have the
//! names and types of that library (`crates/sasl2-sys/include`); librdkafka holds a lock while it calls.
//!
//! Whose keys are used is said in librdkafka's `sasl.username`, as [`Keys::to_text`] writes it: librdkafka shows it to who
//! asks for the name to log in with, and does nothing else with it.

#![allow(unsafe_code, reason = "called by C")]

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_ulong, c_void};
use std::ptr::{null, null_mut};

use crate::keys::Keys;
use crate::library::Service;
use crate::login::{Login, Protection};

const OK: c_int = 0;
const CONTINUE: c_int = 1;
const FAIL: c_int = -1;

/// Of callbacks: the end of their list, and who asks for the name to log in with.
const LIST_END: c_ulong = 0;
const AUTHNAME: c_ulong = 0x4002;

const MECHANISM: &CStr = c"GSSAPI";

/// A callback of librdkafka's.
#[repr(C)]
struct Callback {
    id: c_ulong,
    function: Option<unsafe extern "C" fn()>,
    context: *mut c_void,
}

type Simple = unsafe extern "C" fn(*mut c_void, c_int, *mut *const c_char, *mut c_uint) -> c_int;

/// A login, and what it has said last.
struct Connection {
    service: Service,
    keys: Keys,
    login: Option<Login>,
    said: Vec<u8>,
    wrong: CString,
}

impl Connection {
    /// The next message to the service.
    fn go_on(&mut self, received: &[u8]) -> c_int {
        match self.step(received) {
            Ok(is_last) => match is_last {
                true => OK,
                false => CONTINUE,
            },
            Err(error) => {
                let text = format!("{error}; {}", error.next()).replace('\0', " ");
                self.said = Vec::new();
                self.wrong = CString::new(text).unwrap_or_default();
                FAIL
            }
        }
    }

    fn step(&mut self, received: &[u8]) -> crate::Result<bool> {
        let login = match &mut self.login {
            Some(login) => login,
            None => {
                let none = Some(Protection::None);
                let login = Login::new(self.service.clone(), &self.keys, none)?;
                self.login.insert(login)
            }
        };
        let answer = login.step(received)?;
        self.said = answer.message;
        Ok(answer.is_last)
    }

    fn show(&self, out: *mut *const c_char, length: *mut c_uint) {
        // SAFETY: librdkafka gives places for both, and reads them before it calls again.
        unsafe {
            *out = self.said.as_ptr().cast();
            *length = self.said.len() as c_uint;
        }
    }
}

/// The functions, so that whoever names them has them linked.
pub const FUNCTIONS: [*const (); 9] = [
    sasl_client_init as *const (),
    sasl_client_new as *const (),
    sasl_client_start as *const (),
    sasl_client_step as *const (),
    sasl_dispose as *const (),
    sasl_errdetail as *const (),
    sasl_errstring as *const (),
    sasl_getprop as *const (),
    sasl_listmech as *const (),
];

/// Nothing is to be prepared.
#[unsafe(no_mangle)]
extern "C" fn sasl_client_init(_: *const Callback) -> c_int {
    OK
}

/// # Safety
/// `service`, `host` and the list of callbacks are whole, and `connection` has room for a pointer.
#[unsafe(no_mangle)]
unsafe extern "C" fn sasl_client_new(
    service: *const c_char,
    host: *const c_char,
    _local: *const c_char,
    _remote: *const c_char,
    callbacks: *const Callback,
    _flags: c_uint,
    connection: *mut *mut Connection,
) -> c_int {
    // SAFETY: librdkafka gives whole texts, a list with its end, and room for a pointer.
    unsafe {
        let text = |text: *const c_char| CStr::from_ptr(text).to_string_lossy().into_owned();
        let made = Connection {
            service: Service::OnHost {
                name: text(service),
                host: text(host),
            },
            keys: keys_of(callbacks),
            login: None,
            said: Vec::new(),
            wrong: CString::default(),
        };
        *connection = Box::into_raw(Box::new(made));
    }
    OK
}

/// Whose keys librdkafka was told.
///
/// # Safety
/// The list has an end, and its functions are of the types that their ids say.
unsafe fn keys_of(mut callback: *const Callback) -> Keys {
    // SAFETY: nothing behind the end of the list is looked at. The function for a name has the type of such, and gives a text
    // that lives for as long as librdkafka holds its lock.
    unsafe {
        while !callback.is_null() && (*callback).id != LIST_END {
            if (*callback).id == AUTHNAME
                && let Some(function) = (*callback).function
            {
                let function: Simple = std::mem::transmute(function);
                let (mut text, mut length) = (null(), 0);
                function(
                    (*callback).context,
                    AUTHNAME as c_int,
                    &mut text,
                    &mut length,
                );
                if !text.is_null() {
                    return Keys::of_text(&CStr::from_ptr(text).to_string_lossy());
                }
            }
            callback = callback.add(1);
        }
    }
    Keys::default()
}

/// # Safety
/// `connection` is one of [`sasl_client_new`], and there is room for the results.
#[unsafe(no_mangle)]
unsafe extern "C" fn sasl_client_start(
    connection: *mut Connection,
    _mechanisms: *const c_char,
    _interact: *mut *mut c_void,
    out: *mut *const c_char,
    length: *mut c_uint,
    mechanism: *mut *const c_char,
) -> c_int {
    // SAFETY: the connection was made above and is used by one thread at a time.
    let connection = unsafe { &mut *connection };
    let outcome = connection.go_on(&[]);
    connection.show(out, length);
    // SAFETY: there is room for it.
    unsafe { *mechanism = MECHANISM.as_ptr() };
    outcome
}

/// # Safety
/// `connection` is one of [`sasl_client_new`], `received` has `size` bytes or is null, and there is room for the results.
#[unsafe(no_mangle)]
unsafe extern "C" fn sasl_client_step(
    connection: *mut Connection,
    received: *const c_char,
    size: c_uint,
    _interact: *mut *mut c_void,
    out: *mut *const c_char,
    length: *mut c_uint,
) -> c_int {
    let received = match received.is_null() {
        true => &[],
        // SAFETY: librdkafka says how many bytes there are.
        false => unsafe { std::slice::from_raw_parts(received.cast::<u8>(), size as usize) },
    };
    // SAFETY: as in `sasl_client_start`.
    let connection = unsafe { &mut *connection };
    let outcome = connection.go_on(received);
    connection.show(out, length);
    outcome
}

/// # Safety
/// `connection` holds one of [`sasl_client_new`] that is not used any more, or null.
#[unsafe(no_mangle)]
unsafe extern "C" fn sasl_dispose(connection: *mut *mut Connection) {
    // SAFETY: it was made by `Box::into_raw`, and is forgotten here.
    unsafe {
        if !(*connection).is_null() {
            drop(Box::from_raw(*connection));
            *connection = null_mut();
        }
    }
}

/// # Safety
/// `connection` is one of [`sasl_client_new`].
#[unsafe(no_mangle)]
unsafe extern "C" fn sasl_errdetail(connection: *mut Connection) -> *const c_char {
    // SAFETY: the text lives until the connection is used again.
    unsafe { (*connection).wrong.as_ptr() }
}

/// What a number means, where there is no connection yet.
#[unsafe(no_mangle)]
extern "C" fn sasl_errstring(
    _error: c_int,
    _languages: *const c_char,
    _language: *mut *const c_char,
) -> *const c_char {
    c"Kerberos can't be used".as_ptr()
}

/// Shown in librdkafka's log only: nothing is told.
#[unsafe(no_mangle)]
extern "C" fn sasl_getprop(
    _: *mut Connection,
    _number: c_int,
    _value: *mut *const c_void,
) -> c_int {
    FAIL
}

/// # Safety
/// There is room for the name.
#[unsafe(no_mangle)]
unsafe extern "C" fn sasl_listmech(
    _connection: *mut Connection,
    _user: *const c_char,
    _prefix: *const c_char,
    _between: *const c_char,
    _suffix: *const c_char,
    names: *mut *const c_char,
    _length: *mut c_uint,
    _count: *mut c_int,
) -> c_int {
    // SAFETY: there is room for it.
    unsafe { *names = MECHANISM.as_ptr() };
    OK
}
