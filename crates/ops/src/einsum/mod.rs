//! Products and sums of tensors by Einstein's convention. NumPy: `numpy.einsum`.

mod equation;
mod labelled;
#[cfg(test)]
mod tests;

use crate::lengths;
use candle_core::{Result, Tensor};
pub(crate) use equation::{Equation, Label};
use labelled::Labelled;

/// The sums of products that the equation says, of operands of one dtype.
///
/// Diagonals and sums within one operand come first, then contractions of two at a time, each a batched matrix product. The pair that
/// comes next is the one whose result is smallest beside what it replaces.
pub(crate) fn einsum(subscripts: &str, operands: &[Tensor]) -> Result<Tensor> {
    let shapes: Vec<&[usize]> = operands.iter().map(Tensor::dims).collect();
    let equation = Equation::new(subscripts, &shapes)?;
    let output = &equation.output;
    if operands.iter().any(|x| x.elem_count() == 0) {
        return Tensor::zeros(equation.sizes_of(output), operands[0].dtype(), operands[0].device());
    }
    let mut terms = Vec::new();
    for (x, labels) in operands.iter().zip(&equation.operands) {
        let term = Labelled::new(x.clone(), labels.clone())?;
        terms.push(term.without_repeated(|label| equation.sizes[label] != 1)?);
    }
    for i in 0..terms.len() {
        let term = terms[i].clone();
        terms[i] = term.summed(|label| is_wanted(label, output, &terms, &[i]))?;
    }
    while terms.len() > 1 {
        let (i, j) = next_pair(&terms, &equation);
        let labels = if terms.len() == 2 { output.clone() } else { contracted(&terms, output, i, j) };
        let (second, first) = (terms.remove(j), terms.remove(i));
        let product = first.times(&second, &labels)?;
        terms.push(product);
    }
    terms[0].in_order(output)
}

/// The shape of the result for operands of these shapes.
pub(crate) fn output_shape(subscripts: &str, shapes: &[&[usize]]) -> Result<Vec<usize>> {
    let equation = Equation::new(subscripts, shapes)?;
    let sizes = equation.sizes_of(&equation.output);
    lengths::elements(&sizes)?;
    Ok(sizes)
}

/// Whether a label is in the output, or in a term that is not one of these.
fn is_wanted(label: &Label, output: &[Label], terms: &[Labelled], without: &[usize]) -> bool {
    let others = terms.iter().enumerate().filter(|(i, _)| !without.contains(i));
    output.contains(label) || others.into_iter().any(|(_, term)| term.labels.contains(label))
}

/// The labels of the product of two terms.
fn contracted(terms: &[Labelled], output: &[Label], i: usize, j: usize) -> Vec<Label> {
    let wanted = |label: &&Label| is_wanted(label, output, terms, &[i, j]);
    let (a, b) = (&terms[i].labels, &terms[j].labels);
    let (shared, left): (Vec<Label>, Vec<Label>) = a.iter().filter(wanted).partition(|label| b.contains(label));
    let right = b.iter().filter(wanted).filter(|label| !a.contains(label)).copied().collect();
    [shared, left, right].concat()
}

/// The two terms, `i` before `j`, whose product adds the fewest elements.
fn next_pair(terms: &[Labelled], equation: &Equation) -> (usize, usize) {
    let size = |labels: &[Label]| labels.iter().map(|label| equation.sizes[label] as f64).product::<f64>();
    let pairs = (0..terms.len()).flat_map(|i| (i + 1..terms.len()).map(move |j| (i, j)));
    let added = |&(i, j): &(usize, usize)| {
        size(&contracted(terms, &equation.output, i, j)) - size(&terms[i].labels) - size(&terms[j].labels)
    };
    pairs.min_by(|a, b| added(a).total_cmp(&added(b))).unwrap_or((0, 1))
}
