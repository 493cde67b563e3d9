//! What has a row for each sample.

use crate::{Column, Table};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};

/// Something with a row for each sample: a tensor, a [`Table`], a [`Column`], a list.
pub trait Samples: Sized {
    /// The number of rows.
    fn samples(&self) -> usize;

    /// These rows in this order.
    ///
    /// # Errors
    /// If there are fewer rows.
    fn take_samples(&self, rows: &[usize]) -> Result<Self>;
}

impl Samples for Tensor {
    fn samples(&self) -> usize {
        self.dims().first().copied().unwrap_or(0)
    }

    fn take_samples(&self, rows: &[usize]) -> Result<Self> {
        check(rows, self.samples())?;
        let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
        let rows = Tensor::new(&rows[..], &Device::Cpu)?;
        Ok(self.detach().to_device(&Device::Cpu)?.contiguous()?.index_select(&rows, 0)?)
    }
}

impl Samples for Table {
    fn samples(&self) -> usize {
        self.rows()
    }

    fn take_samples(&self, rows: &[usize]) -> Result<Self> {
        self.take(rows)
    }
}

impl Samples for Column {
    fn samples(&self) -> usize {
        self.len()
    }

    fn take_samples(&self, rows: &[usize]) -> Result<Self> {
        check(rows, self.len())?;
        Ok(self.take(rows))
    }
}

impl<T: Clone> Samples for Vec<T> {
    fn samples(&self) -> usize {
        self.len()
    }

    fn take_samples(&self, rows: &[usize]) -> Result<Self> {
        check(rows, self.len())?;
        Ok(rows.iter().map(|&row| self[row].clone()).collect())
    }
}

fn check(rows: &[usize], count: usize) -> Result<()> {
    match rows.iter().find(|&&row| row >= count) {
        Some(row) => Err(Error::new("there is no such row").expected(format!("0..{count}")).received(row.to_string())),
        None => Ok(()),
    }
}

/// What [`train_test_split`](super::train_test_split) splits and [`shuffle`](super::shuffle) shuffles: something of [`Samples`], or a tuple of
/// up to four.
pub trait Splittable {
    /// Both parts of each.
    type Parts;

    /// Each with other rows.
    type Rows;

    /// The number of rows of each.
    fn sizes(&self) -> Vec<usize>;

    /// These rows of each as the first part, those as the second.
    ///
    /// # Errors
    /// If there are fewer rows.
    fn parts(&self, train: &[usize], test: &[usize]) -> Result<Self::Parts>;

    /// These rows of each.
    ///
    /// # Errors
    /// If there are fewer rows.
    fn rows(&self, rows: &[usize]) -> Result<Self::Rows>;
}

impl<A: Samples> Splittable for &A {
    type Parts = (A, A);
    type Rows = A;

    fn sizes(&self) -> Vec<usize> {
        vec![self.samples()]
    }

    fn parts(&self, train: &[usize], test: &[usize]) -> Result<(A, A)> {
        Ok((self.take_samples(train)?, self.take_samples(test)?))
    }

    fn rows(&self, rows: &[usize]) -> Result<A> {
        self.take_samples(rows)
    }
}

macro_rules! splittable {
    ($($name:ident $at:tt $twice:ident),*) => {
        impl<$($name: Samples),*> Splittable for ($(&$name,)*) {
            type Parts = splittable!(@ [] $($name)*);
            type Rows = ($($name,)*);

            fn sizes(&self) -> Vec<usize> {
                vec![$(self.$at.samples()),*]
            }

            fn parts(&self, train: &[usize], test: &[usize]) -> Result<Self::Parts> {
                $(let $twice = (self.$at.take_samples(train)?, self.$at.take_samples(test)?);)*
                Ok(splittable!(= [] $($twice)*))
            }

            fn rows(&self, rows: &[usize]) -> Result<Self::Rows> {
                Ok(($(self.$at.take_samples(rows)?,)*))
            }
        }
    };
    (@ [$($done:ty,)*] $name:ident $($rest:ident)*) => { splittable!(@ [$($done,)* $name, $name,] $($rest)*) };
    (@ [$($done:ty,)*]) => { ($($done,)*) };
    (= [$($done:expr,)*] $twice:ident $($rest:ident)*) => { splittable!(= [$($done,)* $twice.0, $twice.1,] $($rest)*) };
    (= [$($done:expr,)*]) => { ($($done,)*) };
}

splittable!(A 0 a, B 1 b);
splittable!(A 0 a, B 1 b, C 2 c);
splittable!(A 0 a, B 1 b, C 2 c, D 3 d);
