//! Queries for similar words.

use super::lines::lines;
use super::options::{whole, with_options};
use super::source::Reading;
use crate::print::{print, print_each, print_error};
use anyhow::{Result, bail};
use candle_keras_word_vectors::Objective;
use clap::{Args, CommandFactory, FromArgMatches, Parser, ValueEnum};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct Nearest {
    /// A file of vectors
    file: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// The words; with a fastText .bin, unseen ones too; without any, each line of standard input is one, answered immediately
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// The number of similar words for each
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = whole(1..))]
    top: usize,
    /// Prints JSON: a list with an object for each word; one object per line for words from standard input
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Analogy {
    /// A file of vectors
    file: PathBuf,
    /// Words with + and - between them or before them: king - man + woman, or king -man +woman; without any, each line of standard input is
    /// a question
    #[arg(value_name = "WORD", trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
    #[command(flatten)]
    options: AnalogyOptions,
}

/// They may also follow the words, where the first parser takes everything as words.
#[derive(Debug, Default, Parser)]
#[command(name = "vectors analogy")]
struct AnalogyOptions {
    #[command(flatten)]
    reading: Reading,
    /// The number of words printed [default: 10]
    #[arg(long, value_name = "N", value_parser = whole(1..))]
    top: Option<usize>,
    /// Adds the cosines with the words, or multiplies and divides them [default: cosadd]
    #[arg(long, value_enum)]
    objective: Option<ObjectiveName>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

impl AnalogyOptions {
    /// Merges these with options that are not set.
    fn or(self, others: &Self) -> Self {
        Self {
            reading: self.reading.or(&others.reading),
            top: self.top.or(others.top),
            objective: self.objective.or(others.objective),
            json: self.json || others.json,
        }
    }
}

/// How the words of a question are combined.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum ObjectiveName {
    #[default]
    Cosadd,
    Cosmul,
}

impl From<ObjectiveName> for Objective {
    fn from(name: ObjectiveName) -> Self {
        match name {
            ObjectiveName::Cosadd => Self::CosAdd,
            ObjectiveName::Cosmul => Self::CosMul,
        }
    }
}

/// The answers to a question, the best first.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    question: String,
    nearest: Vec<Near<'a>>,
}

#[derive(Debug, Serialize)]
struct Near<'a> {
    word: &'a str,
    similarity: f32,
}

impl<'a> Answer<'a> {
    fn new(question: &str, best: Vec<(&'a str, f32)>) -> Self {
        let nearest = best.into_iter().map(|(word, similarity)| Near { word, similarity }).collect();
        Self { question: question.into(), nearest }
    }

    fn text(&self, is_json: bool) -> Result<String> {
        if is_json {
            return Ok(serde_json::to_string(self)?);
        }
        let rows = self.nearest.iter().map(|near| format!("\n  {:7.4}  {}", near.similarity, near.word));
        Ok(std::iter::once(self.question.clone()).chain(rows).collect())
    }
}

pub(super) fn nearest(arguments: &Nearest) -> Result<()> {
    let source = arguments.reading.open(&arguments.file)?;
    let answers = |words: &[&str]| -> Result<Vec<Answer>> {
        let answers = words.iter().zip(source.nearest(words, arguments.top)?);
        Ok(answers.map(|(word, best)| Answer::new(word, best)).collect())
    };
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    if words.is_empty() {
        return answer_lines(arguments.json, |word| Ok(answers(&[word])?.remove(0)));
    }
    let answers = answers(&words)?;
    if arguments.json {
        return print(&serde_json::to_string(&answers)?);
    }
    print(&answers.iter().map(|answer| answer.text(false)).collect::<Result<Vec<_>>>()?.join("\n"))
}

pub(super) fn analogy(arguments: &Analogy) -> Result<()> {
    let (words, options) = divide(&arguments.words, &arguments.options)?;
    if !words.is_empty() {
        // Wrong signs are reported before gigabytes are read.
        signs(&words)?;
    }
    let source = options.reading.open(&arguments.file)?;
    let answer = |words: &str| -> Result<Answer> {
        let (positive, negative) = signs(words)?;
        let positive = positive.into_iter().map(|word| source.asked(word)).collect::<Result<Vec<_>>>()?;
        let negative = negative.into_iter().map(|word| source.asked(word)).collect::<Result<Vec<_>>>()?;
        let query = source
            .query()
            .positive(positive.iter().collect::<Vec<_>>())
            .negative(negative.iter().collect::<Vec<_>>())
            .objective(options.objective.unwrap_or_default().into())
            .top(options.top.unwrap_or(10));
        Ok(Answer::new(words, query.run()?))
    };
    if words.is_empty() {
        return answer_lines(options.json, answer);
    }
    print(&answer(&words)?.text(options.json)?)
}

/// Answers each line of standard input immediately. A question without an answer is reported, and the next one is answered.
fn answer_lines<'a>(is_json: bool, answer: impl Fn(&str) -> Result<Answer<'a>>) -> Result<()> {
    let (mut asked, mut failed) = (0, 0);
    let questions =
        lines(Path::new("-"), false)?.filter(|line| !line.as_ref().is_ok_and(|line| line.trim().is_empty()));
    print_each(questions.filter_map(|line| {
        let line = match line {
            Ok(line) => line,
            Err(error) => return Some(Err(error)),
        };
        asked += 1;
        let text = answer(line.trim()).and_then(|answer| answer.text(is_json));
        text.map_err(|error| {
            failed += 1;
            print_error(&with_options(&format!("{error:#}")));
        })
        .ok()
        .map(Ok)
    }))?;
    if failed > 0 {
        bail!("{failed} of {asked} questions have no answer");
    }
    Ok(())
}

/// The words as one text, and the options including those after the words.
fn divide(words: &[String], options: &AnalogyOptions) -> Result<(String, AnalogyOptions)> {
    let end = words.iter().position(|word| word.starts_with("--")).unwrap_or(words.len());
    let behind = std::iter::once("analogy").chain(words[end..].iter().map(String::as_str));
    // Help is that of the whole command.
    let matches = AnalogyOptions::command().disable_help_flag(true).try_get_matches_from(behind)?;
    Ok((words[..end].join(" "), AnalogyOptions::from_arg_matches(&matches)?.or(options)))
}

/// The words that are added, and those that are subtracted.
fn signs(words: &str) -> Result<(Vec<&str>, Vec<&str>)> {
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    let mut sign = None;
    for token in words.split_whitespace() {
        let (its_sign, word) = match token.split_at_checked(1) {
            Some(("+", word)) => (Some('+'), word),
            Some(("-", word)) => (Some('-'), word),
            _ => (None, token),
        };
        if sign.is_some() && its_sign.is_some() {
            bail!("{words:?} has two signs in a row; expected: words as in king - man + woman");
        }
        sign = sign.or(its_sign);
        if word.is_empty() {
            continue;
        }
        if sign.take() == Some('-') { negative.push(word) } else { positive.push(word) }
    }
    match (sign, positive.as_slice()) {
        (Some(sign), _) => bail!("there is no word after the last {sign} of {words:?}"),
        (None, []) => bail!("{words:?} has no word that is added; expected: words as in king - man + woman"),
        _ => Ok((positive, negative)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_signs() {
        let parts = (vec!["king", "woman"], vec!["man"]);
        for words in ["king - man + woman", "king -man +woman", "- man king woman", "+king -man woman"] {
            assert_eq!(signs(words).unwrap(), parts, "{words}");
        }
        assert_eq!(signs("ice-cream").unwrap(), (vec!["ice-cream"], vec![]));
        let error = |words| signs(words).unwrap_err().to_string();
        assert!(error("king + - man").contains("two signs"));
        assert!(error("king -").contains("after the last -"));
        assert!(error("-man").contains("no word that is added"));
    }
}
