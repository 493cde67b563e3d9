//! Multiply: the product. Keras: `keras.layers.Multiply`.

use super::{base_merge::fold, merge_layer};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Result};

merge_layer! {
    /// The product of its inputs; masked elements count as 1, and the result is 0 where all inputs are masked.
    ///
    /// Keras: `keras.layers.Multiply`.
    ///
    /// # Shapes
    /// - inputs: two or more of the same shape; sizes of 1 broadcast
    /// - output: their common shape
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Multiply, Input, Layer};
    /// let (a, b) = (Input::shape([8]), Input::shape([8]));
    /// assert_eq!(Multiply::new().call([&a, &b]).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    Multiply, 1..=usize::MAX, product
}

fn product(inputs: &[Tensor], masks: &[Option<Tensor>]) -> Result<Tensor> {
    let (mut factors, mut counts) = (Vec::with_capacity(inputs.len()), Vec::new());
    for (i, x) in inputs.iter().enumerate() {
        match masks.get(i).and_then(Option::as_ref) {
            Some(mask) => {
                let mask = ops::expand_dims(mask, -1)?.broadcast_as(x.shape())?;
                factors.push(ops::where_(&mask, x, &x.detach().ones_like()?)?);
                counts.push(mask);
            }
            None => factors.push(x.clone()),
        }
    }
    let product = fold(&factors, ops::multiply)?;
    if counts.len() < inputs.len() {
        return Ok(product);
    }
    Ok(ops::where_(&fold(&counts, Tensor::broadcast_maximum)?, &product, &product.detach().zeros_like()?)?)
}
