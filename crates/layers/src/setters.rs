//! Keyword arguments: each is a setter of the same name that takes and returns the value itself.

/// Writes the setters of a struct's fields. What a field is given is converted; a field that is `optional` is `None` until it is
/// given something.
///
/// ```
/// use candle_keras_layers::{setters, Regularizer};
/// #[derive(Default)]
/// struct Layer { rate: f64, kernel_regularizer: Option<Regularizer> }
/// impl Layer {
///     setters! {
///         /// How much.
///         rate: f64,
///         /// A penalty on the kernel.
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
