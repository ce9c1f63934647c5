//! What the caller must do about an error: in few words, the same for every code.

/// What the caller must do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is wrong: change the argument, option or program, then ask again.
    Invalid,
    /// The thing asked for does not exist: check the name.
    NotFound,
    /// The request contradicts the present state: wait or ask for something else.
    Conflict,
    /// Something outside is not there right now (a disk, a service): retry later.
    Unavailable,
    /// Data at rest is damaged or foreign: use another snapshot or file.
    Data,
    /// The job's own code failed: look at its cause and mend the program.
    Program,
    /// Deliberately not offered (yet): use what the message names instead.
    Unsupported,
    /// A broken promise of Millstream itself: report it.
    Internal,
}
