//! Devices by name: `cpu`, `cuda`, `cuda:1`.

use crate::{Error, Result};
use candle_core::Device;

/// The device of this name: `cpu`, or `cuda` with an optional number.
///
/// # Errors
/// If the name is not a device, the build has no CUDA, or there is no such GPU.
///
/// ```
/// use candle_keras_ops::device;
/// assert!(device("cpu")?.is_cpu());
/// assert!(device("gpu").is_err());
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn device(name: &str) -> Result<Device> {
    let unknown = || Error::unknown("device", name, &["cpu", "cuda", "cuda:0"]);
    let number = match name.split_once(':') {
        None if name == "cpu" => return Ok(Device::Cpu),
        None if name == "cuda" => 0,
        Some(("cuda", number)) => number.parse().map_err(|_| unknown())?,
        _ => return Err(unknown()),
    };
    if !cfg!(feature = "cuda") {
        return Err(Error::new(format!("this build cannot use the device {name:?}: it has no CUDA"))
            .help("build with --features cuda, which needs NVIDIA's CUDA toolkit with nvcc"));
    }
    Ok(Device::new_cuda(number)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_device_are_errors() {
        for name in ["", "cuda:", "cuda:x", "cpu:0", "tpu"] {
            assert!(device(name).is_err(), "{name}");
        }
        if !cfg!(feature = "cuda") {
            assert!(device("cuda:0").unwrap_err().to_string().contains("--features cuda"));
        }
    }
}
