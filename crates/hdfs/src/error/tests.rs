use std::io;

use hdfs_native::HdfsError as Native;

use super::{HdfsError, Trouble, is_unreachable};

fn remote(class: &str, message: &str) -> HdfsError {
    Native::RPCError(class.to_owned(), message.to_owned()).into()
}

#[test]
fn what_a_name_node_says_is_told_in_one_line() {
    let denied = remote(
        "org.apache.hadoop.security.AccessControlException",
        "Permission denied: user=csp, access=WRITE, inode=\"/\":root:supergroup:drwxr-xr-x\n\tat org.apache.hadoop.X\n\tat Y",
    );
    assert_eq!(denied.trouble(), Trouble::Denied);
    assert_eq!(
        denied.to_string(),
        "AccessControlException: Permission denied: user=csp, access=WRITE, inode=\"/\":root:supergroup:drwxr-xr-x"
    );
    assert!(denied.next_step().contains("hadoop.user.name"));
}

#[test]
fn what_may_pass_is_not_taken_for_absent() {
    let of = |class: &str, message: &str| remote(class, message).trouble();
    for (class, message, trouble) in [
        (
            "org.apache.hadoop.hdfs.server.namenode.SafeModeException",
            "Name node is in safe mode.",
            Trouble::Unreachable,
        ),
        (
            "org.apache.hadoop.ipc.StandbyException",
            "state standby",
            Trouble::Unreachable,
        ),
        (
            "java.io.FileNotFoundException",
            "File does not exist: /x",
            Trouble::Absent,
        ),
        (
            "java.io.IOException",
            "File /x could only be written to 0 of the 1 minReplication nodes.",
            Trouble::Unreachable,
        ),
        (
            "org.apache.hadoop.hdfs.protocol.DSQuotaExceededException",
            "The DiskSpace quota",
            Trouble::Full,
        ),
        (
            "org.apache.hadoop.hdfs.server.namenode.LeaseExpiredException",
            "File is not open for writing",
            Trouble::Changed,
        ),
        (
            "java.lang.IllegalArgumentException",
            "a name",
            Trouble::Refused,
        ),
    ] {
        assert_eq!(of(class, message), trouble, "{class}");
    }
    let away = Native::IOError(io::Error::from(io::ErrorKind::ConnectionRefused));
    let away = io::Error::from(HdfsError::from(away));
    assert!(is_unreachable(&away));
    let absent = io::Error::from(HdfsError::from(Native::FileNotFound("/x".to_owned())));
    assert!(!is_unreachable(&absent));
    assert_eq!(absent.kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_login_that_fails_is_no_lack_of_rights() {
    let login = remote("javax.security.sasl.SaslException", "GSS initiate failed");
    assert!(login.is_of_login());
    assert_eq!(login.trouble(), Trouble::Denied);
    let right = remote(
        "org.apache.hadoop.security.AccessControlException",
        "Permission denied: user=csp",
    );
    assert!(!right.is_of_login());
    assert!(right.is_for_people() && !login.is_for_people());
}

#[test]
fn a_home_directory_that_is_not_there_is_told_of() {
    let denied = |inode: &str| {
        let message = format!(
            "Permission denied: user=csp, access=WRITE, inode=\"{inode}\":hdfs:supergroup:drwxr-xr-x"
        );
        remote(
            "org.apache.hadoop.security.AccessControlException",
            &message,
        )
    };
    let home = denied("/user");
    assert!(
        home.next_step().contains("hdfs dfs -mkdir /user/NAME"),
        "{}",
        home.next_step()
    );
    assert!(
        denied("/user/other")
            .next_step()
            .contains("hadoop.user.name")
    );
}
