//! A KDC of MIT Kerberos with a realm of its own, and keytabs.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::keeper::Keeper;
use crate::maven::free_port;
use crate::{Doing, Failure, Result, wait};

/// The realm.
pub const REALM: &str = "TEST.LOCAL";

/// How long it may take to be ready: 1 s on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A KDC, and its keytabs. Dropped: it is killed, and everything of it removed.
pub struct Kdc {
    directory: TempDir,
    port: u16,
    server: Option<Keeper>,
}

impl Kdc {
    /// Starts a KDC whose tickets live for as long as `life` says (`1h`), with principals of these names and a keytab of each.
    ///
    /// # Errors
    /// The programs of MIT Kerberos are not there, or refuse.
    pub fn start(life: &str, principals: &[&str]) -> Result<Self> {
        let directory = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
        let mut kdc = Self {
            directory,
            port: free_port()?,
            server: None,
        };
        kdc.configure(life)?;
        let create = ["create", "-s", "-r", REALM, "-P", "master"];
        kdc.tool("kdb5_util", &create, "")?;
        let made = principals.iter().map(|principal| {
            let keytab = kdc.keytab(principal);
            format!(
                "addprinc -randkey {principal}\nktadd -k {} {principal}\n",
                keytab.display()
            )
        });
        kdc.administrate(&made.collect::<String>())?;
        kdc.restart()?;
        Ok(kdc)
    }

    /// The file that says where the KDC is: what `KRB5_CONFIG` names.
    pub fn configuration(&self) -> PathBuf {
        self.directory.path().join("krb5.conf")
    }

    /// The keytab of a principal.
    pub fn keytab(&self, principal: &str) -> PathBuf {
        let name = principal.replace('/', "-");
        self.directory.path().join(format!("{name}.keytab"))
    }

    /// Where the KDC notes who asks for tickets: a line for each.
    pub fn log_file(&self) -> PathBuf {
        self.directory.path().join("kdc.log")
    }

    /// Has commands of `kadmin.local` done, one a line.
    ///
    /// # Errors
    /// It can't be run.
    pub fn administrate(&self, commands: &str) -> Result<()> {
        self.tool("kadmin.local", &[], commands)
    }

    /// Kills it. Its principals stay.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts it again.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        let log = self.directory.path().join("log");
        let [configuration, profile] = self
            .variables()
            .map(|(name, path)| format!("{name}={}", path.display()));
        let arguments = [configuration, profile, program("krb5kdc"), "-n".to_owned()];
        let server = Keeper::start("env", &arguments, &log, None)?;
        let what = format!("the KDC (process {}) to be ready", server.id());
        let port = self.port;
        wait::until(&what, PATIENCE, || {
            if server.has_ended() {
                let logged = fs::read_to_string(&log).unwrap_or_default();
                let next = "scripts/setup test installs it";
                return Err(Failure::new(format!(
                    "the KDC has ended ({next}): {logged}"
                )));
            }
            Ok(TcpStream::connect(("127.0.0.1", port)).ok().map(drop))
        })?;
        self.server = Some(server);
        Ok(())
    }

    fn variables(&self) -> [(&'static str, PathBuf); 2] {
        let profile = self.directory.path().join("kdc.conf");
        [
            ("KRB5_CONFIG", self.configuration()),
            ("KRB5_KDC_PROFILE", profile),
        ]
    }

    fn tool(&self, name: &str, arguments: &[&str], input: &str) -> Result<()> {
        let mut child = Command::new(program(name))
            .args(arguments)
            .envs(self.variables())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .doing(|| format!("run {name} (scripts/setup test installs it)"))?;
        if let Some(mut stdin) = child.stdin.take() {
            let written = stdin.write_all(input.as_bytes());
            written.doing(|| format!("write to {name}"))?;
        }
        let output = child
            .wait_with_output()
            .doing(|| format!("wait for {name}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        // What an administrator's command refuses is only told.
        let failed = said.contains("while ") && name == "kadmin.local";
        if output.status.success() && !failed {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{name} {}: {said}",
            arguments.join(" ")
        )))
    }

    fn configure(&self, life: &str) -> Result<()> {
        let port = self.port;
        let home = self.directory.path().display();
        let log = format!("FILE:{home}/kdc.log");
        let client = format!(
            "[libdefaults]\n default_realm = {REALM}\n dns_lookup_realm = false\n dns_lookup_kdc = false\n rdns = false\n \
             dns_canonicalize_hostname = false\n udp_preference_limit = 1\n[realms]\n {REALM} = {{\n  kdc = 127.0.0.1:{port}\n }}\n\
             [domain_realm]\n localhost = {REALM}\n[logging]\n kdc = {log}\n admin_server = FILE:{home}/admin.log\n"
        );
        let server = format!(
            "[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n[realms]\n {REALM} = {{\n  \
             database_name = {home}/principal\n  key_stash_file = {home}/stash\n  acl_file = {home}/kadm5.acl\n  max_life = {life}\n  \
             max_renewable_life = 1d\n  supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal\n }}\n"
        );
        for (name, text) in [("krb5.conf", client), ("kdc.conf", server)] {
            let path = self.directory.path().join(name);
            fs::write(&path, text).doing(|| format!("write {}", path.display()))?;
        }
        Ok(())
    }
}

/// A program of an administrator, which is not on everybody's path.
fn program(name: &str) -> String {
    let home = Path::new("/usr/sbin").join(name);
    match home.exists() {
        true => home.display().to_string(),
        false => name.to_owned(),
    }
}
