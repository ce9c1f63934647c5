//! The packages of the workspace and what they depend on, as cargo sees them.

use std::process::Command;

use serde_json::Value;

use crate::files::root;

/// A package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder, from the root of the repository.
    pub folder: String,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
}

/// Something that a package depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The name of the other package.
    pub name: String,
    /// Whether only tests, examples and benchmarks need it.
    pub for_tests: bool,
}

/// The packages of the workspace, from `cargo metadata`.
///
/// # Errors
/// Says why cargo could not tell.
pub fn packages() -> Result<Vec<Package>, String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root())
        .output()
        .map_err(|error| format!("cargo can't be started: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata is no JSON: {error}"))?;
    let top = text(&metadata, "workspace_root")?;
    array(&metadata, "packages")?
        .iter()
        .map(|package| read_package(package, top))
        .collect()
}

fn read_package(package: &Value, top: &str) -> Result<Package, String> {
    let manifest = text(package, "manifest_path")?;
    let folder = manifest
        .trim_end_matches("/Cargo.toml")
        .trim_start_matches(top);
    let dependencies = array(package, "dependencies")?.iter().map(|dependency| {
        let kind = dependency.get("kind").and_then(Value::as_str);
        Ok(Dependency {
            name: text(dependency, "name")?.to_owned(),
            for_tests: kind == Some("dev"),
        })
    });
    Ok(Package {
        name: text(package, "name")?.to_owned(),
        folder: folder.trim_start_matches('/').to_owned(),
        dependencies: dependencies.collect::<Result<_, String>>()?,
    })
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, String> {
    value
        .get(field)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("cargo metadata has no text `{field}`"))
}

fn array<'a>(value: &'a Value, field: &str) -> Result<&'a Vec<Value>, String> {
    value
        .get(field)
        .and_then(Value::as_array)
        .ok_or_else(|| format!("cargo metadata has no list `{field}`"))
}
