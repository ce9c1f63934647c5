//! Uploads that were begun and neither completed nor aborted. The library can't list them, so this is a request of our own, signed
//! by it.

use std::sync::Arc;

use http::Method;
use millstream_core::address;
use object_store::aws::AwsAuthorizer;
use object_store::client::{HttpConnector, HttpRequest, HttpRequestBody, ReqwestConnector};
use serde::Deserialize;

use crate::error::{StoreError, Trouble};
use crate::retry::client;
use crate::store::{Bucket, Store};

/// An upload that was begun and neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The key of the object that it would become.
    pub key: String,
    /// Its id.
    pub upload: String,
}

/// Pages of a listing at most: what is beyond is left for the next time.
const PAGES: usize = 100;
/// Uploads on a page: as many as AWS tells of.
const ON_A_PAGE: usize = 1_000;
/// How often a page is asked for.
const TRIES: usize = 3;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    next_key_marker: Option<String>,
    #[serde(default)]
    next_upload_id_marker: Option<String>,
    #[serde(default, rename = "Upload")]
    uploads: Vec<Upload>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    key: String,
    upload_id: String,
}

/// Where a page begins, as the one before it says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Markers {
    key: Option<String>,
    upload: Option<String>,
}

impl Page {
    /// Where the next one begins; `None`: this is the last. There are stores that name no upload to go on behind, and others that
    /// name nothing else.
    fn rest(&self) -> Option<Markers> {
        let named = |marker: &Option<String>| marker.clone().filter(|text| !text.is_empty());
        let (key, upload) = (
            named(&self.next_key_marker),
            named(&self.next_upload_id_marker),
        );
        let is_named = key.is_some() || upload.is_some();
        (self.is_truncated && is_named).then_some(Markers { key, upload })
    }
}

impl Store {
    /// The uploads of objects whose keys begin with `prefix`.
    ///
    /// # Errors
    /// The store does not tell.
    pub fn unfinished(&self, prefix: &str) -> Result<Vec<Unfinished>, StoreError> {
        let (bucket, prefix) = (Arc::clone(self.bucket()), prefix.to_owned());
        let runtime = self.bucket().runtime.clone();
        runtime.wait(async move {
            let mut all = Vec::new();
            let mut markers = None;
            for _ in 0..PAGES {
                let page = page(&bucket, &prefix, markers.as_ref()).await?;
                let rest = page.rest();
                let found = page.uploads.into_iter().map(|upload| Unfinished {
                    key: upload.key.trim_start_matches('/').to_owned(),
                    upload: upload.upload_id,
                });
                all.extend(found.filter(|upload| upload.key.starts_with(&prefix)));
                // A store that does not go on from there would tell the same for ever.
                if rest.is_none() || rest == markers {
                    break;
                }
                markers = rest;
            }
            Ok(all)
        })
    }
}

async fn page(
    bucket: &Bucket,
    prefix: &str,
    markers: Option<&Markers>,
) -> Result<Page, StoreError> {
    let mut query = format!(
        "uploads=&max-uploads={ON_A_PAGE}&prefix={}",
        address::piece(prefix)
    );
    if let Some(key) = markers.and_then(|markers| markers.key.as_deref()) {
        query.push_str(&format!("&key-marker={}", address::piece(key)));
    }
    if let Some(upload) = markers.and_then(|markers| markers.upload.as_deref()) {
        query.push_str(&format!("&upload-id-marker={}", address::piece(upload)));
    }
    let url = format!("{}?{query}", bucket.url);
    let mut tries = 0;
    let body = loop {
        tries += 1;
        match get(bucket, &url).await {
            Err(error) if error.trouble() == Trouble::Unreachable && tries < TRIES => {}
            answer => break answer?,
        }
    };
    quick_xml::de::from_str(&body).map_err(|error| {
        let what = format!("the store's list of uploads makes no sense: {error}");
        StoreError::new(Trouble::Refused, what)
    })
}

async fn get(bucket: &Bucket, url: &str) -> Result<String, StoreError> {
    let broken = |error: &dyn std::fmt::Display| {
        StoreError::new(Trouble::Refused, format!("no request can be made: {error}"))
    };
    let mut request: HttpRequest = http::Request::builder()
        .method(Method::GET)
        .uri(url)
        .body(HttpRequestBody::empty())
        .map_err(|error| broken(&error))?;
    let credential = bucket.s3.credentials().get_credential().await?;
    AwsAuthorizer::new(&credential, "s3", &bucket.region).authorize(&mut request, None);
    let client = ReqwestConnector::default().connect(&client(bucket.allows_http))?;
    let away = |error: object_store::client::HttpError| {
        StoreError::new(Trouble::Unreachable, error.to_string())
    };
    let response = client.execute(request).await.map_err(away)?;
    let status = response.status();
    let body = response.into_body().bytes().await.map_err(away)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    if status.is_success() {
        Ok(body)
    } else {
        Err(StoreError::from_status(status.as_u16(), &body))
    }
}

#[cfg(test)]
mod tests {
    use super::{Markers, Page};

    #[test]
    fn a_list_of_uploads_is_read() {
        let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
            <ListMultipartUploadsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>b</Bucket>\
            <KeyMarker/><IsTruncated>true</IsTruncated><NextKeyMarker>out/b</NextKeyMarker>\
            <NextUploadIdMarker>2</NextUploadIdMarker>\
            <Upload><Key>out/a&amp;b</Key><UploadId>1</UploadId><StorageClass>STANDARD</StorageClass></Upload>\
            <Upload><Key>out/b</Key><UploadId>2</UploadId></Upload></ListMultipartUploadsResult>";
        let page: Page = quick_xml::de::from_str(xml).expect("it is one");
        let keys: Vec<&str> = page
            .uploads
            .iter()
            .map(|upload| upload.key.as_str())
            .collect();
        assert_eq!(keys, ["out/a&b", "out/b"]);
        assert_eq!(page.rest(), markers(Some("out/b"), Some("2")));
        let none = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";
        let page: Page = quick_xml::de::from_str(none).expect("it is one");
        assert!(page.uploads.is_empty());
        assert_eq!(page.rest(), None);
    }

    fn markers(key: Option<&str>, upload: Option<&str>) -> Option<Markers> {
        let (key, upload) = (key.map(str::to_owned), upload.map(str::to_owned));
        Some(Markers { key, upload })
    }

    #[test]
    fn a_store_may_name_a_key_or_an_upload_alone_to_go_on_behind() {
        let rest = |markers: &str| {
            let xml = format!(
                "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>{markers}</ListMultipartUploadsResult>"
            );
            let page: Page = quick_xml::de::from_str(&xml).expect("it is one");
            page.rest()
        };
        let key = "<NextKeyMarker>out/b</NextKeyMarker>";
        let upload = "<NextUploadIdMarker>2</NextUploadIdMarker>";
        assert_eq!(rest(key), markers(Some("out/b"), None));
        let without = format!("{key}<NextUploadIdMarker/>");
        assert_eq!(rest(&without), markers(Some("out/b"), None));
        assert_eq!(rest(upload), markers(None, Some("2")));
        assert_eq!(rest(""), None);
    }
}
