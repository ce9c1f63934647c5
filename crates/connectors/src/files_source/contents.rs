//! What files hold, as far as those have to know who only find them.

use super::listing::Compression;
use super::name::Name;

/// What files hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Text, compressed or not.
    Text {
        /// Whether no file can be split, because text is decoded before it is cut.
        decodes_first: bool,
        /// Whether what ends a line stands in files as it does in text.
        ends_are_raw: bool,
        /// What ends a line, as it stands in files.
        line_ends: Vec<Vec<u8>>,
    },
    /// Columns in groups of rows. What is compressed in them is no matter of the name.
    Columns,
}

impl Contents {
    /// Whether a file of this name can't be split.
    pub(crate) fn is_whole(&self, name: &Name) -> bool {
        match self {
            Self::Text { decodes_first, .. } => {
                *decodes_first || Compression::of(name.bytes()) != Compression::None
            }
            Self::Columns => false,
        }
    }

    /// Whether what is written behind the end of a file leaves what lies before it as it was.
    pub(crate) fn may_grow(&self) -> bool {
        matches!(self, Self::Text { .. })
    }

    /// Whether an empty file is one that can be read.
    pub(crate) fn may_be_empty(&self) -> bool {
        matches!(self, Self::Text { .. })
    }

    /// Whether it can be seen at the end of a file of this name that its last line has an end.
    pub(crate) fn has_ends(&self, name: &Name) -> bool {
        let ends_are_raw = matches!(
            self,
            Self::Text {
                ends_are_raw: true,
                ..
            }
        );
        ends_are_raw && Compression::of(name.bytes()) == Compression::None
    }

    /// What ends a line; nothing does where there are none.
    pub(crate) fn line_ends(&self) -> &[Vec<u8>] {
        match self {
            Self::Text { line_ends, .. } => line_ends,
            Self::Columns => &[],
        }
    }
}
