use super::*;

fn error(state: &str, code: i32, message: &str) -> Error {
    let said = Said::new(Some(state), Some(code), Some(message));
    Trouble::Said(said).error(&"jdbc:hive2://h:1/d")
}

#[test]
fn what_hive_says_is_cut_to_its_first_line_and_told_with_what_to_do() {
    let table = [
        (
            "42S02",
            10001,
            "Error while compiling statement: FAILED: SemanticException [Error 10001]: Line 1:14 Table not found 'lyh'\n\tat org.apache",
            "MS-6023",
            "source.db.table",
        ),
        (
            "42000",
            40000,
            "Error while compiling statement: FAILED: ParseException line 1:0 cannot recognize input near 'selec'",
            "MS-6023",
            "source.db.sql",
        ),
        (
            "42000",
            10004,
            "Error while compiling statement: FAILED: SemanticException [Error 10004]: Line 1:7 Invalid table alias or column reference 'x'",
            "MS-6023",
            "source.db.sql",
        ),
        (
            "42000",
            40000,
            "Error while compiling statement: FAILED: HiveAccessControlException Permission denied: user [me] does not have [SELECT] privilege",
            "MS-6022",
            "granted",
        ),
        (
            "08S01",
            2,
            "Error while processing statement: FAILED: Execution Error, return code 2 from org.apache.hadoop.hive.ql.exec.mr.MapRedTask",
            "MS-6021",
            "log",
        ),
        (
            "08S01",
            0,
            "Failed to validate proxy privilege of me for you",
            "MS-6022",
            "proxyuser",
        ),
        (
            "42000",
            1,
            "Cannot modify hive.x at runtime. It is not in list of params",
            "MS-6023",
            "hive.security.authorization.sqlstd.confwhitelist",
        ),
        (
            "",
            0,
            "Failed to open new session: java.lang.IllegalArgumentException: Cannot modify mapred.x at runtime. It is in the list of \
             parameters that can't be modified at runtime or is prefixed by a restricted variable",
            "MS-6023",
            "hive.conf.restricted.list",
        ),
        (
            "",
            0,
            "Failed to open new session: java.lang.IllegalArgumentException: hive configuration hive.fetch.task.conversoin does not exists.",
            "MS-6023",
            "correct that setting",
        ),
        (
            "08S01",
            2,
            "Job of the class x failed at runtime: no space left",
            "MS-6021",
            "log",
        ),
        (
            "42000",
            10072,
            "SemanticException [Error 10072]: Database does not exist: d",
            "MS-6023",
            "database",
        ),
        (
            "",
            0,
            "Invalid OperationHandle: OperationHandle [opType=EXECUTE_STATEMENT]",
            "MS-6021",
            "session",
        ),
    ];
    for (state, number, message, code, next) in table {
        let error = error(state, number, message);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.next_step().contains(next), "{error}");
        let line = error.to_string();
        assert!(!line.contains('\n') && !line.contains("FAILED"), "{line}");
    }
}

#[test]
fn words_without_end_are_cut() {
    let long = "x".repeat(5_000);
    assert_eq!(first_line(&long).chars().count(), LONGEST + 1);
    assert_eq!(first_line(""), "");
}

#[test]
fn a_status_that_is_well_is_no_trouble() {
    let status = |code, message: Option<&str>| TStatus {
        status_code: code,
        info_messages: None,
        sql_state: None,
        error_code: None,
        error_message: message.map(str::to_owned),
    };
    assert_eq!(
        Trouble::of(&status(TStatusCode::SUCCESS_STATUS, None)),
        None
    );
    let lost = Trouble::of(&status(TStatusCode::INVALID_HANDLE_STATUS, None));
    let Some(Trouble::Said(said)) = lost else {
        panic!("{lost:?}");
    };
    assert!(said.is_lost);
}
