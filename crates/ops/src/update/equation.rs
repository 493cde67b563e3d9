//! The equation of an update, and what is made of it.

use super::numbers::Loop;

/// What [`elementwise!`](crate::elementwise) makes of a body.
#[doc(hidden)]
#[derive(Debug)]
pub struct Equation {
    pub name: &'static str,
    pub slots: &'static [&'static str],
    pub numbers: &'static [&'static str],
    pub body: &'static str,
    pub f32: Loop<f32>,
    pub f64: Loop<f64>,
}

/// Writes functions that return an [`Elementwise`](crate::update::Elementwise): updates whose equation is written once, and compiled into
/// loops for the host, in f32 and f64, and into a kernel for a GPU.
///
/// The arguments are the weight `w` and its gradient `g`, then the names of the slots, then those of the numbers that may be others at each
/// step, which the function takes. The body says what becomes of one element. It may assign to `w` and to slots, declare variables by `let`, and
/// call what is in [`functions`](crate::update::functions); numbers are written with a point, as in `0.5`.
///
/// ```
/// use candle_keras_ops::{elementwise, Device, Tensor};
/// elementwise! {
///     /// Momentum.
///     pub fn momentum(w, g, [m], [rate, kept]) {
///         m = kept * m - rate * g;
///         w += m;
///     }
/// }
/// let tensor = |x: f32| Tensor::full(x, 3, &Device::Cpu);
/// let (w, g, m) = (tensor(1.0)?, tensor(0.5)?, tensor(0.25)?);
/// momentum(0.5, 1.0).apply(&[&w, &m], &g, 0.0)?;
/// assert_eq!((m.to_vec1::<f32>()?, w.to_vec1::<f32>()?), (vec![0.0; 3], vec![1.0; 3]));
/// # Ok::<(), candle_core::Error>(())
/// ```
#[macro_export]
macro_rules! elementwise {
    ($(
        $(#[$meta:meta])*
        $vis:vis fn $name:ident($w:ident, $g:ident, [$($slot:ident),* $(,)?], [$($number:ident),* $(,)?]) $body:tt
    )*) => {$(
        $(#[$meta])*
        $vis fn $name($($number: f64),*) -> $crate::update::Elementwise {
            const { assert!(
                matches!((stringify!($w).as_bytes(), stringify!($g).as_bytes()), (b"w", b"g")),
                "an elementwise update calls the weight w and its gradient g"
            ) };
            static EQUATION: $crate::update::Equation = $crate::update::Equation {
                name: stringify!($name),
                slots: &[$(stringify!($slot)),*],
                numbers: &[$(stringify!($number)),*],
                body: stringify!($body),
                f32: $crate::elementwise!(@loop f32, $w, $g, [$($slot)*], [$($number)*], $body),
                f64: $crate::elementwise!(@loop f64, $w, $g, [$($slot)*], [$($number)*], $body),
            };
            $crate::update::Elementwise::new(&EQUATION, vec![$($number),*])
        }
    )*};
    (@loop $real:ty, $w:ident, $g:ident, [$($slot:ident)*], [$($number:ident)*], { $($body:tt)* }) => {{
        #[inline(always)]
        #[allow(unused, clippy::too_many_arguments, clippy::let_and_return)]
        fn element(
            mut $w: $real, $g: $real, $(mut $slot: $real,)* $($number: $real),*
        ) -> ($real, $($crate::elementwise!(@type $slot $real),)*) {
            use $crate::update::functions::*;
            $($body)*
            ($w, $($slot,)*)
        }

        // Each slice is an argument of its own, so that the compiler knows that they do not overlap.
        #[inline(always)]
        #[allow(clippy::too_many_arguments)]
        fn each($w: &mut [$real], $g: &[$real], $($slot: &mut [$real],)* $($number: $real),*) {
            let count = $g.len();
            let $w = &mut $w[..count];
            $(let $slot = &mut $slot[..count];)*
            for i in 0..count {
                ($w[i], $($slot[i],)*) = element($w[i], $g[i], $($slot[i],)* $($number),*);
            }
        }

        fn run($w: &mut [$real], $g: &[$real], slots: &mut [&mut [$real]], numbers: &[f64]) {
            if let ([$($slot),*], [$($number),*]) = (slots, numbers) {
                $(let $number = *$number as $real;)*
                $crate::simd!(each($w, $g, $($slot,)* $($number),*));
            }
        }
        run
    }};
    (@type $slot:ident $real:ty) => { $real };
}
