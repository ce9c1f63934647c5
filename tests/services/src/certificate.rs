//! Certificates of servers, which vouch for themselves.

use std::path::Path;
use std::process::Command;

use crate::{Doing, Failure, Result};

/// Makes a key and a certificate of this machine in a store of Java, and writes the certificate in PEM.
///
/// # Errors
/// The tool that comes with Java is not there or refuses.
pub(crate) fn own_certificate(store: &Path, certificate: &Path, password: &str) -> Result<()> {
    let (at, into) = (
        store.display().to_string(),
        certificate.display().to_string(),
    );
    let own = ["-alias", "server", "-keystore", &at, "-storepass", password];
    let mut make = vec!["-genkeypair", "-keyalg", "RSA", "-validity", "3650"];
    make.extend(["-storetype", "PKCS12", "-dname", "CN=localhost"]);
    make.extend(["-ext", "san=ip:127.0.0.1,dns:localhost"]);
    make.extend(own);
    keytool(&make)?;
    let mut export = vec!["-exportcert", "-rfc", "-file", &into];
    export.extend(own);
    keytool(&export)
}

/// Runs the tool that comes with Java.
fn keytool(arguments: &[&str]) -> Result<()> {
    let output = Command::new("keytool")
        .args(arguments)
        .output()
        .doing(|| "run keytool (scripts/setup test installs it)".to_owned())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    Err(Failure::new(format!("keytool: {said}")))
}
