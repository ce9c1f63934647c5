//! The server, as the command sees it: REST over blocking HTTP, with errors in the server's own words.

mod address;
mod encryption;
mod errors;
mod tls;
mod upload;

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use millstream_core::{Configuration, Error, Result, codes};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::Response;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, TcpConnector};
use ureq::{Body, RequestBuilder};

pub(crate) use address::Address;

/// Connecting takes no longer, so that an address without a server is told within a second.
const CONNECT: Duration = Duration::from_millis(900);
/// An answer is waited for at least so long, however short `client.timeout` is: that limits how long operations are waited for,
/// and a server may have much to do.
const LEAST_PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer that is read whole: the plan of a very large job.
const LARGEST_ANSWER: u64 = 256 * 1024 * 1024;
/// The environment variable that holds the token.
pub(crate) const TOKEN_VARIABLE: &str = "MILLSTREAM_TOKEN";

/// A server that can be asked.
pub(crate) struct Client {
    agent: Agent,
    address: Address,
    token: Option<String>,
}

impl Client {
    /// The server at `address`. Nothing is sent yet.
    ///
    /// # Errors
    /// The certificates for TLS can't be read ([`codes::CONFIG_FILE`]).
    pub(crate) fn new(
        address: Address,
        configuration: &Configuration,
        patience: Duration,
    ) -> Result<Self> {
        Self::built(address, configuration, patience.max(LEAST_PATIENCE), None)
    }

    /// The server at `address`, each of whose answers must be here whole within `limit`.
    ///
    /// # Errors
    /// Those of [`Client::new`].
    pub(crate) fn within(
        address: Address,
        configuration: &Configuration,
        limit: Duration,
    ) -> Result<Self> {
        Self::built(address, configuration, limit, Some(limit))
    }

    fn built(
        address: Address,
        configuration: &Configuration,
        patience: Duration,
        whole: Option<Duration>,
    ) -> Result<Self> {
        let builder = Agent::config_builder()
            .http_status_as_error(false)
            // A proxy for the web is none for a server of one's own.
            .proxy(None)
            .user_agent(concat!("millstream/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(patience))
            .timeout_global(whole);
        let agent = if address.is_tls() {
            let encryption = encryption::Encryption(tls::config(configuration)?);
            let connector = ().chain(TcpConnector::default()).chain(encryption);
            Agent::with_parts(builder.build(), connector, DefaultResolver::default())
        } else {
            builder.build().new_agent()
        };
        let token = std::env::var(TOKEN_VARIABLE)
            .ok()
            // An empty one is as good as none: it hides nothing.
            .filter(|token| !token.is_empty())
            .or_else(|| configuration.text(TOKEN_KEY).map(str::to_owned))
            .filter(|token| !token.is_empty());
        Ok(Self {
            agent,
            address,
            token,
        })
    }

    /// Where the server is.
    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }

    /// The answer to `GET path`.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let request = self.agent.get(self.address.url(path));
        let response = self.with_token(request).call();
        self.answer(path, response)
    }

    /// The answer to `POST path` with a body of JSON, where it does no harm to ask twice.
    pub(crate) fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let request = self.agent.post(self.address.url(path));
        let response = self.with_token(request).send_json(body);
        self.answer(path, response)
    }

    /// The answer to `PATCH path` with a body of JSON, where it does no harm to ask twice.
    pub(crate) fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        let request = self.agent.patch(self.address.url(path));
        let response = self.with_token(request).send_json(body);
        self.answer(path, response)
    }

    /// The answer to `POST path` with a body of JSON; `None`: it was lost, and the server may have heard of it or not.
    pub(crate) fn post_or_lose<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Option<T>> {
        let request = self.agent.post(self.address.url(path));
        let response = self.with_token(request).send_json(body);
        self.answer_or_loss(path, response)
    }

    /// The answer to `PATCH path`; `None`: it was lost, as for [`Self::post_or_lose`].
    pub(crate) fn patch_or_lose<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        let request = self.agent.patch(self.address.url(path));
        let response = self.with_token(request).send_empty();
        self.answer_or_loss(path, response)
    }

    /// The answer to `DELETE path`.
    pub(crate) fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let request = self.agent.delete(self.address.url(path));
        let response = self.with_token(request).call();
        self.answer(path, response)
    }

    /// Sends the executable at `file` as a package.
    pub(crate) fn upload<T: DeserializeOwned>(&self, path: &str, file: &Path) -> Result<T> {
        let form = upload::Form::open(file)?;
        let request = self.agent.post(self.address.url(path));
        let request = self
            .with_token(request)
            .content_type(form.content_type())
            .header("content-length", form.length().to_string());
        let mut reader = form.into_reader();
        let response = request.send(ureq::SendBody::from_reader(&mut reader));
        self.answer(path, response)
    }

    /// The text at `path` from byte `from` on; `None`: there is none behind `from` (yet, or no more).
    pub(crate) fn text_from(&self, path: &str, from: u64) -> Result<Option<Box<dyn Read>>> {
        let request = self.agent.get(self.address.url(path));
        let mut request = self.with_token(request);
        if from > 0 {
            request = request.header("range", format!("bytes={from}-"));
        }
        let response = request
            .call()
            .map_err(|error| errors::of_transport(&error, &self.address))?;
        if response.status().as_u16() == 416 {
            return Ok(None);
        }
        let response = self.successful(path, response)?;
        Ok(Some(Box::new(response.into_body().into_reader())))
    }

    fn with_token<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn answer<T: DeserializeOwned>(
        &self,
        path: &str,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<T> {
        let response = response.map_err(|error| errors::of_transport(&error, &self.address))?;
        let mut response = self.successful(path, response)?;
        let body = response.body_mut().with_config().limit(LARGEST_ANSWER);
        // As a whole: what is taken from a reader is taken byte by byte, which is most of the time of a long list.
        let text = body
            .read_to_vec()
            .map_err(|cause| self.not_understood(path).cause(cause))?;
        serde_json::from_slice(&text).map_err(|cause| self.not_understood(path).cause(cause))
    }

    fn answer_or_loss<T: DeserializeOwned>(
        &self,
        path: &str,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<Option<T>> {
        match response {
            Err(error) if errors::may_have_arrived(&error) => Ok(None),
            response => self.answer(path, response).map(Some),
        }
    }

    /// `response` unless it is an error.
    fn successful(&self, path: &str, mut response: Response<Body>) -> Result<Response<Body>> {
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(response);
        }
        let text = response.body_mut().read_to_string().unwrap_or_default();
        Err(errors::of_answer(status, &text)
            .unwrap_or_else(|| self.not_understood(path).cause(format!("status {status}"))))
    }

    fn not_understood(&self, path: &str) -> Error {
        let message = format!(
            "what answers {path} at {} is not a Millstream server of this version",
            self.address
        );
        Error::new(&codes::SERVER_ANSWER, message)
            .next("check the address; `millstream doctor` compares versions")
    }
}

/// The option that holds the token.
const TOKEN_KEY: &str = "rest.auth.token";
