//! The look before the first bulk, where the job has begun without one: it was not let, or nobody has answered.

use millstream_core::ErrorKind;

use super::told::Told;
use super::{Sender, Unsettled};
use crate::elasticsearch::client::Trouble;
use crate::elasticsearch::look;

impl Sender {
    /// Looks at servers and index, and tries again for as long as nobody lets us, or as often as a bulk where nobody answers; at
    /// once where somebody has looked.
    ///
    /// # Errors
    /// Nobody answers, the output can't be had as it is asked for, or nobody waits for it any more.
    pub(in crate::elasticsearch) fn look_first(&mut self) -> Result<(), Unsettled> {
        let mut is_denied = false;
        let mut again = 0;
        let mut told = Told::default();
        while self.known.get().is_none() {
            match look::look(&mut self.client, &self.options, self.schema.as_deref()) {
                Ok(found) => self.known.set(found),
                Err(Trouble::Denied(denied)) => {
                    is_denied = true;
                    self.pause(&mut told, &denied.why)?;
                }
                // Who waits for a right waits for a server that is started anew meanwhile, too.
                Err(Trouble::Failed(error)) if error.kind() == ErrorKind::Unavailable => {
                    match is_denied {
                        true => self.wait_for_somebody(&mut told, error.message())?,
                        false => {
                            self.hold_up(&mut told, error.message());
                            self.back_off(&mut again, error.message())?;
                        }
                    }
                }
                Err(Trouble::Failed(error)) => return Err(Unsettled::Failed(error)),
            }
        }
        told.goes_on(&self.waiting);
        Ok(())
    }
}
