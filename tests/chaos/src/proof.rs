//! Proof that faults of the disk reach what is tried: a fault that nobody meets finds nothing.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use rustix::fs::{AtFlags, RenameFlags, linkat, renameat_with, statat, unlinkat};
use rustix::io::Errno;

use crate::launcher::Launcher;
use crate::oracle::Oracle;
use crate::orders::{From, Spelling};
use crate::places::{Place, Places};
use crate::processes::{self, Running};
use crate::record;
use crate::round::Tools;
use crate::schedule::Setup;
use crate::shim::{Control, Failure, Operations};
use crate::violation::Kind;
use crate::wait;

/// The first argument of a process that calls what is to fail.
pub(crate) const ACTION: &str = "names";

/// Records that the job has to write.
const RECORDS: u64 = 500;

/// So many refused operations show that the job tries again and again.
const TRIES: u64 = 20;

/// Shows both: that calls fail of which a job is made, and that a job does not get past them.
pub(crate) fn show(tools: &Tools) -> Result<()> {
    let places = Rc::new(Places::make(tools.root.join("proof"))?);
    let control = Control::create(places.root.join("control"))?;
    let launcher = Launcher {
        binary: tools.binary.clone(),
        root: tools.root.clone(),
        library: tools.library.clone(),
        control: control.path.clone(),
        places,
        setup: Setup::plain(),
        spelling: Spelling::Plain,
        settles: tools.settles,
        once: true,
        shared_input: Rc::default(),
        patience: tools.patience,
    };
    let shown = calls_fail(&launcher, &control).and_then(|()| a_job_waits(&launcher, &control));
    let killed = processes::kill_marked(&tools.root);
    shown.and(killed)?;
    fs::remove_dir_all(&launcher.places.root).context("remove the directory of the proof")
}

/// Each call by which output gets its name is refused.
fn calls_fail(launcher: &Launcher, control: &Control) -> Result<()> {
    let directory = launcher.places.good();
    fs::create_dir_all(&directory)?;
    control.fail(&directory, Failure::Broken, Operations::All, 1_000)?;
    // The directory itself is opened from outside of what fails.
    let output = Command::new(std::env::current_exe()?)
        .args([ACTION, "good"])
        .current_dir(launcher.places.path(Place::Output))
        .env("LD_PRELOAD", &launcher.library)
        .env("CHAOS_CONTROL", &launcher.control)
        .output();
    control.heal()?;
    let output = output?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "the preloaded library does not see every call: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// What the process does that [`calls_fail`] starts, in the directory above `name`.
pub(crate) fn call(name: &str) -> Result<()> {
    let at = File::open(".")?;
    let (from, to) = (format!("{name}/from"), format!("{name}/to"));
    let called = [
        (
            "renameat2",
            renameat_with(&at, &from, &at, &to, RenameFlags::NOREPLACE),
        ),
        ("linkat", linkat(&at, &from, &at, &to, AtFlags::empty())),
        ("unlinkat", unlinkat(&at, &from, AtFlags::empty())),
        (
            "fstatat",
            statat(&at, &from, AtFlags::SYMLINK_NOFOLLOW).map(drop),
        ),
    ];
    for (call, result) in called {
        ensure!(result == Err(Errno::IO), "{call} answers {result:?}");
    }
    Ok(())
}

/// While no output can be named a job has nothing to show and does not end; it goes on when that is over, and every
/// record comes out once.
fn a_job_waits(launcher: &Launcher, control: &Control) -> Result<()> {
    let places = &launcher.places;
    let lines = (0..RECORDS).map(|id| record::line(id) + "\n");
    fs::write(
        places.path(Place::Input).join("f.csv"),
        lines.collect::<String>(),
    )?;
    let mut oracle = Oracle::new(places.good(), places.bad(), places.taken());
    control.fail(
        &places.path(Place::Output),
        Failure::Broken,
        Operations::Names,
        1_000,
    )?;
    let before = control.hits()?;
    let command = launcher.local(&From::Nothing, 1, &launcher.main());
    let mut run = Running::start(command, &places.logs(), "proof")?;
    wait::until("a job to be refused names", launcher.patience, || {
        oracle.look(&|| RECORDS)?;
        if !oracle.is_empty() || !run.runs()? {
            return Err(Kind::Ended.because(format!(
                "no output can be named, and the job has {} ids out, and {} runs: {}",
                oracle.known().len(),
                if run.runs()? { "still" } else { "no longer" },
                last_of(&run.err),
            )));
        }
        Ok(control.hits()? - before >= TRIES)
    })?;
    control.heal()?;
    wait::until("the job to go on and end", launcher.patience, || {
        Ok(!run.runs()?)
    })?;
    let code = run.status()?.and_then(|status| status.code());
    if code != Some(0) {
        let why = last_of(&run.err);
        return Err(Kind::Ended.because(format!("exit code {code:?} behind the fault: {why}")));
    }
    oracle.look(&|| RECORDS)?;
    match oracle.missing(RECORDS).first() {
        Some(missing) => Err(Kind::Lost.because(format!("ids {missing:?} behind the fault"))),
        None => Ok(()),
    }
}

fn last_of(log: &Path) -> String {
    let text = processes::text(log);
    text.lines().next_back().unwrap_or_default().to_owned()
}
