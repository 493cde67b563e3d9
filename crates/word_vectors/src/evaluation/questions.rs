//! Files of questions for analogies.

use super::{EvaluationOptions, Known, SectionScore, bad_line, for_each_line};
use crate::Words;
use candle_keras_ops::{Error, Result};
use std::path::Path;

/// A question all of whose words are known.
pub(super) struct Question {
    pub(super) section: usize,
    /// The rows of `a`, `b` and `c`.
    pub(super) rows: [usize; 3],
    /// Where these are in [`Questions::asked`].
    pub(super) words: [usize; 3],
    /// The row of `d`.
    pub(super) expected: usize,
}

/// What is in a file of questions.
pub(super) struct Questions {
    pub(super) sections: Vec<SectionScore>,
    pub(super) questions: Vec<Question>,
    /// The rows of the words that occur in the questions, each once.
    pub(super) asked: Vec<usize>,
}

/// Reads a file of questions.
pub(super) fn read(path: &Path, known: &Known, options: &EvaluationOptions) -> Result<Questions> {
    let mut read = Questions { sections: Vec::new(), questions: Vec::new(), asked: Vec::new() };
    let mut asked = Words::new();
    for_each_line(path, |number, line| {
        if line.trim().is_empty() {
            return Ok(());
        }
        if let Some(name) = line.strip_prefix(':') {
            read.sections.push(SectionScore { name: name.trim().into(), ..SectionScore::default() });
            return Ok(());
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let [a, b, c, d] = words[..] else {
            return Err(bad_line(path, number, "four words, or a colon and the name of a section", line));
        };
        let index = read.sections.len().wrapping_sub(1);
        let Some(section) = read.sections.get_mut(index) else {
            return Err(bad_line(path, number, "a colon and the name of a section before the first question", line));
        };
        section.total += 1;
        let rows = [a, b, c, d].map(|word| known.row(&options.folded(word)));
        let [Some(a), Some(b), Some(c), Some(expected)] = rows else {
            section.unknown += 1;
            section.used += usize::from(options.dummy4unknown);
            return Ok(());
        };
        section.used += 1;
        let words = [a, b, c].map(|row| {
            let (word, added) = asked.insert(&row.to_string());
            read.asked.extend(added.then_some(row));
            word as usize
        });
        read.questions.push(Question { section: index, rows: [a, b, c], words, expected });
        Ok(())
    })?;
    if read.sections.iter().all(|section| section.total == 0) {
        return Err(Error::new(format!("there are no questions in {}", path.display()))
            .expected("lines of four words, in sections that begin with a line like \": family\""));
    }
    Ok(read)
}
