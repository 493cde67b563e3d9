//! Scores of analogies, by the sections of their file.

use super::percent;
use std::fmt;

/// How many analogies of a section, or of several, were solved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SectionScore {
    /// The section's name.
    pub name: String,
    /// How many answers were right.
    pub correct: usize,
    /// How many questions were answered.
    pub used: usize,
    /// How many questions have a word that has no vector.
    pub unknown: usize,
    /// How many questions there are.
    pub total: usize,
}

impl SectionScore {
    /// The share of the answers that are right, 0 to 1; 0 if there are none, as in gensim.
    pub fn accuracy(&self) -> f64 {
        if self.used == 0 { 0.0 } else { self.correct as f64 / self.used as f64 }
    }

    fn sum<'a>(name: &str, sections: impl Iterator<Item = &'a Self>) -> Self {
        let start = Self { name: name.into(), ..Self::default() };
        sections.fold(start, |sum, section| Self {
            correct: sum.correct + section.correct,
            used: sum.used + section.used,
            unknown: sum.unknown + section.unknown,
            total: sum.total + section.total,
            ..sum
        })
    }
}

/// How many analogies were solved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalogyScores {
    /// The sections of the file.
    pub sections: Vec<SectionScore>,
}

impl AnalogyScores {
    /// All sections.
    pub fn total(&self) -> SectionScore {
        SectionScore::sum("total", self.sections.iter())
    }

    /// The sections about meaning: those whose names do not begin with `gram`.
    pub fn semantic(&self) -> SectionScore {
        SectionScore::sum("semantic", self.sections.iter().filter(|section| !is_syntactic(section)))
    }

    /// The sections about grammar: those whose names begin with `gram`, as word2vec's do.
    pub fn syntactic(&self) -> SectionScore {
        SectionScore::sum("syntactic", self.sections.iter().filter(|section| is_syntactic(section)))
    }

    /// The share of questions with an unknown word, 0 to 1. (gensim gives it in percent.)
    pub fn oov_ratio(&self) -> f64 {
        let total = self.total();
        total.unknown as f64 / total.total as f64
    }
}

fn is_syntactic(section: &SectionScore) -> bool {
    section.name.starts_with("gram")
}

impl fmt::Display for AnalogyScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sums = [self.semantic(), self.syntactic(), self.total()];
        let rows = || self.sections.iter().chain(&sums);
        let width = rows().map(|row| row.name.chars().count()).max().unwrap_or(0).max("section".len());
        write!(f, "{:width$}  {:>8}  {:>7}  {:>7}  {:>7}", "section", "accuracy", "correct", "used", "total")?;
        for row in rows() {
            let accuracy = percent(row.correct, row.used);
            write!(f, "\n{:width$}  {accuracy:>8}  {:>7}  {:>7}  {:>7}", row.name, row.correct, row.used, row.total)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_printed() {
        let section = |name: &str, correct, used, total| SectionScore {
            name: name.into(),
            correct,
            used,
            unknown: total - used,
            total,
        };
        let scores = AnalogyScores { sections: vec![section("family", 3, 4, 10), section("gram1-x", 0, 0, 5)] };
        assert_eq!((scores.semantic().accuracy(), scores.syntactic().accuracy()), (0.75, 0.0));
        let expected = [
            "section    accuracy  correct     used    total",
            "family       75.0 %        3        4       10",
            "gram1-x           -        0        0        5",
            "semantic     75.0 %        3        4       10",
            "syntactic         -        0        0        5",
            "total        75.0 %        3        4       15",
        ];
        assert_eq!(scores.to_string(), expected.join("\n"));
    }
}
