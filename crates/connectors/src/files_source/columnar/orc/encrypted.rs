//! Columns that are encrypted. Whoever has no key for one finds other values in its place, most often nulls, which say nowhere
//! what they are: they are not read.

use orc_rust::proto::Footer;
use orc_rust::schema::DataType as OrcType;

use crate::files_source::failure::Unfit;

/// What of a file is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Encrypted {
    /// The numbers of the types that are, each with all that is in it.
    roots: Vec<usize>,
}

impl Encrypted {
    /// What the footer says of it.
    ///
    /// # Errors
    /// That can't be so.
    pub(super) fn of(footer: &Footer) -> Result<Self, Unfit> {
        let variants = footer.encryption.iter().flat_map(|told| &told.variants);
        let roots: Vec<usize> = variants.map(|variant| variant.root() as usize).collect();
        if roots.iter().any(|root| *root >= footer.types.len()) {
            let message = "its footer says that a column is encrypted which is not there";
            return Err(Unfit::Damaged(message.to_owned()));
        }
        Ok(Self { roots })
    }

    /// Whether these columns can be read.
    ///
    /// # Errors
    /// One of them, or a part of one, is encrypted.
    pub(super) fn check<'a>(
        &self,
        mut columns: impl Iterator<Item = &'a OrcType>,
    ) -> Result<(), Unfit> {
        // The first type is that of the row, of which all columns are parts.
        let is_whole = self.roots.contains(&0);
        let is_encrypted = |column: &OrcType| {
            let numbers = column.all_indices();
            is_whole || numbers.iter().any(|number| self.roots.contains(number))
        };
        if columns.any(is_encrypted) {
            return Err(Unfit::Encrypted);
        }
        Ok(())
    }
}
