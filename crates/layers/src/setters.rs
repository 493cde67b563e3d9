//! Keyword arguments: each is a setter of the same name that takes and returns the value itself.

/// Writes the setters of a struct's fields: `setters! { /// docs use_bias: bool, units: impl Into<Units> }`.
///
/// ```
/// use candle_keras_layers::setters;
/// #[derive(Default)]
/// struct Layer { rate: f64 }
/// impl Layer {
///     setters! {
///         /// How much.
///         rate: f64,
///     }
/// }
/// assert_eq!(Layer::default().rate(0.5).rate, 0.5);
/// ```
#[macro_export]
macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident: $type:ty),* $(,)?) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$type>) -> Self {
            self.$field = $field.into();
            self
        })*
    };
}
