//! The gradient of every operation that has one, against finite differences.

use super::classes;
use crate::gradcheck::{check_gradients, try_values};
use crate::operation::Operation;
use candle_core::{Result, Tensor};
use serde_json::Value;

/// Where a function is differentiable.
#[derive(Clone, Copy)]
enum Domain {
    /// Anywhere, away from 0.
    Any,
    /// Above 0.
    Positive,
    /// Within -1 and 1.
    Unit,
    /// Above 1.
    AboveOne,
}

use Domain::{AboveOne, Any, Positive, Unit};

/// Classes with their arguments, the shapes of the operands and where these are.
const CASES: &[(&str, &str, &[&[usize]], Domain)] = &[
    // Elementwise.
    ("Absolute", "{}", &[&[2, 3]], Any),
    ("Clip", r#"{"x_min": -0.5, "x_max": 0.5}"#, &[&[2, 3]], Any),
    ("Cos", "{}", &[&[2, 3]], Any),
    ("Deg2rad", "{}", &[&[2, 3]], Any),
    ("Exp", "{}", &[&[2, 3]], Any),
    ("Exp2", "{}", &[&[2, 3]], Any),
    ("Fabs", "{}", &[&[2, 3]], Any),
    ("Log", "{}", &[&[2, 3]], Positive),
    ("Log10", "{}", &[&[2, 3]], Positive),
    ("Log1p", "{}", &[&[2, 3]], Positive),
    ("Log2", "{}", &[&[2, 3]], Positive),
    ("Negative", "{}", &[&[2, 3]], Any),
    ("Rad2deg", "{}", &[&[2, 3]], Unit),
    ("Reciprocal", "{}", &[&[2, 3]], Positive),
    ("Sin", "{}", &[&[2, 3]], Any),
    ("Sqrt", "{}", &[&[2, 3]], Positive),
    ("Square", "{}", &[&[2, 3]], Any),
    ("Tan", "{}", &[&[2, 3]], Unit),
    ("Tanh", "{}", &[&[2, 3]], Any),
    ("Arccos", "{}", &[&[2, 3]], Unit),
    ("Arccosh", "{}", &[&[2, 3]], AboveOne),
    ("Arcsin", "{}", &[&[2, 3]], Unit),
    ("Arcsinh", "{}", &[&[2, 3]], Any),
    ("Arctan", "{}", &[&[2, 3]], Any),
    ("Arctanh", "{}", &[&[2, 3]], Unit),
    ("Cbrt", "{}", &[&[2, 3]], Positive),
    ("Cosh", "{}", &[&[2, 3]], Any),
    ("Expm1", "{}", &[&[2, 3]], Any),
    ("I0", "{}", &[&[2, 3]], Any),
    ("NanToNum", "{}", &[&[2, 3]], Any),
    ("Sinc", "{}", &[&[2, 3]], Any),
    ("Sinh", "{}", &[&[2, 3]], Any),
    ("Erf", "{}", &[&[2, 3]], Any),
    ("Erfc", "{}", &[&[2, 3]], Any),
    ("Erfinv", "{}", &[&[2, 3]], Unit),
    ("Rsqrt", "{}", &[&[2, 3]], Positive),
    ("Conjugate", "{}", &[&[2, 3]], Any),
    ("Copy", "{}", &[&[2, 3]], Any),
    ("Real", "{}", &[&[2, 3]], Any),
    ("Cast", r#"{"dtype": "float64"}"#, &[&[2, 3]], Any),
    ("ConvertToTensor", "{}", &[&[2, 3]], Any),
    // Two numbers.
    ("Add", "{}", &[&[2, 3], &[3]], Any),
    ("Divide", "{}", &[&[2, 3], &[3]], Positive),
    ("Maximum", "{}", &[&[2, 3], &[3]], Any),
    ("Minimum", "{}", &[&[2, 3], &[2, 1]], Any),
    ("Multiply", "{}", &[&[3], &[2, 3]], Any),
    ("Power", "{}", &[&[2, 3], &[3]], Positive),
    ("Subtract", "{}", &[&[2, 3], &[3]], Any),
    ("TrueDivide", "{}", &[&[3], &[2, 3]], Positive),
    ("Arctan2", "{}", &[&[2, 3], &[3]], Any),
    ("DivideNoNan", "{}", &[&[2, 3], &[3]], Positive),
    ("Fmax", "{}", &[&[2, 3], &[3]], Any),
    ("Fmin", "{}", &[&[2, 3], &[3]], Any),
    ("Fmod", "{}", &[&[2, 3], &[3]], Any),
    ("Hypot", "{}", &[&[2, 3], &[3]], Any),
    ("Ldexp", "{}", &[&[2, 3], &[3]], Any),
    ("Logaddexp", "{}", &[&[2, 3], &[3]], Any),
    ("Logaddexp2", "{}", &[&[2, 3], &[3]], Any),
    ("Mod", "{}", &[&[2, 3], &[3]], Any),
    // Activations.
    ("Relu", "{}", &[&[2, 3]], Any),
    ("Sigmoid", "{}", &[&[2, 3]], Any),
    ("Softplus", "{}", &[&[2, 3]], Any),
    ("Celu", r#"{"alpha": 0.7}"#, &[&[2, 3]], Any),
    ("Elu", r#"{"alpha": 0.7}"#, &[&[2, 3]], Any),
    ("Gelu", "{}", &[&[2, 3]], Any),
    ("Gelu", r#"{"approximate": false}"#, &[&[2, 3]], Any),
    ("HardShrink", "{}", &[&[2, 3]], Any),
    ("HardSigmoid", "{}", &[&[2, 3]], Any),
    ("HardSilu", "{}", &[&[2, 3]], Any),
    ("HardTanh", "{}", &[&[2, 3]], Any),
    ("LeakyRelu", "{}", &[&[2, 3]], Any),
    ("LogSigmoid", "{}", &[&[2, 3]], Any),
    ("Relu6", "{}", &[&[2, 3]], Any),
    ("Selu", "{}", &[&[2, 3]], Any),
    ("Silu", "{}", &[&[2, 3]], Any),
    ("SoftShrink", "{}", &[&[2, 3]], Any),
    ("Softsign", "{}", &[&[2, 3]], Any),
    ("SparsePlus", "{}", &[&[2, 3]], Any),
    ("SparseSigmoid", "{}", &[&[2, 3]], Any),
    ("Squareplus", r#"{"b": 2.0}"#, &[&[2, 3]], Any),
    ("TanhShrink", "{}", &[&[2, 3]], Any),
    ("Threshold", r#"{"threshold": 0.3, "default_value": 2.0}"#, &[&[2, 3]], Any),
    ("Softmax", r#"{"axis": 0}"#, &[&[2, 3]], Any),
    ("LogSoftmax", "{}", &[&[2, 3]], Any),
    // Over axes.
    ("Mean", r#"{"axis": [0, 2]}"#, &[&[2, 3, 2]], Any),
    ("Sum", r#"{"axis": 1, "keepdims": true}"#, &[&[2, 3, 2]], Any),
    ("Max", r#"{"axis": 1}"#, &[&[2, 3, 2]], Any),
    ("Min", r#"{"axis": null}"#, &[&[2, 3]], Any),
    ("Amax", r#"{"axis": -1}"#, &[&[2, 3]], Any),
    ("Amin", r#"{"axis": 0}"#, &[&[2, 3]], Any),
    ("Ptp", r#"{"axis": 0}"#, &[&[3, 2]], Any),
    ("Average", r#"{"axis": 1}"#, &[&[2, 3, 2], &[3]], Positive),
    ("Average", "{}", &[&[2, 3], &[2, 3]], Positive),
    ("Average", "{}", &[&[2, 3]], Any),
    ("Std", r#"{"axis": [0, 2]}"#, &[&[2, 3, 2]], Any),
    ("Var", r#"{"axis": 1}"#, &[&[2, 3, 2]], Any),
    ("Moments", r#"{"axes": [0]}"#, &[&[3, 2]], Any),
    ("Normalize", r#"{"axis": 0}"#, &[&[3, 2]], Any),
    ("Normalize", r#"{"order": 3}"#, &[&[3, 2]], Any),
    ("Cumprod", r#"{"axis": 1}"#, &[&[2, 4, 2]], Any),
    ("Cumsum", r#"{"axis": 0}"#, &[&[2, 3]], Any),
    ("Cumsum", "{}", &[&[2, 3]], Any),
    ("Median", r#"{"axis": 0}"#, &[&[4, 3]], Any),
    ("Median", r#"{"axis": [0, 2], "keepdims": true}"#, &[&[2, 3, 2]], Any),
    ("Percentile", r#"{"q": [10, 60], "axis": 0}"#, &[&[4, 3]], Any),
    ("Quantile", r#"{"q": 0.3, "axis": -1}"#, &[&[2, 5]], Any),
    ("Quantile", r#"{"q": [0.3, 0.9], "method": "midpoint"}"#, &[&[2, 5]], Any),
    ("Prod", r#"{"axis": 1}"#, &[&[2, 3, 2]], Any),
    ("Prod", "{}", &[&[2, 3]], Any),
    ("Nancumprod", r#"{"axis": 1}"#, &[&[2, 3]], Any),
    ("Nancumsum", r#"{"axis": 1}"#, &[&[2, 3]], Any),
    ("Nanmax", r#"{"axis": 1}"#, &[&[2, 3]], Any),
    ("Nanmean", r#"{"axis": 1}"#, &[&[2, 3]], Any),
    ("Nanmin", r#"{"axis": 1}"#, &[&[2, 3]], Any),
    ("Nanmedian", r#"{"axis": 1}"#, &[&[2, 3]], Any),
    ("Nanpercentile", r#"{"q": 30, "axis": 1}"#, &[&[2, 3]], Any),
    ("Nanprod", r#"{"axis": 1}"#, &[&[2, 3]], Any),
    ("Nanquantile", r#"{"q": 0.4, "axis": 1}"#, &[&[2, 3]], Any),
    ("Nanstd", r#"{"axis": 1}"#, &[&[2, 3]], Any),
    ("Nansum", r#"{"axis": 1}"#, &[&[2, 3]], Any),
    ("Nanvar", r#"{"axis": 1}"#, &[&[2, 3]], Any),
    ("Logsumexp", r#"{"axis": 1}"#, &[&[2, 3, 2]], Any),
    // Products.
    ("Dot", "{}", &[&[2, 3], &[3, 2]], Any),
    ("Einsum", r#"{"subscripts": "ij,jk->ik"}"#, &[&[2, 3], &[3, 2]], Any),
    ("Matmul", "{}", &[&[2, 2, 3], &[2, 3, 2]], Any),
    ("Cross", "{}", &[&[2, 3], &[3]], Any),
    ("Cross", r#"{"axis": 0}"#, &[&[3, 2], &[2, 2]], Any),
    ("Inner", "{}", &[&[2, 3], &[4, 3]], Any),
    ("Kron", "{}", &[&[2, 3], &[2, 2]], Any),
    ("Outer", "{}", &[&[2], &[3]], Any),
    ("Tensordot", r#"{"axes": [[1, 0], [0, 1]]}"#, &[&[2, 3, 2], &[3, 2, 2]], Any),
    ("Vdot", "{}", &[&[2, 3], &[3, 2]], Any),
    // Shapes.
    ("BroadcastTo", r#"{"shape": [2, 2, 3]}"#, &[&[2, 1]], Any),
    ("ExpandDims", r#"{"axis": -1}"#, &[&[2, 3]], Any),
    ("Flip", r#"{"axis": [0, 1]}"#, &[&[2, 3]], Any),
    ("Fliplr", "{}", &[&[2, 3]], Any),
    ("Flipud", "{}", &[&[2, 3]], Any),
    ("GetItem", r#"{"key": [1, null]}"#, &[&[2, 3]], Any),
    ("Moveaxis", r#"{"source": [0, 1], "destination": [-1, 0]}"#, &[&[2, 3, 4]], Any),
    ("Pad", r#"{"pad_width": [[1, 2], [0, 3]], "mode": "reflect"}"#, &[&[3, 4]], Any),
    ("Pad", r#"{"pad_width": 1, "constant_values": 2.0}"#, &[&[2, 2]], Any),
    ("Ravel", "{}", &[&[2, 3]], Any),
    ("Repeat", r#"{"repeats": [1, 3], "axis": 0}"#, &[&[2, 3]], Any),
    ("Repeat", r#"{"repeats": 2}"#, &[&[2, 3]], Any),
    ("Reshape", r#"{"newshape": [3, -1]}"#, &[&[2, 3]], Any),
    ("Roll", r#"{"shift": 2}"#, &[&[2, 3]], Any),
    ("Roll", r#"{"shift": [-1, 1], "axis": [0, 1]}"#, &[&[2, 3]], Any),
    ("Rot90", r#"{"k": 1}"#, &[&[2, 3]], Any),
    ("Squeeze", "{}", &[&[2, 1]], Any),
    ("Swapaxes", r#"{"axis1": 0, "axis2": -1}"#, &[&[2, 3, 2]], Any),
    ("Tile", r#"{"repeats": [2, 1, 3]}"#, &[&[2, 3]], Any),
    ("Transpose", "{}", &[&[2, 3]], Any),
    ("Append", "{}", &[&[2, 3], &[2]], Any),
    ("Concatenate", "{}", &[&[2, 3], &[1, 3]], Any),
    ("Dstack", "{}", &[&[2, 3], &[2, 3]], Any),
    ("Hstack", "{}", &[&[2, 3], &[2, 1]], Any),
    ("Stack", r#"{"axis": 1}"#, &[&[2, 3], &[2, 3]], Any),
    ("Vstack", "{}", &[&[2, 3], &[3]], Any),
    ("ArraySplit", r#"{"indices_or_sections": 2, "axis": 1}"#, &[&[2, 5]], Any),
    ("Dsplit", r#"{"indices_or_sections": 2}"#, &[&[2, 1, 4]], Any),
    ("Hsplit", r#"{"indices_or_sections": [1]}"#, &[&[2, 3]], Any),
    ("Meshgrid", "{}", &[&[2], &[3]], Any),
    ("Split", r#"{"indices_or_sections": [1, 3], "axis": -1}"#, &[&[2, 5]], Any),
    ("Vsplit", r#"{"indices_or_sections": 2}"#, &[&[2, 3]], Any),
    ("Diag", r#"{"k": 1}"#, &[&[3]], Any),
    ("Diag", r#"{"k": -1}"#, &[&[3, 4]], Any),
    ("Diagflat", "{}", &[&[2, 2]], Any),
    ("Diagonal", r#"{"axis1": 0, "axis2": 2}"#, &[&[2, 3, 3]], Any),
    ("Trace", r#"{"offset": 1}"#, &[&[3, 4]], Any),
    ("Tril", "{}", &[&[2, 3, 3]], Any),
    ("Triu", r#"{"k": 1}"#, &[&[3, 4]], Any),
    ("Diff", r#"{"n": 2}"#, &[&[2, 5]], Any),
    ("Trapezoid", r#"{"axis": 0, "dx": 0.5}"#, &[&[4, 2]], Any),
    ("Trapezoid", "{}", &[&[2, 4], &[4]], Any),
    ("Sort", r#"{"axis": 0}"#, &[&[4, 2]], Any),
    ("TopK", r#"{"k": 2}"#, &[&[2, 4]], Any),
    // Neural networks.
    ("Glu", r#"{"axis": 0}"#, &[&[4, 2]], Any),
    ("Sparsemax", r#"{"axis": 0}"#, &[&[3, 2]], Any),
    ("Conv", r#"{"strides": 2, "padding": "same", "data_format": "channels_first"}"#, &[&[2, 4, 5], &[3, 2, 4]], Any),
    ("Conv", "{}", &[&[1, 3, 4, 2], &[2, 2, 2, 3]], Any),
    ("ConvTranspose", r#"{"strides": 2}"#, &[&[2, 3, 2], &[3, 4, 2]], Any),
    ("DepthwiseConv", "{}", &[&[1, 4, 4, 2], &[2, 3, 2, 2]], Any),
    ("SeparableConv", r#"{"padding": "same"}"#, &[&[2, 4, 2], &[3, 2, 2], &[1, 4, 3]], Any),
    ("AveragePool", r#"{"pool_size": 2}"#, &[&[2, 4, 3]], Any),
    ("MaxPool", r#"{"pool_size": [2, 3], "strides": 1, "padding": "same"}"#, &[&[1, 3, 4, 2]], Any),
    ("AdaptiveAveragePool", r#"{"output_size": 2}"#, &[&[1, 5, 2]], Any),
    ("AdaptiveMaxPool", r#"{"output_size": [2, 1], "data_format": "channels_first"}"#, &[&[1, 2, 3, 4]], Any),
    ("DepthToSpace", r#"{"block_size": 2}"#, &[&[1, 2, 1, 8]], Any),
    ("SpaceToDepth", r#"{"block_size": 2, "data_format": "channels_first"}"#, &[&[1, 2, 4, 2]], Any),
    ("BatchNorm", r#"{"axis": 1}"#, &[&[2, 3, 2], &[3], &[3], &[3], &[3]], Positive),
    ("LayerNorm", r#"{"axis": [1, 2]}"#, &[&[2, 3, 2], &[3, 2], &[3, 2]], Any),
    ("LayerNorm", r#"{"rms_scaling": true, "epsilon": 0.1}"#, &[&[2, 3], &[3]], Any),
    ("RMSNorm", r#"{"axis": 1}"#, &[&[2, 3, 2], &[3]], Any),
    ("DotProductAttention", r#"{"is_causal": true}"#, &[&[1, 3, 2, 2], &[1, 3, 1, 2], &[1, 3, 1, 2]], Any),
    (
        "DotProductAttention",
        r#"{"attn_logits_soft_cap": 0.7, "scale": 0.4}"#,
        &[&[1, 2, 2, 3], &[1, 3, 2, 3], &[1, 3, 2, 3], &[1, 2, 2, 3]],
        Any,
    ),
    ("PSNR", r#"{"max_val": 2.0}"#, &[&[2, 3], &[2, 3]], Any),
    // Matrices.
    ("Det", "{}", &[&[2, 3, 3]], Any),
    ("Eigh", "{}", &[&[2, 3, 3]], Any),
    ("Inv", "{}", &[&[2, 3, 3]], Any),
    ("Logdet", "{}", &[&[3, 3]], Any),
    ("Lstsq", "{}", &[&[4, 2], &[4]], Any),
    ("Lstsq", "{}", &[&[2, 3], &[2, 2]], Any),
    ("Norm", r#"{"axis": 1}"#, &[&[2, 3]], Any),
    ("Norm", r#"{"ord": 3, "axis": 0}"#, &[&[2, 3]], Any),
    ("Norm", r#"{"ord": 1, "axis": [0, 1]}"#, &[&[2, 3]], Any),
    ("Pinv", "{}", &[&[2, 4, 3]], Any),
    ("Qr", "{}", &[&[4, 3]], Any),
    ("Qr", "{}", &[&[2, 2, 2]], Any),
    ("SVD", r#"{"full_matrices": false}"#, &[&[4, 2]], Any),
    ("SVD", r#"{"full_matrices": false, "compute_uv": false}"#, &[&[2, 3]], Any),
    ("SVD", "{}", &[&[2, 3, 3]], Any),
    ("Slogdet", "{}", &[&[2, 3, 3]], Any),
    ("Solve", "{}", &[&[3, 3], &[3]], Any),
    ("Solve", "{}", &[&[2, 3, 3], &[2, 3, 2]], Any),
    ("SolveTriangular", r#"{"lower": true}"#, &[&[3, 3], &[3, 2]], Positive),
    ("Corrcoef", "{}", &[&[3, 4]], Any),
    ("Correlate", r#"{"mode": "same"}"#, &[&[5], &[3]], Any),
    ("Correlate", "{}", &[&[2], &[4]], Any),
    ("Vander", r#"{"N": 4}"#, &[&[3]], Any),
    ("Fold", r#"{"output_size": [3, 4], "kernel_size": 2, "padding": [0, 1], "stride": [1, 2]}"#, &[&[2, 8, 6]], Any),
    ("Unfold", r#"{"kernel_size": 2, "padding": [0, 1], "stride": [1, 2]}"#, &[&[2, 2, 3, 4]], Any),
    ("Array", "{}", &[&[2, 3]], Any),
    ("View", "{}", &[&[2, 3]], Any),
    ("SaturateCast", r#"{"dtype": "float64"}"#, &[&[2, 3]], Any),
    // Signals.
    ("STFT", r#"{"sequence_length": 3, "sequence_stride": 2, "fft_length": 4}"#, &[&[2, 9]], Any),
    (
        "STFT",
        r#"{"sequence_length": 5, "sequence_stride": 1, "fft_length": 5, "window": null, "center": false}"#,
        &[&[7]],
        Any,
    ),
    ("ISTFT", r#"{"sequence_length": 3, "sequence_stride": 2, "fft_length": 4}"#, &[&[2, 4, 3], &[2, 4, 3]], Any),
    ("CDist", "{}", &[&[2, 3], &[4, 3]], Any),
    ("ExtractSequences", r#"{"sequence_length": 3, "sequence_stride": 2}"#, &[&[2, 7]], Any),
    ("FFT", "{}", &[&[2, 5], &[2, 5]], Any),
    ("FFT2", "{}", &[&[2, 3], &[2, 3]], Any),
    ("IFFT2", "{}", &[&[2, 3], &[2, 3]], Any),
    ("RFFT", "{}", &[&[2, 6]], Any),
    ("RFFT", r#"{"fft_length": 5}"#, &[&[2, 4]], Any),
    ("IRFFT", "{}", &[&[2, 4], &[2, 4]], Any),
    ("IRFFT", r#"{"fft_length": 7}"#, &[&[2, 4], &[2, 4]], Any),
];

/// Classes whose outputs do not change with small changes of the operands, or that take whole numbers.
const CONSTANT: &[&str] = &[
    "All",
    "AllClose",
    "Angle",
    "Any",
    "Argmax",
    "Argmin",
    "Argpartition",
    "Argsort",
    "BitwiseAnd",
    "BitwiseInvert",
    "BitwiseLeftShift",
    "BitwiseNot",
    "BitwiseOr",
    "BitwiseRightShift",
    "BitwiseXor",
    "Ceil",
    "CTCDecode",
    "CountNonzero",
    "Digitize",
    "Equal",
    "Floor",
    "FloorDivide",
    "FullLike",
    "Gcd",
    "Greater",
    "GreaterEqual",
    "Heaviside",
    "Imag",
    "InTopK",
    "IsIn",
    "Isclose",
    "Isfinite",
    "Isinf",
    "Isnan",
    "Isneginf",
    "Isposinf",
    "Isreal",
    "Lcm",
    "LeftShift",
    "Less",
    "LessEqual",
    "LuFactor",
    "MatrixRank",
    "LogicalAnd",
    "LogicalNot",
    "LogicalOr",
    "LogicalXor",
    "MultiHot",
    "Nanargmax",
    "Nanargmin",
    "Nextafter",
    "NotEqual",
    "OneHot",
    "OnesLike",
    "RightShift",
    "Round",
    "SearchSorted",
    "Sign",
    "Signbit",
    "StopGradient",
    "Trunc",
    "UnravelIndex",
    "ZerosLike",
];

/// Operations with an operand that is not differentiable: they have tests of their own.
const ELSEWHERE: &[&str] = &[
    "BinaryCrossentropy",
    "CTCLoss",
    "CategoricalCrossentropy",
    "Cholesky",
    "CholeskyInverse",
    "SegmentMax",
    "SegmentMin",
    "SegmentProd",
    "SegmentSum",
    "SparseCategoricalCrossentropy",
    "Take",
    "TakeAlongAxis",
    "Where",
];

fn operands(shapes: &[&[usize]], domain: Domain) -> Vec<Tensor> {
    let of = |(i, shape): (usize, &&[usize])| -> Result<Tensor> {
        let x = try_values(shape, i as u64 + 1)?;
        match domain {
            Any => Ok(x),
            Positive => x.abs()? + 0.5,
            Unit => x.tanh()? * 0.9,
            AboveOne => x.abs()? + 1.5,
        }
    };
    shapes.iter().enumerate().map(of).collect::<Result<_>>().unwrap()
}

#[test]
fn every_operation_has_the_gradient_of_finite_differences() {
    let mut failures = Vec::new();
    for (class, config, shapes, domain) in CASES {
        let Ok(Value::Object(config)) = serde_json::from_str(config) else { panic!("{class}: {config}") };
        let operation = Operation::from_keras(class, &config).unwrap();
        let f = |v: &[Tensor]| -> Result<Tensor> {
            let outputs = operation.run(&v.iter().map(Some).collect::<Vec<_>>())?;
            let parts = outputs.iter().filter(|y| y.dtype().is_float()).map(Tensor::flatten_all);
            Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 0)
        };
        if let Err(error) = check_gradients(&operands(shapes, *domain), f) {
            failures.push(format!("{class} {config:?}: {error}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_operation_is_in_the_table_or_constant() {
    for class in classes() {
        let listed = CASES.iter().any(|(name, ..)| *name == class.name);
        let lists = [CONSTANT, ELSEWHERE].concat();
        assert!(listed != lists.contains(&class.name), "{}: its gradient is not checked, or listed twice", class.name);
    }
}

#[test]
fn constants_have_no_gradient() {
    for class in classes().iter().filter(|class| CONSTANT.contains(&class.name)) {
        let mut random = crate::random::Stream::new(1, 0);
        for _ in 0..20 {
            let operation = Operation::any(class, &mut random);
            let x = candle_core::Var::from_tensor(&try_values(&[2, 2], 1).unwrap()).unwrap();
            let count = *operation.operands().start();
            let Ok(outputs) = operation.run(&vec![Some(x.as_tensor()); count]) else { continue };
            for y in outputs.iter().filter(|y| y.track_op()) {
                let gradients = y.sum_all().and_then(|y| y.backward()).unwrap();
                let zero = |dx: &Tensor| dx.abs().unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap() == 0.0;
                let fine = gradients.get(&x).is_none_or(zero) || ["Heaviside", "Nextafter"].contains(&class.name);
                assert!(fine, "{operation:?} has a gradient");
            }
        }
    }
}
