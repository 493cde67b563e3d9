//! Words in the state of a callback, which has numbers alone.

/// The words as numbers: each is its length in bytes, then its bytes.
pub(super) fn to_counts<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<u64> {
    let one = |word: &'a str| std::iter::once(word.len() as u64).chain(word.bytes().map(u64::from));
    words.into_iter().flat_map(one).collect()
}

/// The words of [`to_counts`]; what is not a whole word is left out.
pub(super) fn of_counts(mut counts: &[u64]) -> Vec<String> {
    let mut words = Vec::new();
    while let [length, rest @ ..] = counts {
        let Some((word, rest)) = usize::try_from(*length).ok().and_then(|length| rest.split_at_checked(length)) else {
            break;
        };
        let bytes: Vec<u8> = word.iter().map(|&byte| byte as u8).collect();
        words.push(String::from_utf8_lossy(&bytes).into_owned());
        counts = rest;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_after_a_resume() {
        for words in [vec![], vec!["loss", "", "größe"]] {
            assert_eq!(of_counts(&to_counts(words.clone())), words);
        }
        assert_eq!(of_counts(&[1, 97, 5, 98]), ["a"]);
    }
}
