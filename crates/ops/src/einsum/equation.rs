//! The equation of an einsum: which axis of which operand has which label.

use crate::Error;
use candle_core::Result;
use hashbrown::HashMap;

/// The name of an axis: a letter, or its place behind `...`, counted from the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Label {
    Unnamed(usize),
    Letter(char),
}

/// An equation for operands of known shapes.
pub(crate) struct Equation {
    /// The labels of each operand's axes.
    pub(crate) operands: Vec<Vec<Label>>,
    /// Those of the result: each once.
    pub(crate) output: Vec<Label>,
    /// An axis of size 1 repeats along those of the same label.
    pub(crate) sizes: HashMap<Label, usize>,
}

impl Equation {
    /// Reads `"ij,jk->ik"`, with or without the part behind the arrow, with spaces and `...` where NumPy takes them.
    ///
    /// # Errors
    /// If it is not an equation, or does not fit the shapes.
    pub(crate) fn new(subscripts: &str, shapes: &[&[usize]]) -> Result<Self> {
        let error = |what: String| Error::new(format!("einsum {subscripts:?}: {what}"));
        let text: String = subscripts.split_whitespace().collect();
        let (left, right) = text.split_once("->").map_or((text.as_str(), None), |(left, right)| (left, Some(right)));
        let terms: Vec<&str> = left.split(',').collect();
        if terms.len() != shapes.len() {
            return Err(error(format!("the equation has {} terms for {} operands", terms.len(), shapes.len())).into());
        }
        for term in terms.iter().copied().chain(right) {
            if let Some(other) = term.replacen("...", "", 1).chars().find(|letter| !letter.is_ascii_alphabetic()) {
                return Err(error(format!("{other:?} is no label: letters are, and \"...\" once a term")).into());
            }
        }
        let (mut operands, mut most) = (Vec::new(), 0);
        for (term, shape) in terms.iter().zip(shapes) {
            let unnamed = shape.len().checked_sub(term.chars().filter(char::is_ascii_alphabetic).count());
            let unnamed = unnamed.filter(|count| *count == 0 || term.contains('.')).ok_or_else(|| {
                error(format!("the term {term:?} has not one label for each axis"))
                    .received(format!("the shape {shape:?}"))
            })?;
            most = most.max(unnamed);
            operands.push(labels(term, unnamed));
        }
        let output = right.map_or_else(|| implicit(&operands, most), |term| labels(term, most));
        for (i, label) in output.iter().enumerate() {
            if output[..i].contains(label) {
                return Err(error(format!("the output has {} twice", label.shown())).into());
            }
            let Label::Letter(letter) = label else { continue };
            if !operands.iter().any(|labels| labels.contains(label)) {
                return Err(error(format!("the output has {letter:?}, and no operand")).into());
            }
        }
        let mut sizes = HashMap::new();
        for (labels, shape) in operands.iter().zip(shapes) {
            for (i, (label, &size)) in labels.iter().zip(*shape).enumerate() {
                let twice = labels[..i].iter().position(|other| other == label);
                let known = sizes.entry(*label).or_insert(size);
                let same = twice.is_none_or(|other| shape[other] == size);
                if !same || (*known != size && *known != 1 && size != 1) {
                    return Err(error(format!("{} is {known} and {size}", label.shown()))
                        .received(format!("operands of the shapes {shapes:?}"))
                        .into());
                }
                if *known == 1 {
                    *known = size;
                }
            }
        }
        Ok(Self { operands, output, sizes })
    }

    /// The sizes of these axes.
    pub(crate) fn sizes_of(&self, labels: &[Label]) -> Vec<usize> {
        labels.iter().map(|label| self.sizes.get(label).copied().unwrap_or(1)).collect()
    }
}

impl Label {
    fn shown(self) -> String {
        match self {
            Self::Letter(letter) => format!("{letter:?}"),
            Self::Unnamed(_) => "an axis behind \"...\"".into(),
        }
    }
}

/// The labels of a term, with so many axes where it says `...`.
fn labels(term: &str, unnamed: usize) -> Vec<Label> {
    let letters = |text: &str| text.chars().map(Label::Letter).collect::<Vec<_>>();
    match term.split_once("...") {
        Some((before, behind)) => {
            [letters(before), (0..unnamed).rev().map(Label::Unnamed).collect(), letters(behind)].concat()
        }
        None => letters(term),
    }
}

/// The output of an equation without an arrow: what is behind `...`, then the letters that are there once, in alphabetical order.
fn implicit(operands: &[Vec<Label>], unnamed: usize) -> Vec<Label> {
    let all: Vec<char> = operands
        .iter()
        .flatten()
        .filter_map(|label| match label {
            Label::Letter(letter) => Some(*letter),
            Label::Unnamed(_) => None,
        })
        .collect();
    let mut once: Vec<char> =
        all.iter().copied().filter(|letter| all.iter().filter(|other| *other == letter).count() == 1).collect();
    once.sort_unstable();
    (0..unnamed).rev().map(Label::Unnamed).chain(once.into_iter().map(Label::Letter)).collect()
}
