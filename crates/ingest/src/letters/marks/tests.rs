use super::{Mark, Marks, Set, State};

fn set(place: &str, numbers: &[u64]) -> Set {
    let mut set = Set::default();
    numbers.iter().for_each(|number| set.add(place, *number));
    set
}

fn journal(marks: &[Mark]) -> String {
    let lines = marks
        .iter()
        .map(|mark| serde_json::to_string(mark).expect("JSON") + "\n");
    lines.collect()
}

#[test]
fn a_set_holds_what_was_added_in_few_runs() {
    let set = set("a", &[1, 2, 3, 7, 9, 10]);
    assert_eq!(set.count(), 6);
    let held: Vec<u64> = (0..12).filter(|number| set.holds("a", *number)).collect();
    assert_eq!(held, [1, 2, 3, 7, 9, 10]);
    assert!(!set.holds("b", 1));
    let text = serde_json::to_string(&set).expect("JSON");
    assert_eq!(text, r#"{"places":{"a":[[1,3],[7,7],[9,10]]}}"#);
}

#[test]
fn the_last_mark_of_a_letter_counts() {
    let all = [
        Mark::Begun {
            replay: 1,
            set: set("a", &[1, 2]),
        },
        Mark::Replayed { replay: 1 },
        Mark::Discarded {
            set: set("a", &[3, 4]),
        },
        Mark::Begun {
            replay: 2,
            set: set("a", &[5, 6]),
        },
        Mark::Unclear { replay: 2 },
        Mark::Begun {
            replay: 3,
            set: set("a", &[6, 7]),
        },
    ];
    let marks = Marks::parse(&journal(&all)).expect("a journal");
    let states: Vec<State> = (1..=8).map(|number| marks.state("a", number)).collect();
    assert_eq!(
        states,
        [
            State::Replayed,
            State::Replayed,
            State::Discarded,
            State::Discarded,
            State::Unclear,
            State::Begun,
            State::Begun,
            State::Open,
        ]
    );
    assert_eq!(marks.begun(), [(3, 2)]);
    assert_eq!(marks.next(), 4);
}

#[test]
fn a_line_that_was_not_finished_counts_for_nothing() {
    let begun = Mark::Begun {
        replay: 1,
        set: set("a", &[1]),
    };
    let text = journal(std::slice::from_ref(&begun));
    for end in 0..text.len() {
        let part = text.get(..end).expect("ASCII");
        let marks = Marks::parse(part).expect("a journal");
        assert_eq!(marks.state("a", 1), State::Open, "{end}");
    }
    assert!(Marks::parse("{}\n").is_err());
}
