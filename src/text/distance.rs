//! How far two words are from each other.

/// How many letters differ: put in, left out or another one (Levenshtein).
pub fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut fresh = vec![at + 1];
        let mut left = at + 1;
        for (pair, wanted) in row.windows(2).zip(other.chars()) {
            let &[before, above] = pair else { continue };
            left = (before + usize::from(letter != wanted)).min(above + 1).min(left + 1);
            fresh.push(left);
        }
        row = fresh;
    }
    row.last().copied().unwrap_or_default()
}
