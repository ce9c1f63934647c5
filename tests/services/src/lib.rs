//! Real services for tests.
//!
//! A test that needs a service starts it from here, on ports of 127.0.0.1 that are free, with its data in a temporary
//! directory. What it is made of comes from Maven Central or PyPI once, and lies in a cache outside the checkout. A service that
//! can't be started is an error that says what to do: no test passes because its service was not there.
//!
//! A service ends with the process that started it, however that ends.

mod certificate;
mod keeper;
mod maven;
mod wait;
mod wheel;

pub mod elasticsearch;
pub mod hdfs;
pub mod hive;
pub mod java;
pub mod kafka;
pub mod kdc;
pub mod orc;
pub mod seaweed;

use std::fmt;

/// Why a service can't be started or asked.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// What comes of asking a service.
pub type Result<T> = std::result::Result<T, Failure>;

/// Says what was being done when an error came.
trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: fmt::Display> Doing<T> for std::result::Result<T, E> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Failure(format!("{}: {error}", what())))
    }
}
