//! HDFS is read and written as the principal whose key a keytab holds, at a NameNode or by a name service; whoever is not let in is
//! told why, by `doctor` too.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::hdfs::{job, lines};
use crate::common::objects::CSV;
use crate::common::{ONCE, Running, Said, command, realm, running};
use millstream_services::hdfs::Hdfs;
use millstream_services::kdc::Kdc;

/// What is there before anything else.
struct Place {
    kdc: Kdc,
    hdfs: Hdfs,
}

impl Place {
    fn new() -> Self {
        let nodes = ["hdfs/localhost", "HTTP/localhost"];
        let people = ["alice", "bob", "carol", "erin"];
        let kdc = Kdc::start("1h", &[&nodes[..], &people].concat()).expect("a KDC");
        let hdfs = Hdfs::start_kerberos(&kdc, "authentication").expect("HDFS");
        hdfs.hand_over("/data", "alice").expect("a directory");
        hdfs.put("/data/in/a.csv", b"id,name\n1,one\n2,two\n")
            .expect("is put");
        Self { kdc, hdfs }
    }

    fn keytab(&self, principal: &str) -> String {
        let keytab = self.kdc.keytab(principal);
        format!("--security.kerberos.login.keytab={}", keytab.display())
    }

    /// A job that reads what is there and writes it to `to`.
    fn job(&self, directory: &Path, to: &str, options: &[&str], more: &[&str]) -> Command {
        let parameters = [
            &CSV[..],
            &[ONCE, "--job.retry.maxNumberRestartAttempts=0"],
            more,
        ]
        .concat();
        let from = self.hdfs.url("/data/in");
        let mut job = job(&self.hdfs, directory, (&from, to), options, &parameters);
        realm::within(&mut job, &self.kdc);
        job
    }

    #[track_caller]
    fn copies(&self, to: &str, options: &[&str], more: &[&str]) {
        let directory = tempfile::tempdir().expect("a directory");
        let url = match to.strip_prefix("hdfs:") {
            Some(_) => to.to_owned(),
            None => self.hdfs.url(to),
        };
        let said = running::run(self.job(directory.path(), &url, options, more));
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        let path = to.split_once("://").map_or(to, |(_, path)| path);
        let path = path.get(path.find('/').unwrap_or(0)..).unwrap_or_default();
        let found = lines(&self.hdfs, path);
        let wanted = [
            "{\"id\":\"1\",\"name\":\"one\"}",
            "{\"id\":\"2\",\"name\":\"two\"}",
        ];
        assert_eq!(found, wanted, "{to}");
    }

    fn doctor(&self, change: impl FnOnce(&mut Command), more: &[&str]) -> Said {
        let directory = tempfile::tempdir().expect("a directory");
        let mut doctor = command(directory.path());
        realm::within(&mut doctor, &self.kdc);
        doctor
            .env("HADOOP_CONF_DIR", self.hdfs.configuration())
            .args(["doctor", "-Dmillstream.data-dir=data", "ingest"])
            .args(CSV)
            .args([ONCE, "--sink.type=file"])
            .arg(format!("--source.path={}", self.hdfs.url("/data/in")))
            .arg(format!("--sink.path={}", self.hdfs.url("/data/out")))
            .arg(format!(
                "--stream.checkpoint.dir={}",
                self.hdfs.url("/data/checkpoints")
            ))
            .args(more);
        change(&mut doctor);
        running::run(doctor)
    }

    #[track_caller]
    fn is_told(&self, more: &[&str], words: &[&str]) {
        is_told(&self.doctor(|_| {}, more), words);
    }
}

#[track_caller]
fn is_told(said: &Said, words: &[&str]) {
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let all = format!("{}{}", said.out, said.err);
    for word in words {
        assert!(all.contains(word), "{word}: {all}");
    }
}

#[test]
fn and_nobody_else() {
    let mut place = Place::new();
    let alice = place.keytab("alice");
    place.copies("/data/out", &[], &[&alice]);
    place.copies("hdfs://cluster/data/by-service", &[], &[&alice]);
    let option = alice.replacen("--", "-D", 1);
    place.copies("hdfs:///data/by-option", &[&option], &[]);
    let said = place.doctor(|_| {}, &[&alice]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    for words in [
        "alice@TEST.LOCAL (keytab",
        "it gives tickets",
        "files can be made",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }

    keys_are_looked_at_for_snapshots_alone(&place, &alice);
    jobs_go_on_from_snapshots_there(&place, &alice);
    keys_are_looked_at(&mut place);
    settings_are_looked_at(&place);
    rights_are_those_of_the_principal(&place);

    place.kdc.kill();
    place.is_told(
        &[&alice],
        &["Cannot contact any KDC", "alice@TEST.LOCAL", "krb5.conf"],
    );
    place.kdc.restart().expect("a KDC");
    place
        .kdc
        .administrate("delprinc -force hdfs/localhost\n")
        .expect("changed");
    place.is_told(
        &[&alice],
        &[
            "MS-6040",
            "hdfs/localhost@TEST.LOCAL not found",
            "kvno",
            "it gives tickets",
        ],
    );
}

/// A job of whose places only that of its checkpoints lies in the cluster.
fn keys_are_looked_at_for_snapshots_alone(place: &Place, keytab: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let input = directory.path().join("in");
    fs::create_dir(&input).expect("is made");
    fs::write(input.join("a.csv"), "id\n1\n").expect("is written");
    let mut doctor = command(directory.path());
    realm::within(&mut doctor, &place.kdc);
    doctor
        .env("HADOOP_CONF_DIR", place.hdfs.configuration())
        .args(["doctor", "-Dmillstream.data-dir=data", "ingest"])
        .args(CSV)
        .args([ONCE, "--sink.type=print", "--source.path=in", keytab])
        .arg(format!(
            "--stream.checkpoint.dir={}",
            place.hdfs.url("/data/checkpoints")
        ));
    let said = running::run(doctor);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    for words in ["alice@TEST.LOCAL (keytab", "it gives tickets"] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
}

/// From a savepoint as people name it, and from the newest checkpoint, with a keytab that is a parameter of the job.
fn jobs_go_on_from_snapshots_there(place: &Place, keytab: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let (hdfs, kdc) = (&place.hdfs, &place.kdc);
    let put = |id: u64| {
        let path = format!("/data/kept-in/{id}.csv");
        hdfs.put(&path, format!("id\n{id}\n").as_bytes())
            .expect("is put");
    };
    let command = |options: &[&str], watch: &str| {
        let there = [
            "-Dstate.checkpoints.dir=hdfs:///data/cp",
            "-Dstate.savepoints.dir=hdfs:///data/sp",
        ];
        let options = [&there[..], options].concat();
        let parameters = [&CSV[..], &[watch, keytab]].concat();
        let places = (&*hdfs.url("/data/kept-in"), &*hdfs.url("/data/kept"));
        let mut job = job(hdfs, directory.path(), places, &options, &parameters);
        realm::within(&mut job, kdc);
        job
    };
    let watch = "--source.watch.type=PROCESS_CONTINUOUSLY";
    put(0);
    let mut first = Running::start(command(&[], watch));
    first.await_log("Completed checkpoint");
    let savepoint = first.suspend().savepoint().to_owned();
    let name = savepoint.rsplit('/').next().expect("a name");
    put(1);
    let from = format!("hdfs:///data/sp/{name}");
    let mut next = Running::start(command(&["-s", &from], watch));
    next.await_log("Completed checkpoint");
    next.kill();
    put(2);
    let said = running::run(command(&["-s", "latest"], ONCE));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let rows = [0, 1, 2].map(|id| format!("{{\"id\":\"{id}\"}}"));
    assert_eq!(lines(hdfs, "/data/kept"), rows, "{}", said.err);
}

fn keys_are_looked_at(place: &mut Place) {
    place.is_told(
        &[],
        &[
            "MS-6040",
            "whoever has got tickets",
            "keytab",
            "the NameNode localhost:",
        ],
    );
    place.is_told(
        &["--security.kerberos.login.keytab=/none"],
        &["MS-6040", "keytab /none can't be read"],
    );
    let unknown = [
        &*place.keytab("alice"),
        "--security.kerberos.login.principal=dave",
    ];
    place.is_told(&unknown, &["holds no key of dave, but of alice@TEST.LOCAL"]);
    place
        .kdc
        .administrate("cpw -randkey bob\ndelprinc -force carol\n")
        .expect("changed");
    place.is_told(
        &[&place.keytab("bob")],
        &["MS-6040", "bob@TEST.LOCAL", "ktadd"],
    );
    place.is_told(
        &[&place.keytab("carol")],
        &["MS-6040", "not found in Kerberos database", "addprinc"],
    );
    let directory = tempfile::tempdir().expect("a directory");
    let bob = place.keytab("bob");
    let out = place.hdfs.url("/data/none");
    let said = running::run(place.job(directory.path(), &out, &[], &[&bob]));
    is_told(
        &said,
        &["bob@TEST.LOCAL", "the NameNode localhost:", "ktadd"],
    );
}

/// Settings that do not say what the cluster wants: that it asks who is there, and how DataNodes are spoken with.
fn settings_are_looked_at(place: &Place) {
    let settings = tempfile::tempdir().expect("a directory");
    let copy = |file: &str, without: &str| {
        let text = fs::read_to_string(place.hdfs.configuration().join(file)).expect("settings");
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.contains(without))
            .collect();
        fs::write(settings.path().join(file), lines.join("\n")).expect("is written");
    };
    copy("core-site.xml", "hadoop.security.authentication");
    copy("hdfs-site.xml", "of no name");
    let change = |command: &mut Command| {
        command.env("HADOOP_CONF_DIR", settings.path());
    };
    let alice = place.keytab("alice");
    let said = place.doctor(change, &[&alice]);
    let wanted = [
        "wants Kerberos, and core-site.xml in",
        "does not say so",
        "set hadoop.security.authentication to kerberos",
    ];
    is_told(&said, &wanted);

    copy("core-site.xml", "dfs.data.transfer.protection");
    // The NameNode takes everything; it is the DataNode that does not.
    let said = place.doctor(change, &[&alice]);
    is_told(&said, &["dfs.data.transfer.protection"]);
    let directory = tempfile::tempdir().expect("a directory");
    let out = place.hdfs.url("/data/none");
    let mut job = place.job(directory.path(), &out, &[], &[&alice]);
    job.env("HADOOP_CONF_DIR", settings.path());
    is_told(&running::run(job), &["dfs.data.transfer.protection"]);
}

fn rights_are_those_of_the_principal(place: &Place) {
    let user = "--hadoop.user.name=alice";
    place.is_told(
        &[&place.keytab("erin"), user],
        &["user=erin", "/data", "security.kerberos.login.keytab"],
    );
}
