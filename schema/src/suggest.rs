//! A misspelt word and the known ones in; "did you mean" out. Used by every check that knows which words there are.

/// The known word nearest to `given`, when it is near enough to be meant: at most one edit per three letters.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = given.chars().count().div_ceil(3).min(4);
    known
        .into_iter()
        .map(|word| (distance(&given.to_lowercase(), &word.to_lowercase()), word))
        .filter(|(edits, word)| *edits <= limit && *edits < word.chars().count())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, word)| word)
}

/// What to say of an unknown word: the nearest known one, and all of them.
pub fn known_words<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = known.into_iter().collect();
    let all = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    match (nearest(given, words.iter().copied()), words.is_empty()) {
        (_, true) => "there are none here".to_owned(),
        (Some(word), _) => format!("did you mean `{word}`? known here: {all}"),
        (None, _) => format!("known here: {all}"),
    }
}

/// Levenshtein's distance with neighbouring swaps as one edit: `tabel` is one edit from `table`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous_letter = None;
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best =
                (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = j > 0 && previous_letter == Some(y) && b.get(j - 1) == Some(&x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        previous_letter = Some(x);
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("tabel", ["table", "key"]), Some("table"));
        assert_eq!(nearest("colum", ["column", "param"]), Some("column"));
        assert_eq!(nearest("Filter", ["filter"]), Some("filter"));
        assert_eq!(nearest("zzz", ["table", "key"]), None);
        assert_eq!(nearest("ab", ["xy"]), None);
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("tabel", "table"), 1);
        assert_eq!(distance("same", "same"), 0);
    }
}
