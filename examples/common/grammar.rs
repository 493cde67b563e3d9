//! Text for the example gpt: sentences of a small grammar, in which verbs agree with their subjects and "an" stands before "old".

use candle_keras::ops::random::Stream;

const ADJECTIVES: [&str; 6] = ["small", "old", "clever", "quiet", "hungry", "grey"];
const NOUNS: [&str; 8] = ["cat", "dog", "farmer", "goose", "fox", "pilot", "child", "king"];
const PLURALS: [&str; 8] = ["cats", "dogs", "farmers", "geese", "foxes", "pilots", "children", "kings"];
const VERBS: [&str; 6] = ["see", "follow", "paint", "like", "greet", "avoid"];

/// Sentences of the grammar.
pub fn sentences(stream: &mut Stream, count: usize) -> String {
    let mut text = String::new();
    for _ in 0..count {
        let mut pick = |words: &[&'static str]| words[stream.below(words.len() as u64) as usize];
        let subjects: &[&str] = if pick(&["one", "many"]) == "one" { &NOUNS } else { &PLURALS };
        let (one, adjective) = (subjects == NOUNS, pick(&ADJECTIVES));
        let (article, subject) =
            if one { (pick(&["a", "the"]), pick(&NOUNS)) } else { (pick(&["two", "the"]), pick(&PLURALS)) };
        let article = if one && article == "a" && adjective == "old" { "an" } else { article };
        let verb = pick(&VERBS);
        let ending = if one { "s" } else { "" };
        text += &format!("{article} {adjective} {subject} {verb}{ending} the {}. ", pick(&PLURALS));
    }
    text
}

/// Whether a sentence is one of the grammar.
pub fn is_right(sentence: &str) -> bool {
    let words: Vec<&str> = sentence.trim_end_matches(". ").split(' ').collect();
    let [article, adjective, subject, verb, the, object] = words[..] else { return false };
    let one = NOUNS.contains(&subject);
    let a = if adjective == "old" { "an" } else { "a" };
    let articles = if one { [a, "the"] } else { ["two", "the"] };
    let stem = if one { verb.strip_suffix('s') } else { Some(verb) };
    articles.contains(&article)
        && ADJECTIVES.contains(&adjective)
        && (one || PLURALS.contains(&subject))
        && stem.is_some_and(|stem| VERBS.contains(&stem))
        && the == "the"
        && PLURALS.contains(&object)
}
