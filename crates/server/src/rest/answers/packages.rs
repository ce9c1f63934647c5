//! Job packages, which Flink calls jars.

use serde::Serialize;
use utoipa::ToSchema;

use crate::views::PackageView;

/// The packages that there are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JarListInfo {
    address: String,
    files: Vec<JarFileInfo>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct JarFileInfo {
    id: String,
    name: String,
    uploaded: u64,
    entry: Vec<JarEntryInfo>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct JarEntryInfo {
    name: String,
    description: Option<String>,
    parameters: Vec<JarParameterInfo>,
}

/// A parameter of an entry class, given as `--name value`.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct JarParameterInfo {
    name: String,
    meaning: String,
    default: Option<String>,
}

impl JarListInfo {
    /// The list of `packages` at the server at `address`, newest first.
    pub(crate) fn of(address: String, packages: &[PackageView]) -> Self {
        let mut files: Vec<_> = packages.iter().map(JarFileInfo::of).collect();
        files.sort_by_key(|file| std::cmp::Reverse(file.uploaded));
        Self { address, files }
    }
}

impl JarFileInfo {
    fn of(package: &PackageView) -> Self {
        let entry = package.entries.iter().map(|entry| JarEntryInfo {
            name: entry.name.clone(),
            description: Some(entry.description.clone()).filter(|text| !text.is_empty()),
            parameters: entry
                .parameters
                .iter()
                .map(|parameter| JarParameterInfo {
                    name: parameter.name.clone(),
                    meaning: parameter.meaning.clone(),
                    default: parameter.default.clone(),
                })
                .collect(),
        });
        Self {
            id: package.id.clone(),
            name: package.name.clone(),
            uploaded: package.uploaded,
            entry: entry.collect(),
        }
    }
}

/// A package that was uploaded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JarUploadResponse {
    /// Its path; the part behind the last `/` is its id.
    filename: String,
    status: &'static str,
}

impl JarUploadResponse {
    /// The answer that `package` is there.
    pub(crate) fn of(package: &PackageView) -> Self {
        let filename = match &package.path {
            Some(path) => path.display().to_string(),
            None => package.id.clone(),
        };
        Self {
            filename,
            status: "success",
        }
    }
}

/// A job that was submitted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JarRunResponse {
    jobid: String,
    /// The same id: here a job is an application of its own.
    #[serde(rename = "applicationId")]
    application_id: String,
}

impl JarRunResponse {
    /// The answer that `job` runs.
    pub(crate) fn of(job: millstream_core::JobId) -> Self {
        Self {
            jobid: job.to_string(),
            application_id: job.to_string(),
        }
    }
}
