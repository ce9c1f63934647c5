//! Requests to servers. Every call waits; those who call live on threads of their own.

mod tls;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use millstream_core::{Error, Result, codes};
use ureq::Agent;
use ureq::http::Method;

use super::options::{EsOptions, Login};
use super::outcome::{self, Request};
use super::reply::ServerError;
use super::servers::{Next, Server, Turn};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// No answer is larger.
const LARGEST_ANSWER: u64 = 256 * 1024 * 1024;
/// What several lines of JSON are.
pub(super) const LINES: &str = "application/x-ndjson";
/// What one value of JSON is.
pub(super) const JSON: &str = "application/json";

/// A way to the servers, one of which is asked until it fails.
pub(super) struct Client {
    agent: Agent,
    options: Arc<EsOptions>,
    login: Option<String>,
    turn: Turn,
    packed: Vec<u8>,
}

/// What a server has answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// Why there is no answer that is of use.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A server does not let us: somebody has to do something about it.
    Denied(Denied),
    /// No server can be asked, or none answers what is wanted.
    Failed(Error),
}

/// A server does not let us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denied {
    status: u16,
    /// In words.
    pub(super) why: String,
}

impl Denied {
    /// Whether it is known who we are, so that a right is missing and others may be there.
    pub(super) const fn is_of_a_right(&self) -> bool {
        self.status == 403
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Trouble {
    /// The error that it is to who does not wait.
    pub(super) fn error(self, options: &EsOptions) -> Error {
        match self {
            Self::Denied(Denied { why, .. }) => denied(options, &why),
            Self::Failed(error) => error,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) method: &'a Method,
    /// Begins with `/`.
    pub(super) path: &'a str,
    /// What it is, and the bytes.
    pub(super) body: Option<(&'static str, &'a [u8])>,
}

impl<'a> Question<'a> {
    /// What is read at a path.
    pub(super) const fn get(path: &'a str) -> Self {
        Self {
            method: &Method::GET,
            path,
            body: None,
        }
    }

    /// What is asked with a body of JSON.
    pub(super) const fn json(method: &'a Method, path: &'a str, body: &'a [u8]) -> Self {
        Self {
            method,
            path,
            body: Some((JSON, body)),
        }
    }
}

impl Client {
    /// For the asker with this number. Asks nobody.
    ///
    /// # Errors
    /// The certificates can't be read.
    pub(super) fn new(options: &Arc<EsOptions>, who: usize) -> Result<Self> {
        let builder = Agent::config_builder()
            .http_status_as_error(false)
            // A proxy for the web is none for servers of one's own.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("millstream/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_send_body(Some(options.timeout))
            .timeout_recv_response(Some(options.timeout))
            .timeout_recv_body(Some(options.timeout));
        let builder = match options.servers.iter().any(Server::is_tls) {
            true => builder.tls_config(tls::config(options.ca.as_deref())?),
            false => builder,
        };
        let login = match &options.login {
            Login::None => None,
            Login::Basic { user, password } => {
                let both = STANDARD.encode(format!("{user}:{password}"));
                Some(format!("Basic {both}"))
            }
            Login::ApiKey(key) if key.contains(':') => {
                Some(format!("ApiKey {}", STANDARD.encode(key)))
            }
            Login::ApiKey(key) => Some(format!("ApiKey {key}")),
            Login::Bearer(token) => Some(format!("Bearer {token}")),
        };
        Ok(Self {
            agent: builder.build().new_agent(),
            turn: Turn::new(options.servers.len(), who),
            options: Arc::clone(options),
            login,
            packed: Vec::new(),
        })
    }

    /// Asks the server whose turn it is.
    ///
    /// # Errors
    /// There is no answer, in words; it may have done what it was asked for.
    pub(super) fn ask(&mut self, question: Question<'_>) -> std::result::Result<Answer, String> {
        let number = self.turn.current();
        self.ask_server(number, question)
    }

    /// Asks the server with this number.
    ///
    /// # Errors
    /// Those of [`ask`](Self::ask).
    pub(super) fn ask_server(
        &mut self,
        number: usize,
        question: Question<'_>,
    ) -> std::result::Result<Answer, String> {
        let Some(server) = self.options.servers.get(number) else {
            return Err("there is no server".to_owned());
        };
        let mut request = ureq::http::Request::builder()
            .method(question.method)
            .uri(server.url(question.path));
        if let Some(login) = &self.login {
            request = request.header("authorization", login);
        }
        let mut sent: &[u8] = &[];
        if let Some((content, body)) = question.body {
            request = request.header("content-type", content);
            sent = body;
            if self.options.gzip {
                self.packed.clear();
                pack(body, &mut self.packed).map_err(|error| error.to_string())?;
                request = request.header("content-encoding", "gzip");
                sent = &self.packed;
            }
        }
        let away = |error: &dyn std::fmt::Display| format!("{server}: {error}");
        let response = match question.body {
            Some(_) => {
                let request = request.body(sent).map_err(|error| away(&error))?;
                self.agent.run(request)
            }
            None => {
                let request = request.body(()).map_err(|error| away(&error))?;
                self.agent.run(request)
            }
        };
        let mut response = response.map_err(|error| away(&error))?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(LARGEST_ANSWER);
        let body = body.read_to_vec();
        let body = body.map_err(|error| format!("{server}: its answer was cut off: {error}"))?;
        Ok(Answer { status, body })
    }

    /// The server whose turn it is has answered.
    pub(super) fn answered(&mut self) {
        self.turn.answered();
    }

    /// It has answered, and the next one is asked.
    pub(super) fn pass_on(&mut self) {
        self.turn.pass_on();
    }

    /// It has not, or can't at present.
    pub(super) fn failed(&mut self) -> Next {
        self.turn.failed()
    }

    /// Asks one server after the other, each once, until one answers that can.
    ///
    /// # Errors
    /// None can, or one does not let us ([`codes::SINK_ELASTICSEARCH`]).
    pub(super) fn ask_any(&mut self, question: Question<'_>) -> Result<Answer> {
        let answer = self.try_any(question);
        answer.map_err(|trouble| trouble.error(&self.options))
    }

    /// The same for who waits where it is not let.
    ///
    /// # Errors
    /// None can, or one does not let us.
    pub(super) fn try_any(
        &mut self,
        question: Question<'_>,
    ) -> std::result::Result<Answer, Trouble> {
        loop {
            let why = match self.ask(question) {
                Ok(answer) => {
                    let error = ServerError::of_request(&answer.body);
                    match outcome::of_request(answer.status, &error) {
                        // What answers is not what was meant: who asks says so.
                        Request::Again(why) if answer.status != 400 => why,
                        Request::Paused(why) => {
                            self.turn.answered();
                            let status = answer.status;
                            return Err(Trouble::Denied(Denied { status, why }));
                        }
                        Request::Read
                        | Request::Again(_)
                        | Request::Split(_)
                        | Request::Impossible(_) => {
                            self.turn.answered();
                            return Ok(answer);
                        }
                    }
                }
                Err(why) => why,
            };
            if self.turn.failed() == Next::Wait {
                return Err(unreachable(&why).into());
            }
        }
    }
}

/// The error where no server can be asked.
pub(super) fn unreachable(why: &str) -> Error {
    let message = format!("no server of Elasticsearch can be asked: {why}");
    Error::new(&codes::SINK_ELASTICSEARCH, message)
        .next("see that one of sink.es.server runs and can be reached from here; the job goes on where it was")
}

/// The error where a server does not let us.
pub(super) fn denied(options: &EsOptions, why: &str) -> Error {
    let message = format!("Elasticsearch refuses ({}): {why}", options.login.shown());
    Error::new(&codes::SINK_ELASTICSEARCH, message)
        .next("correct sink.es.username, sink.es.api-key or sink.es.token, or what the index and its rights say; the job goes on where it was")
}

fn pack(body: &[u8], packed: &mut Vec<u8>) -> std::io::Result<()> {
    let mut encoder = GzEncoder::new(packed, Compression::fast());
    encoder.write_all(body)?;
    encoder.finish().map(drop)
}
