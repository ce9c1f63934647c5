//! A plan as a drawing in text: every operator below what it reads from.

use std::collections::BTreeSet;

use millstream_core::{Error, Result, codes};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
struct Plan {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: u64,
    contents: String,
    parallelism: u64,
    #[serde(default)]
    predecessors: Vec<Predecessor>,
}

#[derive(Debug, Deserialize)]
struct Predecessor {
    id: u64,
    ship_strategy: String,
}

/// Draws `plan`.
///
/// # Errors
/// It is no plan ([`codes::PACKAGE_INVALID`]).
pub(crate) fn of(plan: &Value) -> Result<String> {
    let plan = Plan::deserialize(plan).map_err(|cause| {
        Error::new(&codes::PACKAGE_INVALID, "the package's plan is none")
            .cause(cause)
            .next("build the package with the millstream crate of this version")
    })?;
    let mut drawing = Drawing {
        plan: &plan,
        drawn: BTreeSet::new(),
        text: String::new(),
    };
    let roots = plan.nodes.iter();
    for root in roots.filter(|node| node.predecessors.is_empty()) {
        drawing.node(root, "", "");
    }
    Ok(drawing.text)
}

struct Drawing<'a> {
    plan: &'a Plan,
    drawn: BTreeSet<u64>,
    text: String,
}

impl<'a> Drawing<'a> {
    /// Draws `node` behind `before`, and what reads from it below, behind `below`.
    fn node(&mut self, node: &'a Node, before: &str, below: &str) {
        let Node {
            id,
            contents,
            parallelism,
            ..
        } = node;
        // A node with several inputs is drawn below the first, and named below the others.
        if !self.drawn.insert(*id) {
            self.text
                .push_str(&format!("{before}[{id}] {contents} (see above)\n"));
            return;
        }
        self.text.push_str(&format!(
            "{before}[{id}] {contents} (parallelism {parallelism})\n"
        ));
        let nodes = self.plan.nodes.iter();
        let readers: Vec<(&Node, &str)> = nodes
            .flat_map(|reader| {
                let inputs = reader.predecessors.iter();
                inputs
                    .filter(|input| input.id == *id)
                    .map(move |input| (reader, input.ship_strategy.as_str()))
            })
            .collect();
        let last = readers.len().saturating_sub(1);
        for (place, (reader, ship)) in readers.into_iter().enumerate() {
            let (corner, line) = if place == last {
                ("└─", "   ")
            } else {
                ("├─", "│  ")
            };
            let before = format!("{below}{corner} {ship} ─▶ ");
            self.node(reader, &before, &format!("{below}{line}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of;

    #[test]
    fn operators_stand_below_what_they_read_from() {
        let input =
            |id: u64, ship: &str| json!({"id": id, "ship_strategy": ship, "side": "second"});
        let plan = json!({"nodes": [
            {"id": 1, "contents": "Source: words", "parallelism": 1},
            {"id": 2, "contents": "Source: rules", "parallelism": 1},
            {"id": 3, "contents": "Join", "parallelism": 4,
             "predecessors": [input(1, "HASH"), input(2, "BROADCAST")]},
            {"id": 4, "contents": "Sink: late", "parallelism": 1, "predecessors": [input(1, "FORWARD")]},
            {"id": 5, "contents": "Sink: out", "parallelism": 4, "predecessors": [input(3, "FORWARD")]},
        ]});
        let expected = "\
[1] Source: words (parallelism 1)
├─ HASH ─▶ [3] Join (parallelism 4)
│  └─ FORWARD ─▶ [5] Sink: out (parallelism 4)
└─ FORWARD ─▶ [4] Sink: late (parallelism 1)
[2] Source: rules (parallelism 1)
└─ BROADCAST ─▶ [3] Join (see above)
";
        assert_eq!(of(&plan).expect("a plan"), expected);
    }
}
