//! `gssapi.h` and `gssapi_ext.h` of MIT, as far as they are used.

use std::ffi::{c_char, c_int, c_void};

use libloading::Library;

/// What the library is called on every Linux.
const NAME: &str = "libgssapi_krb5.so.2";

/// `GSS_KRB5_NT_PRINCIPAL_NAME`: 1.2.840.113554.1.2.2.1.
pub(super) const PRINCIPAL: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01";
/// `gss_mech_krb5`: 1.2.840.113554.1.2.2.
pub(super) const KERBEROS: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";

/// `GSS_C_NT_HOSTBASED_SERVICE`: 1.2.840.113554.1.2.1.4.
pub(super) const SERVICE_ON_HOST: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04";

/// A name, a credential or a context.
pub(super) type Handle = *mut c_void;

/// `gss_buffer_desc`.
#[repr(C)]
pub(super) struct Buffer {
    pub(super) length: usize,
    pub(super) value: *mut c_void,
}

impl Buffer {
    /// For the library to fill.
    pub(super) fn empty() -> Self {
        Self {
            length: 0,
            value: std::ptr::null_mut(),
        }
    }

    /// For the library to read: it changes nothing of it.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self {
            length: bytes.len(),
            value: bytes.as_ptr().cast_mut().cast(),
        }
    }
}

/// `gss_OID_desc`.
#[repr(C)]
pub(super) struct Oid {
    length: u32,
    elements: *mut c_void,
}

impl Oid {
    /// For the library to read: it changes nothing of it.
    pub(super) fn of(bytes: &'static [u8]) -> Self {
        Self {
            length: bytes.len() as u32,
            elements: bytes.as_ptr().cast_mut().cast(),
        }
    }
}

/// `gss_OID_set_desc`.
#[repr(C)]
pub(super) struct OidSet {
    pub(super) count: usize,
    pub(super) elements: *mut Oid,
}

/// `gss_key_value_element_desc`.
#[repr(C)]
pub(super) struct KeyValue {
    pub(super) key: *const c_char,
    pub(super) value: *const c_char,
}

/// `gss_key_value_set_desc`.
#[repr(C)]
pub(super) struct Elements {
    pub(super) count: u32,
    pub(super) elements: *mut KeyValue,
}

type ImportName = unsafe extern "C" fn(*mut u32, *mut Buffer, *mut Oid, *mut Handle) -> u32;
type Release = unsafe extern "C" fn(*mut u32, *mut Handle) -> u32;
type ReleaseBuffer = unsafe extern "C" fn(*mut u32, *mut Buffer) -> u32;
type DeleteContext = unsafe extern "C" fn(*mut u32, *mut Handle, *mut Buffer) -> u32;
type AcquireFrom = unsafe extern "C" fn(
    *mut u32,
    Handle,
    u32,
    *mut OidSet,
    c_int,
    *const Elements,
    *mut Handle,
    *mut *mut OidSet,
    *mut u32,
) -> u32;
type StoreInto = unsafe extern "C" fn(
    *mut u32,
    Handle,
    c_int,
    *mut Oid,
    u32,
    u32,
    *const Elements,
    *mut *mut OidSet,
    *mut c_int,
) -> u32;
type InitContext = unsafe extern "C" fn(
    *mut u32,
    Handle,
    *mut Handle,
    Handle,
    *mut Oid,
    u32,
    u32,
    *const c_void,
    *mut Buffer,
    *mut *mut Oid,
    *mut Buffer,
    *mut u32,
    *mut u32,
) -> u32;
type Wrap =
    unsafe extern "C" fn(*mut u32, Handle, c_int, u32, *mut Buffer, *mut c_int, *mut Buffer) -> u32;
type Unwrap =
    unsafe extern "C" fn(*mut u32, Handle, *mut Buffer, *mut Buffer, *mut c_int, *mut u32) -> u32;
type DisplayStatus =
    unsafe extern "C" fn(*mut u32, u32, c_int, *mut Oid, *mut u32, *mut Buffer) -> u32;

/// The functions of the library.
pub(super) struct Functions {
    pub(super) import_name: ImportName,
    pub(super) release_name: Release,
    pub(super) release_cred: Release,
    pub(super) release_buffer: ReleaseBuffer,
    pub(super) acquire_cred_from: AcquireFrom,
    pub(super) store_cred_into: StoreInto,
    pub(super) init_sec_context: InitContext,
    pub(super) delete_sec_context: DeleteContext,
    pub(super) wrap: Wrap,
    pub(super) unwrap: Unwrap,
    pub(super) display_status: DisplayStatus,
    /// Stays loaded for as long as the functions are there.
    _library: Library,
}

impl Functions {
    /// Loads the library.
    ///
    /// # Errors
    /// It is not there, or is another one.
    pub(super) fn load() -> Result<Self, String> {
        let absent = |error: libloading::Error| {
            let why = std::error::Error::source(&error);
            why.map_or_else(|| error.to_string(), ToString::to_string)
        };
        // SAFETY: the library is MIT's, whose initialisation has no conditions.
        let library = unsafe { Library::new(NAME) }.map_err(absent)?;
        // SAFETY: each function has the type that the headers of MIT give it, and is used only while the library is loaded.
        unsafe {
            Ok(Self {
                import_name: *library.get(b"gss_import_name\0").map_err(absent)?,
                release_name: *library.get(b"gss_release_name\0").map_err(absent)?,
                release_cred: *library.get(b"gss_release_cred\0").map_err(absent)?,
                release_buffer: *library.get(b"gss_release_buffer\0").map_err(absent)?,
                acquire_cred_from: *library.get(b"gss_acquire_cred_from\0").map_err(absent)?,
                store_cred_into: *library.get(b"gss_store_cred_into\0").map_err(absent)?,
                init_sec_context: *library.get(b"gss_init_sec_context\0").map_err(absent)?,
                delete_sec_context: *library.get(b"gss_delete_sec_context\0").map_err(absent)?,
                wrap: *library.get(b"gss_wrap\0").map_err(absent)?,
                unwrap: *library.get(b"gss_unwrap\0").map_err(absent)?,
                display_status: *library.get(b"gss_display_status\0").map_err(absent)?,
                _library: library,
            })
        }
    }
}
