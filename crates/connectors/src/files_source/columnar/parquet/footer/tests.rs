use super::is_tree;

#[test]
fn children_follow_their_parents() {
    for tree in [
        &[0][..],
        &[2, 0, 0],
        &[2, 1, 0, 0],
        &[1, 1, 1, 0],
        &[3, 0, 2, 0, 0, 0],
    ] {
        assert!(is_tree(tree), "{tree:?}");
    }
    for other in [
        &[1][..],
        &[2, 0],
        &[1, 0, 0],
        &[-1],
        &[2, i64::MAX, 0],
        &[0, 0],
    ] {
        assert!(!is_tree(other), "{other:?}");
    }
    let mut deep = vec![1; 100];
    deep.push(0);
    assert!(!is_tree(&deep));
}
