//! Faults from a seed against the real command.
//!
//! `chaos [--seed N] [--faults N]` plays rounds until so many faults have struck. Each round has a fresh directory, a job
//! that turns watched CSV files into JSON files, and 10 to 25 faults. A round that finds something keeps its directory.
//! Before the first one it shows that faults of the disk reach the calls of the command.

mod binary;
mod fault;
mod faults;
mod feeder;
mod keeper;
mod launcher;
mod left;
mod oracle;
mod orders;
mod places;
mod processes;
mod proof;
mod record;
mod rest;
mod round;
mod schedule;
mod shim;
mod subject;
mod summary;
mod violation;
mod wait;
mod world;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::round::{Done, Tools};
use crate::schedule::Schedule;
use crate::summary::Summary;

/// What the command line asks for.
struct Asked {
    seed: u64,
    faults: u64,
    patience: Duration,
    /// Names of faults that are left out, or `proof`.
    without: Vec<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("chaos: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<bool> {
    if let [action, root] = arguments
        && action == keeper::ACTION
    {
        keeper::keep(Path::new(root))?;
        return Ok(true);
    }
    if let [action, name] = arguments
        && action == proof::ACTION
    {
        proof::call(name)?;
        return Ok(true);
    }
    let asked = parse(arguments)?;
    if ignores_interrupts()? {
        bail!(
            "SIGINT is ignored here, as in the background of a script, so that a job that is just beginning would not hear that it is cancelled: run it in the foreground"
        );
    }
    let root = tempfile::Builder::new()
        .prefix("millstream-chaos-")
        .tempdir()?;
    let _keeper = keeper::Keeper::start(root.path())?;
    let binary = binary::find()?;
    let tools = Tools {
        settles: launcher::takes(&binary, "source.file.settle")?,
        library: shim::build(root.path())?,
        root: root.path().to_path_buf(),
        patience: asked.patience,
        binary,
    };
    println!(
        "seed {}, {} faults, {}",
        asked.seed,
        asked.faults,
        tools.binary.display()
    );
    // A command that passes the preloaded library by can be tried for the rest.
    if !asked.without.iter().any(|name| name == "proof") {
        proof::show(&tools).context("faults of the disk do not strike as they should")?;
    }
    let summary = play(&tools, &asked)?;
    summary.print();
    if summary.is_good() {
        root.close().context("remove the directory of the rounds")?;
        return Ok(true);
    }
    println!("kept: {}", root.keep().display());
    Ok(false)
}

/// Whether this process ignores SIGINT, as all that it starts does until it says otherwise.
fn ignores_interrupts() -> Result<bool> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.context("no line SigIgn")?.trim(), 16)?;
    // Signal 2 is the second bit.
    Ok(ignored & 2 != 0)
}

fn parse(arguments: &[String]) -> Result<Asked> {
    let mut asked = Asked {
        seed: 1,
        faults: 1_000,
        patience: Duration::from_secs(90),
        without: Vec::new(),
    };
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        let value = rest
            .next()
            .with_context(|| format!("{name} needs a value"))?;
        let number = || {
            value
                .parse()
                .with_context(|| format!("{name} {value}: no number"))
        };
        match name.as_str() {
            "--seed" => asked.seed = number()?,
            "--faults" => asked.faults = number()?,
            "--patience" => asked.patience = Duration::from_secs(number()?),
            "--without" => asked.without = value.split(',').map(str::to_owned).collect(),
            _ => bail!(
                "{name} is unknown; there are --seed, --faults, --patience (seconds) and --without (names of faults, or proof)"
            ),
        }
    }
    Ok(asked)
}

/// Plays rounds until so many faults as asked for have been drawn.
fn play(tools: &Tools, asked: &Asked) -> Result<Summary> {
    let mut summary = Summary::default();
    let (mut left, mut number) = (asked.faults, 0);
    while left > 0 {
        let seed = schedule::seed_of(asked.seed, number);
        let schedule = Schedule::draw(seed, left, &asked.without);
        let count = schedule.drawn;
        left -= count;
        number += 1;
        println!(
            "round {number}, to be played again with SEED={seed} FAULTS={count}: {:?}",
            schedule.setup
        );
        let directory = tools.root.join(format!("round-{number:03}"));
        let mut done = Done::default();
        let played = round::play(tools, &schedule, &directory, &mut done);
        if played.is_ok() {
            std::fs::remove_dir_all(&directory).context("remove the directory of a round")?;
        }
        summary.add(seed, count, &done, played, &directory);
    }
    Ok(summary)
}
