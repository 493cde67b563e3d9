//! EinsumDense: a fully connected layer along any axes. Keras: `keras.layers.EinsumDense`.

use crate::activations::ActivationFunction;
use crate::layer::single;
use crate::lora::{LoraArguments, lora_setters};
use crate::{Build, Constraint, Context, Initializer, Layer, Regularizer, Shape, Weight};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, FusedActivation, Result};

layer! {
    /// `activation(einsum(equation, input, kernel) + bias)`.
    ///
    /// The equation has the labels of the input, of the kernel and of the output: `"abc,cd->abd"`. `...` stands for any number of axes that the kernel
    /// does not touch, before or behind the others of both the input and the output.
    ///
    /// Keras: `keras.layers.EinsumDense`.
    ///
    /// # Shapes
    /// - input: as the equation says, the batch first
    /// - output: as the equation says; a size that is in the input may be left open (`None`) in `output_shape`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{EinsumDense, Input, Layer};
    /// let x = Input::shape([20, 128]);
    /// let y = EinsumDense::new("abc,cde->abde", (None, 8, 16)).bias_axes("de").call(&x); // 8 heads of 16
    /// assert_eq!(y.shape()?.to_string(), "(None, 20, 8, 16)");
    /// let y = EinsumDense::new("...x,xy->...y", (64,)).bias_axes("y").activation("relu").call(&x);
    /// assert_eq!(y.shape()?.to_string(), "(None, 20, 64)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct EinsumDense(
        /// The equation: `"input,kernel->output"`.
        equation: String,
        /// The sizes of the output, without the batch and what `...` stands for.
        output_shape: Shape,
    ) {
        /// The activation.
        activation: ActivationFunction = "linear",
        /// The labels of the output along which there is a bias; without them there is none.
        bias_axes: Option<String>,
        /// The initializer of the kernel.
        kernel_initializer: Initializer = "glorot_uniform",
        /// The initializer of the bias.
        bias_initializer: Initializer = "zeros",
        /// The regularizer of the kernel.
        kernel_regularizer: Option<Regularizer>,
        /// The regularizer of the bias.
        bias_regularizer: Option<Regularizer>,
        /// The constraint on the kernel.
        kernel_constraint: Option<Constraint>,
        /// The constraint on the bias.
        bias_constraint: Option<Constraint>,
        ..lora: LoraArguments = LoraArguments::new() => lora_setters,
    }
}

/// The labels of an equation, and what they say about an input.
struct Plan {
    input: Vec<char>,
    kernel: Vec<char>,
    output: Vec<char>,
    /// How many axes `...` stands for, and whether they come first.
    unnamed: usize,
    is_left: bool,
    output_shape: Shape,
}

impl EinsumDense {
    fn plan(&self, shape: &Shape) -> Result<Plan> {
        let error = |what: String| Error::new(what).received(format!("the equation {:?}", self.equation));
        let form = || {
            error("the equation does not describe the layer".into())
                .expected("\"ab,bc->ac\", \"...ab,bc->...ac\" or \"ab...,bc->ac...\"")
        };
        let text: String = self.equation.split_whitespace().collect();
        let (terms, output) = text.split_once("->").ok_or_else(form)?;
        let (input, kernel) = terms.split_once(',').ok_or_else(form)?;
        let (is_left, is_right) = (input.starts_with("..."), input.ends_with("..."));
        let (input, output) = match (is_left, is_right) {
            (true, _) => (input.strip_prefix("..."), output.strip_prefix("...")),
            (_, true) => (input.strip_suffix("..."), output.strip_suffix("...")),
            _ => (Some(input), Some(output)),
        };
        let letters = |term: &str| {
            (!term.is_empty() && term.chars().all(|c| c.is_ascii_alphabetic()))
                .then(|| term.chars().collect::<Vec<_>>())
        };
        let all = input.and_then(letters).zip(letters(kernel)).zip(output.and_then(letters));
        let ((input, kernel), output) = all.ok_or_else(form)?;
        for term in [&input, &kernel, &output] {
            if let Some(twice) = term.iter().find(|label| term.iter().filter(|other| other == label).count() > 1) {
                return Err(error(format!("a term of the equation has {twice:?} twice")));
            }
        }
        let unnamed = shape.len().checked_sub(input.len()).filter(|unnamed| *unnamed == 0 || is_left || is_right);
        let unnamed = unnamed.ok_or_else(|| {
            error("the equation has not one label for each axis of the input".into())
                .expected(format!("{} axes", input.len()))
                .received(format!("an input of shape {shape}"))
        })?;
        let has_batch = !(is_left && unnamed > 0);
        if has_batch && (input[0] != output[0] || kernel.contains(&input[0])) {
            return Err(error("the first label of the input and of the output is the batch".into()));
        }
        if let Some(label) = output.iter().find(|label| !input.contains(label) && !kernel.contains(label)) {
            return Err(error(format!("the output has {label:?}, which neither the input nor the kernel has")));
        }
        if let Some(label) = kernel.iter().find(|label| !input.contains(label) && !output.contains(label)) {
            return Err(error(format!("the kernel has {label:?}, which neither the input nor the output has")));
        }
        let (named, others) = match is_left {
            true => (&shape[unnamed..], &shape[..unnamed]),
            false => (&shape[..input.len()], &shape[input.len()..]),
        };
        // The sizes of the output that are given, and of those that are not, those of the input.
        let given: Vec<Option<usize>> =
            named.first().copied().filter(|_| has_batch).into_iter().chain(self.output_shape.iter().copied()).collect();
        if given.len() != output.len() {
            return Err(Error::new("output_shape has not one size for each label of the output, without the batch")
                .expected(format!("{} sizes for {:?}", output.len() - usize::from(has_batch), self.equation))
                .received(self.output_shape.to_string()));
        }
        let mut sizes = Vec::new();
        for (label, size) in output.iter().zip(given) {
            let of_input = input.iter().position(|other| other == label).and_then(|axis| named[axis]);
            if let Some((size, of_input)) = size.zip(of_input).filter(|(a, b)| a != b) {
                return Err(error(format!("{label:?} is {size} in output_shape and {of_input} in the input")));
            }
            sizes.push(size.or(of_input));
        }
        let output_shape = if is_left { [others, &sizes].concat() } else { [&sizes, others].concat() };
        let output_shape = output_shape.into_iter().collect();
        Ok(Plan { input, kernel, output, unnamed, is_left, output_shape })
    }
}

impl Plan {
    /// The axis of a label in the input, from its end if `...` comes first.
    fn input_axis(&self, label: char) -> Option<i64> {
        let axis = self.input.iter().position(|other| *other == label)? as i64;
        Some(if self.is_left { axis - self.input.len() as i64 } else { axis })
    }

    fn output_size(&self, label: char) -> Option<usize> {
        let axis = self.output.iter().position(|other| *other == label)?;
        self.output_shape[axis + if self.is_left { self.unnamed } else { 0 }]
    }

    /// The shape of the kernel, and which of its axes are inputs and outputs.
    fn kernel(&self, build: &mut Build) -> Result<(Vec<usize>, Vec<usize>, Vec<usize>)> {
        let (mut shape, mut inputs, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
        for (i, &label) in self.kernel.iter().enumerate() {
            if self.output.contains(&label) {
                outputs.push(i)
            } else {
                inputs.push(i)
            }
            shape.push(match self.input_axis(label) {
                Some(axis) => build.input_size(axis)?,
                None => known(label, self.output_size(label))?,
            });
        }
        Ok((shape, inputs, outputs))
    }

    /// The shape of the bias along these labels: that of the output from the first of them on, with size 1 along the others.
    fn bias(&self, axes: &str) -> Result<Vec<usize>> {
        if let Some(other) = axes.chars().find(|label| !self.output.contains(label)) {
            return Err(Error::new(format!("bias_axes has {other:?}, which the output has not")).received(axes));
        }
        let labels = self.output.iter().skip_while(|label| !axes.contains(**label));
        let size = |&label: &char| if axes.contains(label) { known(label, self.output_size(label)) } else { Ok(1) };
        let behind = if self.is_left { 0 } else { self.unnamed };
        let mut sizes = labels.map(size).collect::<Result<Vec<_>>>()?;
        sizes.extend(std::iter::repeat_n(1, behind));
        Ok(sizes)
    }

    /// Over how many last axes of the input the kernel is a matrix whose other axes replace them, if it is one.
    fn matrix_axes(&self) -> Option<usize> {
        let over = self.kernel.iter().take_while(|label| !self.output.contains(label)).count();
        let kept = self.input.len().checked_sub(over)?;
        let is_matrix = self.input[kept..] == self.kernel[..over]
            && self.output == [&self.input[..kept], &self.kernel[over..]].concat()
            && (self.is_left || self.unnamed == 0);
        (is_matrix && over > 0).then_some(over)
    }
}

fn known(label: char, size: Option<usize>) -> Result<usize> {
    match size {
        Some(0) => Err(Error::new(format!("the size of {label:?} must be positive")).received("0")),
        Some(size) => Ok(size),
        None => Err(Error::new(format!("the size of {label:?} must be known")).help("output_shape has it")),
    }
}

impl Layer for EinsumDense {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.plan(single(inputs)?)?.output_shape])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        self.activation.check()?;
        let plan = self.plan(single(inputs)?)?;
        let (shape, inputs, outputs) = plan.kernel(build)?;
        let initializer = self.kernel_initializer.for_axes(&inputs, &outputs)?;
        build.add_weight(
            Weight::new("kernel", shape, &initializer)
                .regularizer(&self.kernel_regularizer)
                .constraint(&self.kernel_constraint),
        );
        build.adaptable("kernel", &self.lora);
        if let Some(axes) = &self.bias_axes {
            build.add_weight(
                Weight::new("bias", plan.bias(axes)?, &self.bias_initializer)
                    .regularizer(&self.bias_regularizer)
                    .constraint(&self.bias_constraint),
            );
        }
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let kernel = self.weight("kernel", ctx)?;
        let x = single(inputs)?.to_dtype(kernel.dtype())?;
        let bias = if self.bias_axes.is_some() { Some(self.weight("bias", ctx)?) } else { None };
        let y = match self.plan(&x.dims().into())?.matrix_axes() {
            // A bias along the axes of the kernel is added to the product while it is in the cache.
            Some(over) => {
                let fused = bias.as_ref().filter(|bias| bias.dims() == &kernel.dims()[over..]);
                let is_whole = fused.is_some() == bias.is_some();
                let activation = self.activation.fused().filter(|_| is_whole);
                let y = ops::dense_over(&x, &kernel, fused, activation.unwrap_or_default(), over)?;
                if is_whole {
                    return Ok(vec![if activation.is_some() { y } else { self.activation.call(&y)? }]);
                }
                y
            }
            None => ops::einsum(&self.equation, &[&x, &kernel])?,
        };
        let y = bias.map_or_else(|| Ok(y.clone()), |bias| ops::add(&y, &bias))?;
        Ok(vec![match self.activation.fused() {
            Some(FusedActivation::Linear) => y,
            _ => self.activation.call(&y)?,
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, Lora, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let plain = || EinsumDense::new("ab,bc->ac", (4,)).bias_axes("c").activation("tanh");
        check_layer(plain, Check::inputs([[2, 3]]).output([2, 4]).weights(2));
        let heads = || EinsumDense::new("abc,cde->abde", (None, 2, 4)).bias_axes("de");
        check_layer(heads, Check::inputs([[2, 3, 5]]).output([2, 3, 2, 4]).weights(2));
        let back = || EinsumDense::new("abde,dec->abc", (3, 5)).activation("elu");
        check_layer(back, Check::inputs([[2, 3, 2, 2]]).output([2, 3, 5]).weights(1));
        let left = || EinsumDense::new("...x,xy->...y", (4,)).bias_axes("y");
        check_layer(left, Check::inputs([[2, 2, 3]]).output([2, 2, 4]).weights(2));
        let right = || EinsumDense::new("ab...,bc->ac...", (4,)).bias_axes("c").activation("tanh");
        check_layer(right, Check::inputs([[2, 3, 2]]).output([2, 4, 2]).weights(2));
        let of_some = || EinsumDense::new("abc,cde->abde", (None, 2, 4)).bias_axes("e").activation("tanh");
        check_layer(of_some, Check::inputs([[2, 2, 3]]).output([2, 2, 2, 4]).weights(2));
        // A kernel of its own for each step.
        let local = || EinsumDense::new("abc,bcd->abd", (3, 2)).bias_axes("bd");
        check_layer(local, Check::inputs([[2, 3, 4]]).output([2, 3, 2]).weights(2));
        let turned = || EinsumDense::new("abc,bd->acd", (None, 2)).bias_axes("d").activation("sigmoid");
        check_layer(turned, Check::inputs([[2, 3, 4]]).output([2, 4, 2]).weights(2));
    }

    #[test]
    fn sizes_that_are_not_known_follow_from_the_input() {
        let shape = |equation: &str, output: Shape, input: Shape| {
            EinsumDense::new(equation, output).call(Input::shape(input)).shape().map(|shape| shape.to_string())
        };
        assert_eq!(shape("abc,cd->abd", (None, 4).into(), (None, 3).into()).unwrap(), "(None, None, 4)");
        assert_eq!(shape("...c,cd->...d", (4,).into(), (7, 5, 6, 3).into()).unwrap(), "(None, 7, 5, 6, 4)");
        assert_eq!(shape("ab...,bc->ac...", (4,).into(), (3, 5, 6).into()).unwrap(), "(None, 4, 5, 6)");
        let error =
            |equation: &str, output: Shape, input: Shape| shape(equation, output, input).unwrap_err().to_string();
        for (equation, output, message) in [
            ("abc", Shape::from((3, 4)), "does not describe the layer"),
            ("abc,cd->a1d", (3, 4).into(), "does not describe the layer"),
            ("ab,bc->ac", (4,).into(), "not one label for each axis"),
            ("abc,cd->bad", (3, 4).into(), "is the batch"),
            ("abc,cd->abe", (3, 4).into(), "neither the input nor the kernel has"),
            ("abc,cde->abd", (3, 4).into(), "neither the input nor the output has"),
            ("abc,cc->abc", (3, 4).into(), "'c' twice"),
            ("abc,cd->abd", (4,).into(), "not one size for each label"),
            ("abc,cd->abd", (7, 4).into(), "'b' is 7 in output_shape and 3 in the input"),
            ("abc,cd->abd", (3, 0).into(), "'d' must be positive"),
            ("abc,cd->abd", (3, None).into(), "the size of 'd' must be known"),
        ] {
            let found = error(equation, output, (3, 5).into());
            assert!(found.contains(message) && found.contains("(EinsumDense)"), "{found}");
        }
        let layer = EinsumDense::new("ab,bc->ac", (4,)).bias_axes("z");
        assert!(layer.call(Input::shape([3])).shape().unwrap_err().to_string().contains("bias_axes has 'z'"));
    }

    #[test]
    fn lora_adapts_a_kernel_of_any_rank() {
        let layer = EinsumDense::new("abc,cde->abde", (None, 2, 4));
        layer.call(Input::shape([3, 5]));
        layer.enable_lora_with(Lora::new(3)).unwrap();
        let dims: Vec<_> = layer.trainable_variables().iter().map(|variable| variable.dims()).collect();
        assert_eq!(dims, [vec![5, 2, 3], vec![3, 4]]);
    }

    /// The variance of a kernel follows from what is multiplied, not from its last two axes.
    #[test]
    fn fans_are_those_of_the_equation() {
        let layer = EinsumDense::new("abc,cde->abde", (None, 40, 50)).kernel_initializer("lecun_normal");
        layer.call(Input::shape([3, 10]));
        let kernel = layer.get_weights().unwrap().remove(0);
        let variance = kernel.sqr().unwrap().mean_all().unwrap().to_scalar::<f32>().unwrap();
        assert!((variance - 0.1).abs() < 0.01, "{variance}");
    }
}
