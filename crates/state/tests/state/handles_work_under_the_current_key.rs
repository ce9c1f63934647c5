//! What programs see: value, list and map state under the current key.

use crate::common::registry;
use millstream_core::EventTime;
use millstream_state::StateRegistry;

#[test]
fn each_key_has_its_own_value_list_and_map() {
    let mut registry: StateRegistry<String> = registry(0, 1, None);
    let value = registry.value::<u64>("value").expect("a new name");
    let list = registry.list::<u64>("list").expect("a new name");
    let map = registry.map::<String, u64>("map").expect("a new name");
    let context = registry.context().clone();
    for (key, number) in [("a", 1), ("b", 2), ("a", 3)] {
        context.set(key.to_string());
        value
            .update(|| 0, |sum| *sum += number)
            .expect("there is a key");
        list.add(number).expect("there is a key");
        map.put(format!("n{number}"), number)
            .expect("there is a key");
    }
    context.set("a".into());
    assert_eq!(context.key().as_deref(), Some("a"));
    assert_eq!(value.get().expect("a key"), Some(4));
    assert_eq!(list.get().expect("a key"), [1, 3]);
    let mut entries = map.entries().expect("a key");
    entries.sort();
    assert_eq!(entries, [("n1".to_string(), 1), ("n3".to_string(), 3)]);
    context.set("b".into());
    assert_eq!(value.get().expect("a key"), Some(2));
    assert_eq!(list.get().expect("a key"), [2]);
    context.set("c".into());
    assert_eq!(value.get().expect("a key"), None);
    assert!(list.get().expect("a key").is_empty());
    assert!(map.is_empty().expect("a key"));
}

#[test]
fn what_is_cleared_is_gone() {
    let mut registry: StateRegistry<u64> = registry(0, 1, None);
    let value = registry.value::<u64>("value").expect("a new name");
    let list = registry.list::<u64>("list").expect("a new name");
    let map = registry.map::<u64, u64>("map").expect("a new name");
    registry.context().set(7);
    value.set(1).expect("a key");
    list.extend([1, 2]).expect("a key");
    list.set(vec![3]).expect("a key");
    map.put(1, 10).expect("a key");
    map.update(1, || 0, |v| *v += 1).expect("a key");
    assert_eq!(map.get(&1).expect("a key"), Some(11));
    assert!(map.contains(&1).expect("a key"));
    assert_eq!(list.get().expect("a key"), [3]);
    let mut sum = 0;
    map.for_each(|key, value| sum += key + value)
        .expect("a key");
    list.for_each(|element| sum += element).expect("a key");
    assert_eq!(sum, 15);

    value.clear().expect("a key");
    list.clear().expect("a key");
    assert_eq!(map.remove(&2).expect("a key"), None);
    assert_eq!(map.remove(&1).expect("a key"), Some(11));
    assert_eq!(value.get().expect("a key"), None);
    assert!(list.get().expect("a key").is_empty());
    assert!(map.is_empty().expect("a key"));
    assert!(!registry.maintain(1), "no snapshot was taken");
}

#[test]
fn wrong_use_is_an_error_that_names_the_state() {
    let mut registry: StateRegistry<u64> = registry(0, 1, None);
    let value = registry.value::<u64>("sum").expect("a new name");
    let error = value.get().expect_err("no key yet");
    assert_eq!(error.code(), "MS-4001");
    assert!(error.message().contains("`sum`"), "{error}");

    registry.context().set(1);
    let inner = value.clone();
    let error = value
        .update(|| 0, |_| inner.get())
        .expect("a key")
        .expect_err("being changed");
    assert!(error.message().contains("`sum`"), "{error}");
    registry.context().clear();
    assert!(value.set(1).is_err());

    assert!(registry.list::<u64>("sum").is_err(), "the name is taken");
    assert!(registry.value::<u64>("").is_err());
    assert_eq!(registry.states().len(), 1);
}

#[test]
fn timers_fire_in_slices_and_may_make_and_take_away_others() {
    let mut registry: StateRegistry<String> = registry(0, 1, None);
    let timers = registry.timers("timers").expect("a new name");
    let fired_at = registry.list::<i64>("fired").expect("a new name");
    let context = registry.context().clone();
    assert!(timers.register(at(1)).is_err(), "there is no key");
    for number in 0..10 {
        context.set(format!("key {number}"));
        assert!(timers.register(at(number)).expect("a key"));
        assert!(!timers.register(at(number)).expect("a key"), "it is there");
    }
    assert!(timers.delete(at(9)).expect("a key"));
    assert!(!timers.delete(at(9)).expect("a key"), "it is gone");
    context.clear();

    let mut fired = Vec::new();
    let mut fire = |up_to: i64, budget: usize| {
        timers.fire_due(at(up_to), budget, |time, key| {
            let time = time.as_millis();
            fired_at.add(time)?;
            match time {
                // Due at once, due later, and one that is due and never comes.
                2 => timers.register(at(3)).map(drop)?,
                3 => timers.register(at(100)).map(drop)?,
                4 => assert!(timers.delete(at(4)).is_ok_and(|is_there| !is_there)),
                _ => {}
            }
            fired.push((time, key.clone()));
            Ok(())
        })
    };
    assert!(fire(5, 2).expect("no error"), "more are due");
    assert!(fire(5, 5).is_ok_and(|is_left| !is_left), "all that are due");
    assert!(fire(i64::MAX, 100).is_ok_and(|is_left| !is_left));
    let times: Vec<_> = fired.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 100, 100]);
    context.set("key 2".into());
    assert_eq!(fired_at.get().expect("a key"), [2, 3, 100]);
    context.clear();
    let failed = registry.timers("timers").err().expect("the name is taken");
    assert!(failed.message().contains("`timers`"), "{failed}");
}

fn at(time: i64) -> EventTime {
    EventTime::from_millis(time)
}
