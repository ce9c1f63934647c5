//! Markdown documents: their links and headings.

/// The targets of the links and pictures of a Markdown text, in order. Code is left out.
pub fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        let line = without_inline_code(line);
        let mut rest = line.as_str();
        while let Some((_, behind)) = rest.split_once("](") {
            let target: String = behind
                .chars()
                .take_while(|c| !matches!(c, ')' | ' '))
                .collect();
            rest = behind.get(target.len()..).unwrap_or_default();
            found.push(target);
        }
    }
    found
}

/// The anchors of the headings of a Markdown text, as GitHub makes them: small letters, blanks as `-`, no punctuation.
pub fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).filter_map(|line| {
        line.trim_start_matches('#')
            .strip_prefix(' ')
            .filter(|_| line.starts_with('#'))
    });
    headings.map(anchor).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading
        .trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The lines outside of fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    })
}

fn without_inline_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::{anchors, links};

    #[test]
    fn links_in_code_are_none() {
        let text = "[a](one.md) `[b](two.md)` ![c](three.svg \"title\")\n```\n[d](four.md)\n```\n[e](#five)";
        assert_eq!(links(text), ["one.md", "three.svg", "#five"]);
    }

    #[test]
    fn anchors_are_those_of_github() {
        assert_eq!(
            anchors("# What it is, and isn't\n```\n# no heading\n```\n## `core` now"),
            ["what-it-is-and-isnt", "core-now"]
        );
    }
}
