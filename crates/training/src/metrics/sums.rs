//! Metrics whose state is sums over all samples.

use crate::Result;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::Error;

/// A vector of sums in f64. On the host it is numbers; on another device it stays a tensor there, so that adding does not wait for the device.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    numbers: Vec<f64>,
    on_device: Option<Tensor>,
}

impl Sums {
    /// Adds a vector, of the same length each time.
    ///
    /// # Errors
    /// If it has another length.
    pub fn add(&mut self, values: &Tensor) -> Result<()> {
        let values = values.detach().to_dtype(DType::F64)?;
        if values.device().is_cpu() {
            self.add_numbers(&values.to_vec1()?)
        } else {
            self.on_device = Some(match self.on_device.take() {
                Some(sums) => (sums + values)?,
                None => values,
            });
            Ok(())
        }
    }

    fn add_numbers(&mut self, values: &[f64]) -> Result<()> {
        if self.numbers.is_empty() {
            self.numbers = vec![0.0; values.len()];
        }
        if self.numbers.len() != values.len() {
            return Err(Error::new("a metric must see batches with the same number of outputs")
                .expected(format!("{} sums", self.numbers.len()))
                .received(values.len().to_string())
                .help("reset its state before other data"));
        }
        self.numbers.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        Ok(())
    }

    /// The sums; none before the first batch. This waits for the device.
    ///
    /// # Errors
    /// If the device fails.
    pub fn values(&self) -> Result<Vec<f64>> {
        let mut all = self.clone();
        if let Some(sums) = all.on_device.take() {
            all.add_numbers(&sums.to_vec1()?)?;
        }
        Ok(all.numbers)
    }

    /// The sums as a tensor on the host; none before the first batch.
    pub(crate) fn state(&self) -> Result<Vec<Tensor>> {
        let values = self.values()?;
        let length = values.len();
        Ok(if length == 0 { Vec::new() } else { vec![Tensor::from_vec(values, length, &Device::Cpu)?] })
    }

    pub(crate) fn set_state(&mut self, state: &[Tensor]) -> Result<()> {
        *self = Self::default();
        state.iter().try_for_each(|sums| self.add(sums))
    }
}

/// Declares a metric by Keras's class, its name, its arguments with Keras's defaults, behind the class those without a default, and its
/// functions: `sums` of a batch, and `results` of the sums.
macro_rules! metric {
    (
        $(#[$doc:meta])*
        pub struct $class:ident($($(#[$about_needed:meta])* $needed:ident: $needed_type:ty),*): $name:literal {
            $($(#[$about:meta])* $field:ident: $type:ty = $default:expr),* $(,)?
        }
        direction: $direction:ident;
        $($items:tt)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $class {
            $($needed: $needed_type,)*
            $($field: $type,)*
            #[serde(skip)]
            log_name: Option<String>,
            #[serde(skip)]
            state: $crate::metrics::Sums,
        }

        impl Default for $class {
            fn default() -> Self {
                Self { $($needed: Default::default(),)* $($field: $default,)* log_name: None, state: Default::default() }
            }
        }

        impl $class {
            /// The arguments without a default.
            pub(super) const NEEDED: &'static [&'static str] = &[$(stringify!($needed)),*];

            /// With Keras's defaults.
            pub fn new($($needed: impl Into<$needed_type>),*) -> Self {
                Self { $($needed: $needed.into(),)* ..Self::default() }
            }

            candle_keras_layers::setters! { $($(#[$about])* $field: $type,)* }

            /// Another name in the logs. Keras: `name`.
            #[must_use]
            pub fn named(mut self, name: impl Into<String>) -> Self {
                self.log_name = Some(name.into());
                self
            }

            $($items)*
        }

        impl $crate::metrics::Metric for $class {
            fn name(&self) -> &str {
                self.log_name.as_deref().unwrap_or($name)
            }

            fn direction(&self) -> $crate::function::Direction {
                $crate::function::Direction::$direction
            }

            fn update_state(
                &mut self,
                y_true: &candle_core::Tensor,
                y_pred: &candle_core::Tensor,
                sample_weight: Option<&candle_core::Tensor>,
                _: Option<&candle_core::Tensor>,
            ) -> $crate::Result<()> {
                let sums = self.sums(y_true, &y_pred.detach(), sample_weight)?;
                self.state.add(&sums)
            }

            fn result(&self) -> $crate::Result<f64> {
                match self.results()?[..] {
                    [result] => Ok(result),
                    ref several => Err($crate::Error::new(format!("the metric {} has {} values", self.name(), several.len()))
                        .help("read them with results()")),
                }
            }

            fn results(&self) -> $crate::Result<Vec<f64>> {
                Ok(self.of_sums(&self.state.values()?))
            }

            fn reset_state(&mut self) {
                self.state = Default::default();
            }

            fn state(&self) -> $crate::Result<Vec<candle_core::Tensor>> {
                self.state.state()
            }

            fn set_state(&mut self, state: &[candle_core::Tensor]) -> $crate::Result<()> {
                self.state.set_state(state)
            }

            fn config(&self) -> Option<(&str, candle_keras_layers::Config)> {
                Some((stringify!($class), candle_keras_ops::json::to_value(self).unwrap_or_default()))
            }
        }
    };
}
pub(super) use metric;
