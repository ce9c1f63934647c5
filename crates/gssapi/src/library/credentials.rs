//! Credentials of keytabs: tickets are got once for all connections of the process, and new ones when half of the time of
//! the old ones is over.

use std::ffi::CString;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::c::{self, Elements, Handle, KeyValue, Oid, OidSet};
use super::{Library, Said};
use crate::keytab::Keytab;
use crate::moment::Moment;

/// Where new tickets can't be got and the old ones are good still, it is tried again behind this time.
const AGAIN: Duration = Duration::from_secs(10);
/// Credentials are used to log in elsewhere.
const INITIATE: i32 = 1;

/// Whoever gets new tickets empties their cache first, while nobody reads it.
pub(super) static TICKETS: RwLock<()> = RwLock::new(());

/// Distinguishes caches that are used once.
static FRESH: AtomicU64 = AtomicU64::new(0);

/// The credentials of the process.
static HELD: Mutex<Vec<Held>> = Mutex::new(Vec::new());

/// Credentials, and when they are to be got anew.
struct Held {
    keytab: Keytab,
    credential: Arc<Credential>,
    renewal: Moment,
    end: Moment,
}

/// Credentials of a keytab's principal.
pub(super) struct Credential {
    library: Library,
    handle: Handle,
}

// SAFETY: the library locks credentials while it uses them, and nothing else is done with them here.
unsafe impl Send for Credential {}
// SAFETY: as above.
unsafe impl Sync for Credential {}

impl Credential {
    /// For the library, for as long as the credentials live.
    pub(super) fn handle(&self) -> Handle {
        self.handle
    }
}

impl Drop for Credential {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the credentials are of this library and are released once.
        unsafe { (self.library.functions.release_cred)(&mut minor, &mut self.handle) };
    }
}

/// The credentials of a keytab's principal, with tickets that are good.
///
/// # Errors
/// There are none, and none can be got.
pub(super) fn credential(library: &Library, keytab: &Keytab) -> Said<Arc<Credential>> {
    let mut all = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Moment::now();
    let known = all.iter_mut().find(|held| held.keytab == *keytab);
    if let Some(held) = &known
        && !held.renewal.is_past(now)
    {
        return Ok(Arc::clone(&held.credential));
    }
    match (acquire(library, keytab), known) {
        (Ok((credential, life)), known) => {
            let credential = Arc::new(credential);
            let got = Held {
                keytab: keytab.clone(),
                credential: Arc::clone(&credential),
                renewal: now.after(life / 2),
                end: now.after(life),
            };
            match known {
                Some(held) => *held = got,
                None => all.push(got),
            }
            Ok(credential)
        }
        (Err(_), Some(held)) if !held.end.is_past(now) => {
            held.renewal = held.end.min(now.after(AGAIN));
            Ok(Arc::clone(&held.credential))
        }
        (Err(said), _) => Err(said),
    }
}

/// Gets tickets with a keytab, into memory of this process alone; and how long they live.
fn acquire(library: &Library, keytab: &Keytab) -> Said<(Credential, Duration)> {
    let cache = keytab.cache()?;
    let (credential, life) = acquire_in(library, keytab, &cache)?;
    if !life.is_zero() {
        return Ok((credential, life));
    }
    // Where there are tickets in the cache, also such that have ended, the library does not say that it got no new ones, and does
    // not try again for a while.
    let fresh = FRESH.fetch_add(1, Ordering::Relaxed);
    let (fresh, life) = acquire_in(library, keytab, &format!("{cache} {fresh}"))?;
    store(library, &fresh, &cache)?;
    Ok((fresh, life))
}

/// Gets tickets with a keytab, into a cache.
fn acquire_in(library: &Library, keytab: &Keytab, cache: &str) -> Said<(Credential, Duration)> {
    let path = keytab.path.to_str();
    let path = path.ok_or("the path of the keytab is no text in UTF-8")?;
    let (place, cache) = (text(format!("FILE:{path}"))?, text(cache.to_owned())?);
    let mut elements = [
        KeyValue {
            key: c"client_keytab".as_ptr(),
            value: place.as_ptr(),
        },
        in_cache(&cache),
    ];
    let store = Elements {
        count: 2,
        elements: elements.as_mut_ptr(),
    };
    let mut mechanism = Oid::of(c::KERBEROS);
    let mut mechanisms = OidSet {
        count: 1,
        elements: &mut mechanism,
    };
    let name = library.name(&keytab.principal, c::PRINCIPAL)?;
    let (mut minor, mut handle, mut seconds) = (0, null_mut(), 0);
    let alone = TICKETS.write().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: everything that is pointed to lives until the call returns, which keeps nothing of it.
    let major = unsafe {
        (library.functions.acquire_cred_from)(
            &mut minor,
            name,
            u32::MAX,
            &mut mechanisms,
            INITIATE,
            &store,
            &mut handle,
            null_mut(),
            &mut seconds,
        )
    };
    drop(alone);
    let outcome = library.well(major, minor);
    library.release_name(name);
    outcome?;
    let credential = Credential {
        library: library.clone(),
        handle,
    };
    Ok((credential, Duration::from_secs(u64::from(seconds))))
}

/// Puts tickets into a cache, in the place of those that are there.
fn store(library: &Library, credential: &Credential, cache: &str) -> Said<()> {
    let cache = text(cache.to_owned())?;
    let mut elements = [in_cache(&cache)];
    let store = Elements {
        count: 1,
        elements: elements.as_mut_ptr(),
    };
    let mut mechanism = Oid::of(c::KERBEROS);
    let mut minor = 0;
    let _alone = TICKETS.write().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: everything that is pointed to lives until the call returns, which keeps nothing of it; both outputs are optional.
    let major = unsafe {
        (library.functions.store_cred_into)(
            &mut minor,
            credential.handle,
            INITIATE,
            &mut mechanism,
            1,
            0,
            &store,
            null_mut(),
            null_mut(),
        )
    };
    library.well(major, minor)
}

fn in_cache(cache: &CString) -> KeyValue {
    KeyValue {
        key: c"ccache".as_ptr(),
        value: cache.as_ptr(),
    }
}

fn text(text: String) -> Said<CString> {
    CString::new(text).map_err(|_| "the path of the keytab holds a zero".to_owned())
}
