//! What a cluster answers when it does not do what it was asked.

use std::fmt;
use std::io;
use std::time::Duration;

use hdfs_native::HdfsError as Native;

/// What kind of trouble it is: what the caller has to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no such file or directory.
    Absent,
    /// There is one of that name already.
    Exists,
    /// The file is another one than before, or somebody else has taken it over.
    Changed,
    /// Whoever asks may not do that.
    Denied,
    /// A quota is used up.
    Full,
    /// NameNode or DataNodes do not answer, or can't now: they may later, and nothing is known.
    Unreachable,
    /// The cluster does not do that, or the settings are wrong.
    Refused,
}

/// A cluster has not done what it was asked.
#[derive(Debug, Clone)]
pub struct HdfsError {
    trouble: Trouble,
    what: String,
    /// What to do about it, where the kind of trouble does not tell.
    next: Option<&'static str>,
    subject: Subject,
    /// Whether another NameNode is asked from now on.
    is_left: bool,
}

/// What it is that has failed, where more counts than the trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// The request.
    Request,
    /// The login by Kerberos.
    Login,
    /// The rights of whoever asks, as the cluster has them.
    Rights,
    /// What people have written: the path, or the settings. Asked again, it is the same.
    Settings,
}

impl HdfsError {
    /// An error that says `what` is wrong.
    pub fn new(trouble: Trouble, what: impl Into<String>) -> Self {
        Self {
            trouble,
            what: what.into(),
            next: None,
            subject: Subject::Request,
            is_left: false,
        }
    }

    /// An error of what people have written: the path, or the settings.
    pub(crate) fn of_settings(trouble: Trouble, what: impl Into<String>) -> Self {
        Self {
            subject: Subject::Settings,
            ..Self::new(trouble, what)
        }
    }

    /// That of a request that was not answered for so long. `is_left`: another NameNode is asked from now on.
    pub(crate) fn late(limit: Duration, is_left: bool) -> Self {
        let seconds = limit.as_secs();
        let what = match is_left {
            true => {
                format!("there was no answer for {seconds} s, and another NameNode is asked now")
            }
            false => format!("there was no answer for {seconds} s"),
        };
        Self {
            is_left,
            ..Self::new(Trouble::Unreachable, what)
        }
    }

    /// That of a request that was not answered for so long, where no other NameNode can be asked instead.
    pub(crate) fn late_alone(limit: Duration, why: &Self) -> Self {
        let late = Self::late(limit, false);
        let what = format!("{}, and no other NameNode can be asked: {why}", late.what);
        Self { what, ..late }
    }

    /// What Kerberos says: for now, or for good.
    pub(crate) fn of_kerberos(error: &millstream_gssapi::Error) -> Self {
        let trouble = if error.may_pass() {
            Trouble::Unreachable
        } else {
            Trouble::Denied
        };
        Self {
            next: Some(error.next()),
            subject: Subject::Login,
            ..Self::new(trouble, error.to_string())
        }
    }

    /// The same with what to do about it.
    #[must_use]
    pub(crate) fn next(self, next: &'static str) -> Self {
        Self {
            next: Some(next),
            ..self
        }
    }

    /// Whether it says itself what to do about it.
    pub(crate) fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// Whether it is the login by Kerberos that has failed.
    pub fn is_of_login(&self) -> bool {
        self.subject == Subject::Login
    }

    /// Whether the cluster does not let whoever asks do that.
    pub fn is_of_rights(&self) -> bool {
        self.subject == Subject::Rights
    }

    /// Whether people have to do something about it first: rights are missing, or the path or the settings are wrong.
    pub fn is_for_people(&self) -> bool {
        matches!(self.subject, Subject::Rights | Subject::Settings)
    }

    /// Whether a NameNode did not answer, and another one is asked from now on. What it was asked for may have been done.
    pub fn is_left(&self) -> bool {
        self.is_left
    }

    /// What kind of trouble it is.
    pub fn trouble(&self) -> Trouble {
        self.trouble
    }

    /// What an error of a file is, if it is one of a cluster.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// What to do about it, for people.
    pub fn next_step(&self) -> &'static str {
        if let Some(next) = self.next {
            return next;
        }
        match self.trouble {
            Trouble::Absent | Trouble::Exists | Trouble::Changed => "see what lies there",
            Trouble::Denied => {
                "set hadoop.user.name (HADOOP_USER_NAME) to a user that may do that, or allow this one there"
            }
            Trouble::Full => "free space there, or have the quota of the directory raised",
            Trouble::Unreachable => {
                "see that NameNode and DataNodes run, are out of safe mode and have room, and have the addresses that the path or \
                 hdfs-site.xml in HADOOP_CONF_DIR tells"
            }
            Trouble::Refused => {
                "correct the path, or core-site.xml and hdfs-site.xml in HADOOP_CONF_DIR (or hadoop.home.dir)"
            }
        }
    }
}

impl millstream_waiting::Failure for HdfsError {
    fn given_up() -> Self {
        Self::new(Trouble::Unreachable, "the request was given up")
    }
}

impl fmt::Display for HdfsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for HdfsError {}

impl From<HdfsError> for io::Error {
    fn from(error: HdfsError) -> Self {
        let kind = match error.trouble {
            Trouble::Absent => io::ErrorKind::NotFound,
            Trouble::Exists => io::ErrorKind::AlreadyExists,
            Trouble::Denied => io::ErrorKind::PermissionDenied,
            Trouble::Full => io::ErrorKind::QuotaExceeded,
            Trouble::Changed | Trouble::Unreachable | Trouble::Refused => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// Whether an error of a file says that its cluster can't be reached now.
pub fn is_unreachable(error: &io::Error) -> bool {
    HdfsError::of(error).is_some_and(|error| error.trouble == Trouble::Unreachable)
}

impl From<Native> for HdfsError {
    fn from(error: Native) -> Self {
        let trouble = match &error {
            Native::FileNotFound(_) => Trouble::Absent,
            Native::AlreadyExists(_) => Trouble::Exists,
            Native::IOError(_)
            | Native::DataTransferError(_)
            | Native::BlocksNotFound(_)
            | Native::ChecksumError
            | Native::InvalidRPCResponse(_) => Trouble::Unreachable,
            // What it says of a file that it has closed and that the NameNode has not.
            Native::OperationFailed(_) => Trouble::Unreachable,
            Native::SASLError(_) | Native::GSSAPIError(..) | Native::NoSASLMechanism => {
                Trouble::Denied
            }
            Native::RPCError(class, message) | Native::FatalRPCError(class, message) => {
                of_class(class, message)
            }
            _ => Trouble::Refused,
        };
        let subject = match trouble {
            _ if is_of_login(&error) => Subject::Login,
            Trouble::Denied => Subject::Rights,
            _ => Subject::Request,
        };
        let what = words(&error);
        Self {
            next: of_home(&what).filter(|_| subject == Subject::Rights),
            subject,
            ..Self::new(trouble, what)
        }
    }
}

/// What to do where somebody may make nothing in the directory of all home directories: mostly his own is not there yet.
fn of_home(what: &str) -> Option<&'static str> {
    what.contains("inode=\"/user\"").then_some(
        "have the home directory of that user made by who may (hdfs dfs -mkdir /user/NAME; hdfs dfs -chown NAME /user/NAME), or name \
         another directory",
    )
}

/// Whether it is the login by Kerberos that has failed, here or at the NameNode.
fn is_of_login(error: &Native) -> bool {
    match error {
        Native::SASLError(_) | Native::GSSAPIError(..) | Native::NoSASLMechanism => true,
        Native::RPCError(class, _) | Native::FatalRPCError(class, _) => {
            class.ends_with(".SaslException") || class.ends_with(".GSSException")
        }
        _ => false,
    }
}

/// What an exception of Java's means, by its class.
fn of_class(class: &str, message: &str) -> Trouble {
    let name = class.rsplit(['.', '$']).next().unwrap_or(class);
    match name {
        "FileNotFoundException" | "PathNotFoundException" => Trouble::Absent,
        "FileAlreadyExistsException"
        | "AlreadyBeingCreatedException"
        | "PathIsNotEmptyDirectoryException" => Trouble::Exists,
        "LeaseExpiredException" => Trouble::Changed,
        "AccessControlException" | "AuthorizationException" | "InvalidToken" | "SaslException" => {
            Trouble::Denied
        }
        "NSQuotaExceededException"
        | "DSQuotaExceededException"
        | "QuotaByStorageTypeExceededException" => Trouble::Full,
        "SafeModeException"
        | "RetriableException"
        | "StandbyException"
        | "ServerTooBusyException"
        | "RpcNoSuchProtocolException"
        | "ConnectException"
        | "SocketTimeoutException"
        | "NotReplicatedYetException"
        | "RecoveryInProgressException"
        | "BlockMissingException" => Trouble::Unreachable,
        // No class of its own: no DataNode takes the block.
        "IOException" if message.contains("could only be written to") => Trouble::Unreachable,
        "IOException" if message.contains("Unable to close file") => Trouble::Unreachable,
        _ => Trouble::Refused,
    }
}

/// What it says, in one line: what comes from a NameNode has its whole stack behind it.
fn words(error: &Native) -> String {
    let (class, message) = match error {
        Native::RPCError(class, message) | Native::FatalRPCError(class, message) => {
            (Some(class), message.clone())
        }
        Native::FileNotFound(path) => (None, format!("there is no {path}")),
        Native::AlreadyExists(message) => (None, message.clone()),
        Native::IOError(cause) => (None, cause.to_string()),
        Native::GSSAPIError(_, _, said) => {
            // GSSAPI says itself only that something is wrong; what that is says Kerberos.
            let own = ["may provide more information: ", "or inaccessible: "];
            let said = own.iter().fold(said.as_str(), |said, own| {
                said.rsplit(own).next().unwrap_or(said)
            });
            (None, said.to_owned())
        }
        Native::DataTransferError(message) if message.starts_with("All DataNodes failed") => (
            None,
            "none of the DataNodes that have the block gives it".to_owned(),
        ),
        other => (None, other.to_string()),
    };
    let line = message.lines().next().unwrap_or_default();
    let line: Vec<&str> = line.split_whitespace().collect();
    let line = line.join(" ");
    let class = class.map(|class| class.rsplit(['.', '$']).next().unwrap_or(class));
    match class {
        Some(class) if line.is_empty() => class.to_owned(),
        Some(class) if !line.contains(class) => format!("{class}: {line}"),
        _ => line,
    }
}

#[cfg(test)]
mod tests;
