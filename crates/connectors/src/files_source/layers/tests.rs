use super::{Layer, Partial, Place, Position};
use crate::files_source::intervals::Intervals;
use crate::files_source::share::Share;

fn position(subtask: usize, below: u64, partial: Vec<Partial>) -> Position {
    Position {
        subtask,
        below,
        partial,
    }
}

fn done(layers: &[Layer], place: Place) -> Intervals {
    let mut done = Intervals::default();
    for layer in layers {
        layer.add_to(&place, &mut done, &mut Vec::new());
    }
    done
}

fn place(sequence: u64) -> Place {
    Place {
        sequence,
        key: 17,
        size: 95,
        split: 10,
    }
}

#[test]
fn what_every_reader_has_passed_is_done_whatever_its_size_is() {
    let layer = Layer {
        parallelism: 2,
        readers: vec![position(0, 5, Vec::new()), position(1, 9, Vec::new())],
    };
    assert_eq!((layer.all_below(), layer.end()), (5, 9));
    assert!(done(std::slice::from_ref(&layer), place(4)).covers(0, u64::MAX));
    assert!(done(&[layer], place(9)).is_empty());
}

#[test]
fn a_reader_that_is_missing_has_done_nothing() {
    let layer = Layer {
        parallelism: 2,
        readers: vec![position(1, 9, Vec::new())],
    };
    assert_eq!(layer.all_below(), 0);
    let done = done(&[layer], place(3));
    for split in 0..10_u64 {
        let own = Share::new(17, 10, 1, 2).owns(split * 10);
        let end = (split * 10 + 10).min(95);
        assert_eq!(done.covers(split * 10, end), own, "split {split}");
    }
}

#[test]
fn layers_add_up() {
    let first = Layer {
        parallelism: 3,
        readers: (0..3)
            .map(|subtask| position(subtask, if subtask == 0 { 8 } else { 2 }, Vec::new()))
            .collect(),
    };
    let partial = Partial {
        piece: 5,
        done: vec![(0, 2)],
        parts: vec![(40, 44)],
        starts: vec![(44, 3)],
    };
    let second = Layer {
        parallelism: 2,
        readers: vec![position(0, 5, vec![partial]), position(1, 5, Vec::new())],
    };
    let found = done(&[first, second], place(5));
    for offset in 0..95_u64 {
        let split = offset / 10;
        let by_first = Share::new(17, 10, 0, 3).owns(offset);
        let share = Share::new(17, 10, 0, 2);
        let by_second = (0..2).any(|number| share.range(number).0 == split * 10);
        let by_part = (40..44).contains(&offset);
        let expected = by_first || by_second || by_part;
        assert_eq!(found.covers(offset, offset + 1), expected, "{offset}");
    }
}
