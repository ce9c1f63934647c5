//! Makes the data of the demo, the fault tests and the benchmarks from a seed, and checks what came of it.
//!
//! ```text
//! datagen words --bytes 500000000 --seed 42 words.txt
//! datagen csv --bytes 200000000 --seed 42 --files 4 input/
//! datagen check --input input/ --output output/
//! ```

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use datagen::{check, people, words};

/// Makes data from a seed, and checks output against it.
#[derive(Parser)]
#[command(version, about)]
struct CommandLine {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Text: lines of 10 words out of a vocabulary of 100,000.
    Words {
        /// Size of the file in bytes, about.
        #[arg(long, default_value_t = 500_000_000)]
        bytes: u64,
        /// The seed.
        #[arg(long, default_value_t = 42)]
        seed: u64,
        /// The file.
        file: PathBuf,
    },
    /// CSV files with a header: id,city,name,x,y,tags,amount.
    Csv {
        /// Size of all files in bytes, about.
        #[arg(long, default_value_t = 200_000_000)]
        bytes: u64,
        /// The seed.
        #[arg(long, default_value_t = 42)]
        seed: u64,
        /// Number of files.
        #[arg(long, default_value_t = 1)]
        files: u64,
        /// Quotes some names and puts line breaks and delimiters into them.
        #[arg(long)]
        quoted: bool,
        /// The directory, made if it is missing.
        directory: PathBuf,
    },
    /// Compares JSON lines with what the demo's query must make of the CSV files: every record once.
    Check {
        /// The directory of the CSV files.
        #[arg(long)]
        input: PathBuf,
        /// The directories of JSON lines; hidden files are passed over.
        #[arg(long, required = true)]
        output: Vec<PathBuf>,
    },
    /// Prints the demo's query.
    Query,
}

fn main() -> ExitCode {
    match run(CommandLine::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("datagen: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: CommandLine) -> Result<bool> {
    match command.action {
        Action::Words { bytes, seed, file } => words::write(&file, bytes, seed)?,
        Action::Csv {
            bytes,
            seed,
            files,
            quoted,
            directory,
        } => {
            let rows = people::write(&directory, bytes, seed, files, quoted)?;
            println!("{rows} rows in {files} files");
        }
        Action::Check { input, output } => return check::check(&input, &output),
        Action::Query => println!("{}", people::QUERY),
    }
    Ok(true)
}
