//! What both of NumPy's generators draw in the same way from their numbers.

use super::choice;
use super::population::{Population, Probabilities};
use candle_core::{Device, Shape, Tensor, WithDType};
use candle_keras_ops::{Error, Result, check_memory};

pub(super) trait Distributions {
    /// A number from 0 to below 1.
    fn unit(&mut self) -> f64;

    /// A whole number from 0 to `most`.
    fn up_to(&mut self, most: u64) -> u64;

    /// A number up to `most` for a shuffle.
    fn place_up_to(&mut self, most: usize) -> usize {
        self.up_to(most as u64) as usize
    }

    /// A number of the standard normal distribution.
    fn standard_normal_number(&mut self) -> f64;

    /// `count` different numbers below `all`.
    fn some_of(&mut self, all: usize, count: usize) -> Vec<usize>;

    fn units(&mut self, shape: impl Into<Shape>) -> Result<Tensor> {
        drawn(shape, || self.unit())
    }

    fn uniforms(&mut self, low: f64, high: f64, shape: impl Into<Shape>) -> Result<Tensor> {
        let range = range(low, high)?;
        drawn(shape, || low + range * self.unit())
    }

    fn one_uniform(&mut self, low: f64, high: f64) -> Result<f64> {
        Ok(low + range(low, high)? * self.unit())
    }

    fn standard_normals(&mut self, shape: impl Into<Shape>) -> Result<Tensor> {
        drawn(shape, || self.standard_normal_number())
    }

    fn normals(&mut self, loc: f64, scale: f64, shape: impl Into<Shape>) -> Result<Tensor> {
        check_scale(scale)?;
        drawn(shape, || loc + scale * self.standard_normal_number())
    }

    fn one_normal(&mut self, loc: f64, scale: f64) -> Result<f64> {
        check_scale(scale)?;
        Ok(loc + scale * self.standard_normal_number())
    }

    fn whole_numbers(&mut self, low: i64, high: i64, shape: impl Into<Shape>) -> Result<Tensor> {
        let shape = shape.into();
        if low >= high && !shape.dims().contains(&0) {
            return Err(no_number(low, high));
        }
        let most = high.wrapping_sub(1).wrapping_sub(low) as u64;
        drawn(shape, || low.wrapping_add(self.up_to(most) as i64))
    }

    fn whole_number(&mut self, low: i64, high: i64) -> Result<i64> {
        if low >= high {
            return Err(no_number(low, high));
        }
        Ok(low.wrapping_add(self.up_to((high - 1).wrapping_sub(low) as u64) as i64))
    }

    /// From the last item on, each trades its place with one up to itself (Fisher and Yates).
    fn shuffle_items<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.place_up_to(i));
        }
    }

    fn permuted(&mut self, of: Population) -> Result<Tensor> {
        let count = of.rows()?;
        let mut order: Vec<usize> = (0..count).collect();
        self.shuffle_items(&mut order);
        of.at(&order, &[count])
    }

    fn chosen(&mut self, of: Population, shape: &Shape, replace: bool, p: &Probabilities) -> Result<Tensor>
    where
        Self: Sized,
    {
        let count = count_of(shape)?;
        let chosen = choice::chosen(self, of.items()?, count, replace, p)?;
        of.at(&chosen, shape.dims())
    }

    fn one_chosen(&mut self, of: usize, p: &Probabilities) -> Result<usize>
    where
        Self: Sized,
    {
        Ok(choice::chosen(self, of, 1, true, p)?[0])
    }
}

pub(super) fn drawn<T: WithDType>(shape: impl Into<Shape>, mut draw: impl FnMut() -> T) -> Result<Tensor> {
    let shape = shape.into();
    let count = count_of(&shape)?;
    Ok(Tensor::from_vec((0..count).map(|_| draw()).collect(), shape, &Device::Cpu)?)
}

/// All that is drawn has 8 bytes.
fn count_of(shape: &Shape) -> Result<usize> {
    check_memory(shape.dims(), candle_core::DType::F64)?;
    Ok(shape.elem_count())
}

fn range(low: f64, high: f64) -> Result<f64> {
    let range = high - low;
    if range.is_finite() {
        return Ok(range);
    }
    Err(Error::new("the range of random numbers is not finite").received(format!("from {low} to {high}")))
}

/// NumPy takes the sign of 0 and of NaN as well.
fn check_scale(scale: f64) -> Result<()> {
    if scale.is_sign_positive() || scale.is_nan() {
        return Ok(());
    }
    Err(Error::new("the standard deviation is negative").expected("at least 0").received(scale.to_string()))
}

fn no_number(low: i64, high: i64) -> Error {
    Error::new("there is no whole number to draw")
        .expected(format!("high to be above low, which is {low}"))
        .received(high.to_string())
        .help("high itself is not drawn")
}
