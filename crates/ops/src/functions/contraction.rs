//! Einstein's convention.

use super::*;
use crate::einsum;

operations! {
    /// Products and sums of any axes.
    mod contractions: Numpy, Composition;

    /// [`einsum`](super::einsum()) of the operands, before the equation.
    Einsum einsum([operands..])[subscripts: Subscripts]: {
        let shapes: Vec<&[usize]> = operands.iter().map(|x| x.shape.as_slice()).collect();
        Ok(Spec::new(einsum::output_shape(&subscripts.0, &shapes)?, crate::operation::promoted(operands)))
    } => einsum::einsum(&subscripts.0, &common(operands)?);
}
