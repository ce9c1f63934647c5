//! Operators as far as a program has declared them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use millstream_engine::graph::{NodeId, NodeKind, Partitioner};
use millstream_engine::operator::Port;

/// How an edge was declared. Whether records stay on their subtask is known only when every
/// parallelism is.
#[derive(Clone)]
pub(crate) enum Edge {
    /// Forward where both sides have the same parallelism, else in turn.
    Auto,
    /// By key.
    Hash(Arc<dyn Partitioner>),
    /// In turn, even at the same parallelism.
    Rebalance,
    /// To everyone.
    Broadcast,
}

/// A node as far as it has been declared.
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) uid: Option<String>,
    pub(crate) parallelism: Option<usize>,
    pub(crate) kind: NodeKind,
    pub(crate) inputs: Vec<(NodeId, Edge, Port)>,
    pub(crate) is_aside: bool,
}

/// The nodes of a program, which its streams add to. Clones are the same nodes.
#[derive(Clone, Default)]
pub(crate) struct Declarations {
    nodes: Rc<RefCell<Vec<Declared>>>,
}

impl Declarations {
    /// Adds a node.
    pub(crate) fn declare(&self, node: Declared) -> NodeId {
        let nodes = &mut self.nodes.borrow_mut();
        nodes.push(node);
        nodes.len() - 1
    }

    /// Changes a node.
    pub(crate) fn change(&self, node: NodeId, change: impl FnOnce(&mut Declared)) {
        if let Some(node) = self.nodes.borrow_mut().get_mut(node) {
            change(node);
        }
    }

    /// Looks at all nodes, in the order of their declaration.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&[Declared]) -> R) -> R {
        look(&self.nodes.borrow())
    }
}
