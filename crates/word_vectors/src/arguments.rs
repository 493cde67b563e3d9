//! Keyword arguments: methods that take and return the value that they set.

/// Writes a setter for each field: `/// documentation` `name: type`, or `name: optional type` for a field that is an `Option`.
macro_rules! arguments {
    () => {};
    ($(#[$doc:meta])* $field:ident: optional $type:ty $(, $($rest:tt)*)?) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: $type) -> Self {
            self.$field = Some($field);
            self
        }

        $(crate::arguments::arguments! { $($rest)* })?
    };
    ($(#[$doc:meta])* $field:ident: $type:ty $(, $($rest:tt)*)?) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: $type) -> Self {
            self.$field = $field;
            self
        }

        $(crate::arguments::arguments! { $($rest)* })?
    };
}

pub(crate) use arguments;
