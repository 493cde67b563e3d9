// Ported from python_texts.py.
// Texts as scripts for language models take them apart and print them.

use candle_keras::prelude::*;
use candle_keras::{Error, python};
use indexmap::IndexMap;
use std::collections::BTreeSet;

fn main() -> Result<()> {
    let text = "the cat and the dog and the bird".chars().collect::<Vec<char>>();

    // -- words and their counts ------------------------------------------------
    let words = text.iter().collect::<String>().split_whitespace().map(str::to_string).collect::<Vec<_>>();
    let mut counts = IndexMap::new();
    for word in &words {
        counts.insert(word.to_string(), counts.get(word).copied().unwrap_or(0) + 1);
    }
    let ranked = { let mut list = counts.iter().map(|(a, &b)| (a.clone(), b)).collect::<Vec<(String, usize)>>(); list.sort_by_key(|x| std::cmp::Reverse(x.1)); list };
    println!("{} {} {}", words.len(), counts.len(), counts["the"]);
    for (word, count) in &ranked {
        println!("{word:<6}|{:>4}|{:>8}|", *count, format!("{:.2}%", 100.0 * (*count as f64 / words.len() as f64)));
    }

    let index = ranked.iter().enumerate().map(|(i, (word, _count))| (word.to_string(), i + 1)).collect::<IndexMap<String, usize>>();
    let names = index.iter().map(|(word, &i)| (i, word.to_string())).collect::<IndexMap<usize, String>>();
    println!("{:?}", "the dog sat".split_whitespace().map(str::to_string).collect::<Vec<_>>().into_iter().map(|word| index.get(&word).copied().unwrap_or(0)).collect::<Vec<usize>>());
    println!("{}", [3, 5, 9].into_iter().map(|i| Ok::<_, Error>(names.get(&(i - 2)).cloned().unwrap_or_else(|| "?".to_string()))).collect::<Result<Vec<String>>>()?.join(" "));

    // -- characters ----------------------------------------------------------------
    let chars = text.iter().copied().collect::<BTreeSet<char>>().into_iter().collect::<Vec<char>>();
    let char_index = chars.iter().enumerate().map(|(i, &c)| (c, i)).collect::<IndexMap<char, usize>>();
    println!("characters: {} {:?}", chars.len(), "bird".chars().map(|c| char_index[&c]).collect::<Vec<usize>>());

    let (maxlen, step) = (7, 6);
    let (mut sentences, mut following) = (vec![], vec![]);
    for i in (0..text.len() - maxlen).step_by(step) {
        sentences.push(python::slice(&text, i..i + maxlen).to_vec().iter().collect::<String>());
        following.push(char_index[&text[i + maxlen]]);
    }
    println!("{sentences:?}");
    println!("{following:?}");

    let mut seed = python::slice(&text, 4..11).to_vec();
    let mut written = "".to_string();
    for i in 0..4 {
        let next_char = chars[3 * i % chars.len()];
        written.push(next_char);
        seed = format!("{}{}", python::slice(&seed, 1..).to_vec().iter().collect::<String>(), next_char).chars().collect::<Vec<char>>();
    }
    println!("{}{} {}{}", format!("{}{}", "\"", written), "\"", format!("{}{}", "\"", seed.iter().collect::<String>()), "\"");

    // -- parts of texts ---------------------------------------------------------------
    let name = "model-epoch-03.keras";
    println!("{} {} {} {} {}", name.to_uppercase(), name.replace("-", "_"), if name.starts_with("model") { "True" } else { "False" }, if name.ends_with(".h5") { "True" } else { "False" }, if name.contains("03") { "True" } else { "False" });
    println!("{} {} {} {} {}", python::slice(&text, ..5).iter().collect::<String>(), python::slice(&text, -6..).iter().collect::<String>(), python::slice(&text, 6..-6).iter().collect::<String>(), text[text.len() - 1], text.iter().rev().cloned().collect::<Vec<_>>().iter().collect::<String>());
    let stem = name.split(".").map(str::to_string).collect::<Vec<_>>()[0].clone();
    println!("{stem} {:?} {}", stem.split("-").map(str::to_string).collect::<Vec<_>>(), stem.split("-").map(str::to_string).collect::<Vec<_>>()[2].trim().parse::<i64>().map_err(|error| Error::new(error.to_string()))? + 1);

    // -- numbers in texts -----------------------------------------------------------------
    let (loss, accuracy, epoch) = (0.0123456, 0.98765, 7);
    println!("loss: {loss:.4}, accuracy: {:.1}%, error: {}", 100.0 * (accuracy), python::format(1.0 - accuracy, ".2e")?);
    println!("[{loss:8.3}] [{loss:<8.3}] [{epoch:5}] [{epoch:03}] [{loss:+.2}]");
    println!("epoch {epoch} of {}, {:5.1}%", "ten", (100 * epoch) as f64 / 10.0);
    println!("{}{}", format!("{}{}", format!("{}{}", format!("{}{}", format!("{}{}", "rate=", python::repr(0.001)), " units="), 64.to_string()), " decay="), python::repr(1.0));
    println!("{:>6} {:<6}|", format!("{:?}", 2.0), format!("{:?}", 1.5));

    let numbers = vec![0.25, 1.0, 12.5];
    println!("{numbers:?} {:?} {:?} {:?} {:?} {}", vec![1, 2], vec!["a", "b"], (1, 2.5, "c"), IndexMap::from([("a", 1)]), if numbers.len() > 2 { "True" } else { "False" });
    println!("{} {}", numbers.iter().map(|&number| format!("{number:.2}")).collect::<Vec<String>>().join(", "), "-".repeat(10));
    Ok(())
}
