//! A client of HiveServer2 that executes statements one after the other, and is no part of what is tested.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use millstream_hive_thrift::thrift::protocol::{
    TBinaryInputProtocol, TBinaryOutputProtocol, TFieldIdentifier, TInputProtocol,
    TMessageIdentifier, TMessageType, TOutputProtocol, TSerializable, TStructIdentifier, TType,
};
use millstream_hive_thrift::{
    TExecuteStatementReq, TExecuteStatementResp, TOpenSessionReq, TOpenSessionResp,
    TProtocolVersion, TStatus, TStatusCode, thrift,
};

use crate::{Doing, Failure, Result};

/// How long a statement may take.
const PATIENCE: Duration = Duration::from_secs(240);

/// A server, and how it is spoken with.
pub(super) enum Server {
    /// At an address, where any user and password will do.
    Plain(String),
    /// Over HTTP, by a program that knows Kerberos.
    Kerberos {
        /// Host and port.
        address: String,
        /// Where the KDC is.
        configuration: PathBuf,
        /// Whose tickets are shown.
        keytab: PathBuf,
    },
}

/// Executes statements by a server that asks who is there.
///
/// # Errors
/// It refuses one of them.
pub(super) fn execute(server: &Server, statements: &[&str]) -> Result<()> {
    let mut connection = match server {
        Server::Plain(address) => Connection::Socket(log_in(address)?),
        Server::Kerberos { .. } => Connection::Http(server),
    };
    let request = TOpenSessionReq::new(
        TProtocolVersion::HIVE_CLI_SERVICE_PROTOCOL_V7,
        "test".to_owned(),
        "test".to_owned(),
        None,
    );
    let opened: TOpenSessionResp = connection.call("OpenSession", &request)?;
    well("open a session", &opened.status)?;
    let session = opened.session_handle;
    let session = session.ok_or_else(|| Failure::new("HiveServer2 opens no session"))?;
    for statement in statements {
        let request =
            TExecuteStatementReq::new(session.clone(), (*statement).to_owned(), None, false);
        let executed: TExecuteStatementResp = connection.call("ExecuteStatement", &request)?;
        well(statement, &executed.status)?;
    }
    Ok(())
}

fn well(doing: &str, status: &TStatus) -> Result<()> {
    let well = [
        TStatusCode::SUCCESS_STATUS,
        TStatusCode::SUCCESS_WITH_INFO_STATUS,
    ];
    if well.contains(&status.status_code) {
        return Ok(());
    }
    let said = status
        .error_message
        .as_deref()
        .unwrap_or("no reason is told");
    Err(Failure::new(format!("{doing}: {said}")))
}

/// How messages get there.
enum Connection<'a> {
    Socket(TcpStream),
    Http(&'a Server),
}

fn log_in(address: &str) -> Result<TcpStream> {
    let doing = || format!("log in to HiveServer2 at {address}");
    let mut stream = TcpStream::connect(address).doing(doing)?;
    stream.set_read_timeout(Some(PATIENCE)).doing(doing)?;
    let mut message = Vec::new();
    for (status, payload) in [(1, &b"PLAIN"[..]), (2, b"\0test\0test")] {
        message.push(status);
        message.extend((payload.len() as u32).to_be_bytes());
        message.extend(payload);
    }
    stream.write_all(&message).doing(doing)?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).doing(doing)?;
    match answer {
        [5, 0, 0, 0, 0] => Ok(stream),
        other => Err(Failure::new(format!("{}: it answers {other:?}", doing()))),
    }
}

impl Connection<'_> {
    fn call<R: TSerializable>(&mut self, name: &str, request: &impl TSerializable) -> Result<R> {
        let doing = || format!("call {name} of HiveServer2");
        let message = encoded(name, request).doing(doing)?;
        let answer = match self {
            Self::Socket(stream) => framed(stream, &message).doing(doing)?,
            Self::Http(server) => posted(server, &message)?,
        };
        let answer = decoded(&answer).doing(doing)?;
        answer.ok_or_else(|| Failure::new(format!("{}: it answers nothing", doing())))
    }
}

fn framed(stream: &mut TcpStream, message: &[u8]) -> std::io::Result<Vec<u8>> {
    let length = (message.len() as u32).to_be_bytes();
    stream.write_all(&[&length[..], message].concat())?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

fn posted(server: &Server, message: &[u8]) -> Result<Vec<u8>> {
    let Server::Kerberos {
        address,
        configuration,
        keytab,
    } = server
    else {
        return Err(Failure::new("the server is not asked over HTTP"));
    };
    let doing = || "run curl (scripts/setup test installs it)".to_owned();
    let mut curl = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--fail",
            "--negotiate",
            "-u",
            ":",
        ])
        .args(["-H", "Content-Type: application/x-thrift", "-H", "Expect:"])
        .args(["--data-binary", "@-"])
        .arg(format!("http://{address}/cliservice"))
        .env("KRB5_CONFIG", configuration)
        .env("KRB5_CLIENT_KTNAME", keytab)
        .env("KRB5CCNAME", "MEMORY:client")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .doing(doing)?;
    if let Some(mut stdin) = curl.stdin.take() {
        stdin.write_all(message).doing(doing)?;
    }
    let output = curl.wait_with_output().doing(doing)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("HiveServer2 at {address}: {said}")))
}

fn encoded(name: &str, request: &impl TSerializable) -> thrift::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut output = TBinaryOutputProtocol::new(&mut bytes, true);
    output.write_message_begin(&TMessageIdentifier::new(name, TMessageType::Call, 1))?;
    output.write_struct_begin(&TStructIdentifier::new("arguments"))?;
    output.write_field_begin(&TFieldIdentifier::new("req", TType::Struct, 1))?;
    request.write_to_out_protocol(&mut output)?;
    output.write_field_stop()?;
    Ok(bytes)
}

fn decoded<R: TSerializable>(bytes: &[u8]) -> thrift::Result<Option<R>> {
    let mut input = TBinaryInputProtocol::new(bytes, true);
    let head = input.read_message_begin()?;
    if head.message_type == TMessageType::Exception {
        let error = thrift::Error::read_application_error_from_in_protocol(&mut input)?;
        return Err(error.into());
    }
    input.read_struct_begin()?;
    let field = input.read_field_begin()?;
    match field.field_type {
        TType::Struct => R::read_from_in_protocol(&mut input).map(Some),
        _ => Ok(None),
    }
}
