//! Keyword arguments: each is a setter of the same name that takes and returns the value itself.

/// Generates the setters of a struct's fields. The argument of a setter is converted; an `optional` field is `None` by default.
///
/// ```
/// use candle_keras_layers::{setters, Regularizer};
/// #[derive(Default)]
/// struct Layer { rate: f64, kernel_regularizer: Option<Regularizer> }
/// impl Layer {
///     setters! {
///         /// How much.
///         rate: f64,
///         /// The regularizer of the kernel.
///         kernel_regularizer: optional Regularizer,
///     }
/// }
/// let layer = Layer::default().rate(0.5).kernel_regularizer("l2");
/// assert_eq!((layer.rate, layer.kernel_regularizer), (0.5, Some("l2".into())));
/// ```
#[macro_export]
macro_rules! setters {
    () => {};
    ($(#[$doc:meta])* $field:ident: optional $type:ty $(, $($rest:tt)*)?) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$type>) -> Self {
            self.$field = Some($field.into());
            self
        }

        $($crate::setters! { $($rest)* })?
    };
    ($(#[$doc:meta])* $field:ident: $type:ty $(, $($rest:tt)*)?) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$type>) -> Self {
            self.$field = $field.into();
            self
        }

        $($crate::setters! { $($rest)* })?
    };
}
