//! The settings of `config`, in a process of their own, since they hold for all threads. One test goes through them one after another.

#![allow(clippy::unwrap_used)]

use candle_keras::layers::{Conv2D, Dense, Flatten, GlobalAveragePooling2D, MaxPooling2D};
use candle_keras::prelude::*;
use candle_keras::utils::warnings;
use candle_keras::{config, losses, ops, random};

#[test]
fn settings_hold_where_keras_uses_them() {
    floatx();
    epsilon();
    image_data_format();
    limits();
    interactive_logging();
}

fn floatx() {
    assert_eq!((config::floatx(), config::dtype_policy().name()), ("float32", "float32"));
    let before = Dense::new(2);
    config::set_floatx("float64").unwrap();
    assert_eq!(config::dtype_policy().name(), "float64");
    let layer = Dense::new(2);
    let y = layer.call(Input::shape([3]));
    assert_eq!(y.output().unwrap().dtype(), DType::F64);
    assert_eq!(layer.get_weights().unwrap()[0].dtype(), DType::F64);
    assert_eq!(random::normal([2], 0.0, 1.0, None, None).unwrap().dtype(), DType::F64);
    assert_eq!(ops::zeros([2], None).unwrap().dtype(), DType::F64);
    assert_eq!(ops::arange(0.0, 2.0, 1.0, None).unwrap().dtype(), DType::F64);
    assert_eq!(candle_keras::utils::standardize_dtype(None).unwrap(), "float64");
    let x = Tensor::ones((1, 3), DType::F32, &Device::Cpu).unwrap();
    before.call(&x).unwrap();
    assert_eq!(before.get_weights().unwrap()[0].dtype(), DType::F32, "a layer has the policy of when it was made");
    // A policy that is set goes first.
    config::set_dtype_policy("mixed_bfloat16").unwrap();
    assert_eq!(config::dtype_policy().name(), "mixed_bfloat16");
    config::set_dtype_policy("float32").unwrap();
    assert_eq!(Dense::new(2).call(Input::shape([3])).output().unwrap().dtype(), DType::F32);
    for wrong in ["int32", "float23"] {
        assert!(config::set_floatx(wrong).unwrap_err().to_string().contains("float16"));
    }
    assert_eq!(config::floatx(), "float64");
    config::set_floatx(DType::F32).unwrap();
}

fn epsilon() {
    let loss = |y: f32, p: f32| {
        let one = |x: f32| Tensor::new(&[[x]], &Device::Cpu).unwrap();
        losses::mean_absolute_percentage_error(&one(y), &one(p)).unwrap().to_vec1::<f32>().unwrap()[0]
    };
    // 100 |0 - 1| / epsilon
    assert!((loss(0.0, 1.0) / 1e9 - 1.0).abs() < 1e-5);
    config::set_epsilon(1e-2).unwrap();
    assert!((loss(0.0, 1.0) / 1e4 - 1.0).abs() < 1e-5);
    let p = Tensor::new(&[[1f32, 0.0]], &Device::Cpu).unwrap();
    let crossentropy = losses::categorical_crossentropy(&p, &p).unwrap().to_vec1::<f32>().unwrap()[0];
    assert!((crossentropy + 0.99f32.ln()).abs() < 1e-5, "{crossentropy}");
    config::set_epsilon(1e-7).unwrap();
    assert!(config::set_epsilon(-1.0).is_err());
}

fn image_data_format() {
    assert!(config::set_image_data_format("channels_lst").unwrap_err().to_string().contains("channels_last"));
    config::set_image_data_format("channels_first").unwrap();
    let image = Input::shape([3, 8, 10]);
    let y = Conv2D::new(4, 3).call(&image);
    assert_eq!(y.shape().unwrap().to_string(), "(None, 4, 6, 8)");
    let y = MaxPooling2D::new(2).call(&y);
    assert_eq!(y.shape().unwrap().to_string(), "(None, 4, 3, 4)");
    assert_eq!(GlobalAveragePooling2D::new().call(&y).shape().unwrap().to_string(), "(None, 4)");
    let conv = Conv2D::new(4, 3);
    config::set_image_data_format("channels_last").unwrap();
    assert_eq!(conv.call(&image).shape().unwrap().to_string(), "(None, 4, 6, 8)", "as when it was made");
    assert_eq!(Conv2D::new(4, 3).call(&image).shape().unwrap().to_string(), "(None, 1, 6, 4)");
    let x = Tensor::ones((1, 4, 4, 1), DType::F32, &Device::Cpu).unwrap();
    assert_eq!(ops::max_pool(&x, 2, None, "valid", None).unwrap().dims(), [1, 2, 2, 1]);
}

fn limits() {
    let mut model = Sequential::new(layers![Flatten::new(), Dense::new(1)]);
    model.compile("sgd", "mse").unwrap();
    let (x, y) = (vec![[1f32, 2.]; 40], vec![[1f32]; 40]);
    let fit = || Fit::new().epochs(5).batch_size(4).verbose(0);
    config::set_max_epochs(2);
    let (history, caught) = warnings::catch(|| model.fit(&x, &y, fit()).unwrap());
    assert_eq!(history["loss"].len(), 2);
    assert!(caught.iter().any(|warning| warning.contains("limited to 2")), "{caught:?}");
    assert_eq!(model.fit(&x, &y, fit().epochs(1)).unwrap()["loss"].len(), 1);
    config::set_max_epochs(None);

    config::set_max_steps_per_epoch(3);
    let counted = |model: &mut Model, epochs| {
        let before = model.optimizer().unwrap().iterations();
        model.fit(&x, &y, fit().epochs(epochs)).unwrap();
        model.optimizer().unwrap().iterations() - before
    };
    let (steps, caught) = warnings::catch(|| counted(&mut model, 2));
    assert_eq!(steps, 6);
    assert!(caught.iter().any(|warning| warning.contains("limited to 3")), "{caught:?}");
    let (outputs, _) = warnings::catch(|| model.predict_with(&x, Predict::new().batch_size(4).verbose(0)).unwrap());
    assert_eq!(outputs.dims(), [12, 1]);
    config::set_max_steps_per_epoch(100);
    let (steps, caught) = warnings::catch(|| counted(&mut model, 2));
    assert_eq!((steps, caught.len()), (20, 0), "{caught:?}");
    config::set_max_steps_per_epoch(None);
    assert_eq!(config::max_steps_per_epoch(), None);
}

fn interactive_logging() {
    config::disable_interactive_logging();
    assert!(!candle_keras::utils::is_interactive_logging_enabled());
    config::enable_interactive_logging();
    assert!(config::is_interactive_logging_enabled());
}
