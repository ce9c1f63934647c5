//! The list of one key.

use super::{Collection, Spot, View};
use crate::types::StateValue;

/// So many elements are moved in the time that one entry of a map takes to be folded.
const MOVED_AT_ONCE: usize = 32;

/// The list of one key.
#[derive(Clone)]
pub(crate) struct ListOf<T> {
    elements: Vec<T>,
}

/// What has changed in the list of one key: lists grow at their end, or are replaced.
#[derive(Clone)]
pub(crate) struct ListChanges<T> {
    added: Vec<T>,
    cleared: bool,
    /// How many elements show, with everything below.
    len: usize,
}

impl<T> Default for ListOf<T> {
    fn default() -> Self {
        Self {
            elements: Vec::new(),
        }
    }
}

impl<T: StateValue> ListOf<T> {
    /// Appends elements.
    #[inline]
    pub(crate) fn extend(spot: Spot<'_, Self>, elements: impl IntoIterator<Item = T>) {
        match spot {
            Spot::Plain(list) => list.elements.extend(elements),
            Spot::Over { changes, .. } => changes.extend(elements),
            Spot::Folding { mut changes, .. } => {
                if let Some(newest) = changes.last_mut() {
                    newest.extend(elements);
                }
            }
        }
    }
}

impl<T> ListChanges<T> {
    fn of(len: usize, cleared: bool) -> Self {
        Self {
            added: Vec::new(),
            cleared,
            len,
        }
    }

    fn extend(&mut self, elements: impl IntoIterator<Item = T>) {
        let before = self.added.len();
        self.added.extend(elements);
        self.len += self.added.len() - before;
    }
}

impl<T: StateValue> Collection for ListOf<T> {
    type Place = u64;
    type PlaceRef<'a> = u64;
    type Value = T;
    type Whole = Vec<T>;
    type Changes = ListChanges<T>;

    #[inline]
    fn len(&self) -> usize {
        self.elements.len()
    }

    fn unchanged(len: usize) -> Self::Changes {
        ListChanges::of(len, false)
    }

    fn cleared() -> Self::Changes {
        ListChanges::of(0, true)
    }

    fn is_cleared(changes: &Self::Changes) -> bool {
        changes.cleared
    }

    fn is_on_nothing(changes: &mut Self::Changes) {
        changes.cleared = false;
    }

    fn len_with(changes: &Self::Changes) -> usize {
        changes.len
    }

    fn take_over(&mut self, changes: &mut Self::Changes, budget: &mut usize) -> bool {
        if std::mem::take(&mut changes.cleared) {
            self.elements = Vec::new();
        }
        // One move of memory.
        *budget = budget.saturating_sub(changes.added.len() / MOVED_AT_ONCE);
        self.elements.append(&mut changes.added);
        true
    }

    fn entries<'a>(view: View<'a, Self>) -> impl Iterator<Item = (u64, &'a T)> {
        let View { base, changes } = view;
        let in_base = base.into_iter().flat_map(|list| list.elements.iter());
        let added = changes.into_iter().flat_map(|changes| changes.added.iter());
        (0_u64..).zip(in_base.chain(added))
    }

    #[inline]
    fn for_each<'a>(view: View<'a, Self>, mut visit: impl FnMut(u64, &'a T)) {
        let mut index = 0;
        let mut visit_all = |elements: &'a [T]| {
            for element in elements {
                visit(index, element);
                index += 1;
            }
        };
        if let Some(list) = view.base {
            visit_all(&list.elements);
        }
        for changes in view.changes {
            visit_all(&changes.added);
        }
    }

    fn put(&mut self, index: u64, element: T) -> Result<(), String> {
        let expected = self.elements.len() as u64;
        if index != expected {
            return Err(format!(
                "element {index} of a list stands where element {expected} must"
            ));
        }
        self.elements.push(element);
        Ok(())
    }

    fn from_whole(elements: Vec<T>) -> Self {
        Self { elements }
    }
}
