//! Every relative link in a Markdown document leads to a file of the repository, and to a heading where it names one.

use std::fs;
use std::path::Path;

use millstream_house::documents::{anchors, links};
use millstream_house::files::{root, text_files};

#[test]
fn every_relative_link_resolves() {
    let mut broken = Vec::new();
    let mut seen = 0;
    for document in text_files(&root()).expect("the repository can be read") {
        if !document.path.ends_with(".md") {
            continue;
        }
        for link in links(&document.text)
            .into_iter()
            .filter(|link| is_relative(link))
        {
            seen += 1;
            if !resolves(&document.path, &document.text, &link) {
                broken.push(format!("{} -> {link}", document.path));
            }
        }
    }
    assert!(seen > 20, "only {seen} links found");
    assert!(broken.is_empty(), "{broken:#?}");
}

fn is_relative(link: &str) -> bool {
    !["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| link.starts_with(scheme))
}

fn resolves(document: &str, text: &str, link: &str) -> bool {
    let (path, heading) = link
        .split_once('#')
        .map_or((link, None), |(path, heading)| (path, Some(heading)));
    if path.is_empty() {
        return heading.is_some_and(|heading| anchors(text).iter().any(|anchor| anchor == heading));
    }
    let folder = Path::new(document)
        .parent()
        .unwrap_or_else(|| Path::new(""));
    let target = root().join(folder).join(path);
    match heading {
        None => target.exists(),
        Some(heading) => {
            let text = fs::read_to_string(&target).unwrap_or_default();
            anchors(&text).iter().any(|anchor| anchor == heading)
        }
    }
}

#[test]
fn every_decision_is_on_the_list() {
    let folder = root().join("docs/decisions");
    let list = fs::read_to_string(folder.join("README.md")).expect("there is a list of decisions");
    let mut missing = Vec::new();
    for entry in fs::read_dir(&folder).expect("decisions can be listed") {
        let name = entry
            .expect("a decision")
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name != "README.md" && !list.contains(&format!("]({name})")) {
            missing.push(name);
        }
    }
    assert!(
        missing.is_empty(),
        "not in docs/decisions/README.md: {missing:?}"
    );
}
