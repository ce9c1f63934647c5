//! What a request to run or to plan a job asks for, and what is wrong with it: all of that is told at once.

use millstream_core::{Error, ErrorKind, JobId};

use crate::packages::BUILT_IN;
use crate::registry::Registry;
use crate::rest::body::{Body, Given};
use crate::rest::errors::{Answer, Problems, RestError};
use crate::views::SubmitRequest;

/// What is asked for, as far as it can be read, and what is wrong with the rest.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(super) request: SubmitRequest,
    pub(super) problems: Problems,
    /// Whether the arguments are all those that were given, so that the program can be asked about them.
    are_arguments_known: bool,
}

impl Asked {
    /// What a body says, without what is wrong with it.
    pub(super) fn body<T: Default>(&mut self, body: Given<T>) -> T {
        match body.map(Body::inner) {
            Ok(body) => {
                self.are_arguments_known = true;
                body
            }
            Err(misread) => {
                // `programArgsList`, too.
                self.are_arguments_known =
                    misread.rest.is_some() && !misread.is_about("programArgs");
                self.problems.tell(misread.error);
                misread.rest.unwrap_or_default()
            }
        }
    }

    /// The arguments; none where they can't be read.
    pub(super) fn arguments(&mut self, arguments: Answer<Vec<String>>) -> Vec<String> {
        self.are_arguments_known &= arguments.is_ok();
        self.problems.value_of(arguments)
    }

    /// The id that the job is to have; `None`: a new one.
    pub(super) fn job(&self) -> Option<JobId> {
        self.request.job
    }

    /// Refuses it with `error` where nothing else is wrong so far; else `error` is told with what is.
    pub(super) fn refuse(&mut self, error: RestError) -> Answer<()> {
        if self.problems.is_empty() {
            return Err(error);
        }
        self.problems.add(error);
        Ok(())
    }

    /// The request, if it can be read. Nobody looks whether there is such a package.
    pub(super) fn by_itself(self) -> Answer<SubmitRequest> {
        self.problems.unless(self.request)
    }

    /// The request, if it can be read, if there are its package, its entry class and the snapshot that it names, and if its settings
    /// are those of a job. Of one that is refused the built-in package is asked what is wrong with the rest.
    pub(crate) async fn checked(self, registry: &Registry) -> Answer<SubmitRequest> {
        let Self {
            mut request,
            mut problems,
            are_arguments_known,
        } = self;
        let given = request.clone();
        let told = |error| RestError::of_request(error, &given);
        if let Err(error) = registry.check_package(&request) {
            problems.add(told(error));
            request.entry = None;
        }
        let (refused, rest) = registry.refused_beforehand(&request.configuration).await;
        // What is away may be back when its process looks, which alone can tell of the arguments of an uploaded package.
        let may_pass = |error: &Error| error.kind() == ErrorKind::Unavailable;
        let is_left_to_process = request.package != BUILT_IN && refused.iter().all(may_pass);
        if !problems.is_empty() || !is_left_to_process {
            for error in refused {
                problems.add(told(error));
            }
            request.configuration = rest;
        }
        if problems.is_empty() {
            return Ok(request);
        }
        if are_arguments_known && let Some(error) = registry.refused_by_built_in(&request).await {
            problems.tell(told(error));
        }
        Err(problems.into_one())
    }
}
