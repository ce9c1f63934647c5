use clap::{CommandFactory, Parser};

use super::{Order, spell};

#[derive(Debug, Parser)]
#[command(name = "millstream stop", no_binary_name = true)]
struct Stop {
    #[arg(short, long)]
    drain: bool,
    #[arg(short = 'p', long = "savepointPath")]
    savepoint_path: Option<String>,
    #[arg(short = 's', long = "withSavepoint", num_args = 0..=1)]
    with_savepoint: Option<Option<String>>,
    #[arg(long = "detached", alias = "dcp")]
    detached: bool,
    #[arg(short = 'D')]
    settings: Vec<String>,
    #[arg(long)]
    json: bool,
    rest: Vec<String>,
}

fn read(arguments: &[&str]) -> Stop {
    let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
    let spelled = spell(&Stop::command(), &arguments, Order::Anywhere).expect("known options");
    Stop::try_parse_from(spelled.arguments).expect("understood")
}

#[test]
fn one_dash_does_for_long_options() {
    let stop = read(&["-savepointPath", "/sp", "-detached", "-drain", "id"]);
    assert_eq!(stop.savepoint_path.as_deref(), Some("/sp"));
    assert!(stop.detached && stop.drain);
    assert_eq!(stop.rest, ["id"]);
    assert!(read(&["-dcp"]).detached);
}

#[test]
fn options_may_stand_behind_arguments() {
    let stop = read(&["id", "-p", "/sp", "more", "--json", "--", "-d"]);
    assert_eq!(stop.savepoint_path.as_deref(), Some("/sp"));
    assert_eq!(stop.rest, ["id", "more", "-d"]);
    assert!(stop.json && !stop.drain);
}

#[test]
fn values_may_be_glued_and_flags_joined() {
    let stop = read(&["-Da=b=c", "-p/sp", "-D", "x=y"]);
    assert_eq!(stop.settings, ["a=b=c", "x=y"]);
    assert_eq!(stop.savepoint_path.as_deref(), Some("/sp"));
    let stop = read(&["--savepointPath=/other", "-Ddrain=1"]);
    assert_eq!(stop.savepoint_path.as_deref(), Some("/other"));
    assert_eq!(stop.settings, ["drain=1"]);
}

#[test]
fn an_optional_value_may_be_missing() {
    assert_eq!(read(&["id", "-s"]).with_savepoint, Some(None));
    assert_eq!(read(&["-s", "-d", "id"]).with_savepoint, Some(None));
    let stop = read(&["-s", "/sp", "id"]);
    assert_eq!(stop.with_savepoint, Some(Some("/sp".to_owned())));
    assert_eq!(stop.rest, ["id"]);
}

#[test]
fn what_is_unknown_is_named_with_what_is_near() {
    let arguments = ["id".to_owned(), "-savepointPat".to_owned()];
    let error = spell(&Stop::command(), &arguments, Order::Anywhere).expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "MS-1001: `stop` has no option `-savepointPat`; did you mean --savepointPath?"
    );
}

#[test]
fn what_stands_behind_a_program_belongs_to_it() {
    let arguments = ["-drain", "program", "-drain", "--json"].map(str::to_owned);
    let spelled = spell(&Stop::command(), &arguments, Order::BeforeProgram).expect("spelled");
    assert_eq!(
        spelled.arguments,
        ["--drain", "program", "-drain", "--json"]
    );
    assert!(spelled.has_flag("drain") && !spelled.has_flag("json"));
}

#[test]
fn options_may_stand_among_parameters() {
    let arguments = [
        "in",
        "--source.type",
        "csv",
        "-json",
        "-p",
        "/sp",
        "-Da=b",
        "--config",
        "x",
    ];
    let arguments = arguments.map(str::to_owned);
    let spelled = spell(&Stop::command(), &arguments, Order::AmongParameters).expect("spelled");
    assert_eq!(
        spelled.arguments,
        [
            "--json",
            "-p",
            "/sp",
            "-D",
            "a=b",
            "in",
            "--source.type",
            "csv",
            "--config",
            "x"
        ]
    );
    assert!(spelled.has_flag("json"));
}
