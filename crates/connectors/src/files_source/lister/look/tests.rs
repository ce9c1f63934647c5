use super::Compared;

#[test]
fn a_directory_is_another_one_where_nothing_tells_that_it_is_not() {
    let keeps = Compared {
        present: 2,
        known: 0,
        is_one: true,
        is_left: false,
        is_called_so: true,
        takes_away: false,
        has_taken: false,
    };
    let deletes = Compared {
        takes_away: true,
        has_taken: true,
        ..keeps
    };
    let other = |compared: Compared| Compared {
        is_one: false,
        ..compared
    };
    let renamed = |compared: Compared| Compared {
        is_called_so: false,
        ..other(compared)
    };
    let emptied = |compared: Compared| Compared {
        present: 0,
        ..compared
    };
    let with_one = |compared: Compared| Compared {
        known: 1,
        ..compared
    };
    for (compared, expected, why) in [
        (keeps, true, "its files are gone"),
        (other(keeps), true, "and it is another one"),
        (
            Compared {
                is_left: true,
                ..keeps
            },
            false,
            "others have cleaned up where the job goes on",
        ),
        (with_one(renamed(keeps)), false, "a file is there"),
        (
            emptied(renamed(keeps)),
            false,
            "nothing was known to be there",
        ),
        (deletes, false, "its files may have been taken away"),
        (other(deletes), false, "also where it was made anew"),
        (renamed(deletes), true, "but not those of another one"),
        (with_one(renamed(deletes)), false, "it was copied"),
        (emptied(deletes), false, "all were taken away"),
        (emptied(other(deletes)), false, "it was made anew"),
        (emptied(renamed(deletes)), true, "it is called otherwise"),
        (
            emptied(renamed(Compared {
                takes_away: false,
                ..deletes
            })),
            false,
            "nothing is taken away any more",
        ),
    ] {
        assert_eq!(compared.is_elsewhere(), expected, "{why}: {compared:?}");
    }
}
