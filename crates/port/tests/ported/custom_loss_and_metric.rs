// Ported from custom_loss_and_metric.py.
// Losses and metrics that are plain functions, one of them made by another function.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::losses::Loss;
use candle_keras::metrics::MetricSpec;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};

fn main() -> Result<()> {
    utils::set_random_seed(4);
    numpy::random::seed(4);

    let x = ops::linspace(-2.0, 2.0, 128, true, "float64")?.reshape(((), 1))?.to_dtype(DType::F32)?;
    let x = numpy::random::shuffle_rows(&x)?;
    let y = ops::add(&ops::sin(&(2.0 * &x)?)?, &(0.1 * &numpy::random::randn(x.dims())?)?)?.to_dtype(DType::F32)?;

    {
        let name = "huber";
        let mut model = Sequential::new(layers![
            Input::shape([1]),
            Dense::new(24).activation("tanh"),
            Dense::new(24).activation("tanh"),
            Dense::new(1),
        ]);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss(Loss::new("huber", |y_true, y_pred| Ok(huber(y_true, y_pred, 0.5)?))).metric(MetricSpec::new("rmse", |y_true, y_pred| Ok(rmse(y_true, y_pred)?))).metric(MetricSpec::new("r_squared", |y_true, y_pred| Ok(r_squared(y_true, y_pred)?))).metric(MetricSpec::new("share_close", |y_true, y_pred| Ok(share_close(y_true, y_pred)?))))?;
        let history = model.fit(&x.i(..96)?, &y.i(..96)?, Fit::new().epochs(4).batch_size(32).validation_data(&x.i(96..)?, &y.i(96..)?).verbose(0))?;
        println!("=== {name}");
        for epoch in 0..4 {
            println!("epoch {epoch}: loss {:.4} rmse {:.4}", history["loss"][epoch], history["rmse"][epoch]);
        }
        let results = model.evaluate_with(&x.i(96..)?, &y.i(96..)?, Evaluate::new().verbose(0))?;
        println!("evaluation: {}", [results["loss"], results["rmse"], results["r_squared"], results["share_close"]].into_iter().map(|value| format!("{value:.4}")).collect::<Vec<String>>().join(", "));
        let predictions = model.predict_with(&x.i(96..99)?, Predict::new().verbose(0))?;
        for (true_, pred) in numpy::rows(&y.i(96..99)?.flatten_all()?)?.into_iter().zip(numpy::rows(&predictions.flatten_all()?)?) {
            println!("  true {:.3} predicted {:.3}", true_.to_dtype(DType::F64)?.to_scalar::<f64>()?, pred.to_dtype(DType::F64)?.to_scalar::<f64>()?);
        }
    }
    {
        let name = "weighted";
        let loss = weighted_mse(3.0)?;
        let mut model = Sequential::new(layers![
            Input::shape([1]),
            Dense::new(24).activation("tanh"),
            Dense::new(24).activation("tanh"),
            Dense::new(1),
        ]);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss(Loss::new("loss", loss)).metric(MetricSpec::new("rmse", |y_true, y_pred| Ok(rmse(y_true, y_pred)?))).metric(MetricSpec::new("r_squared", |y_true, y_pred| Ok(r_squared(y_true, y_pred)?))).metric(MetricSpec::new("share_close", |y_true, y_pred| Ok(share_close(y_true, y_pred)?))))?;
        let history = model.fit(&x.i(..96)?, &y.i(..96)?, Fit::new().epochs(4).batch_size(32).validation_data(&x.i(96..)?, &y.i(96..)?).verbose(0))?;
        println!("=== {name}");
        for epoch in 0..4 {
            println!("epoch {epoch}: loss {:.4} rmse {:.4}", history["loss"][epoch], history["rmse"][epoch]);
        }
        let results = model.evaluate_with(&x.i(96..)?, &y.i(96..)?, Evaluate::new().verbose(0))?;
        println!("evaluation: {}", [results["loss"], results["rmse"], results["r_squared"], results["share_close"]].into_iter().map(|value| format!("{value:.4}")).collect::<Vec<String>>().join(", "));
        let predictions = model.predict_with(&x.i(96..99)?, Predict::new().verbose(0))?;
        for (true_, pred) in numpy::rows(&y.i(96..99)?.flatten_all()?)?.into_iter().zip(numpy::rows(&predictions.flatten_all()?)?) {
            println!("  true {:.3} predicted {:.3}", true_.to_dtype(DType::F64)?.to_scalar::<f64>()?, pred.to_dtype(DType::F64)?.to_scalar::<f64>()?);
        }
    }
    {
        let name = "log_cosh";
        let mut model = Sequential::new(layers![
            Input::shape([1]),
            Dense::new(24).activation("tanh"),
            Dense::new(24).activation("tanh"),
            Dense::new(1),
        ]);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss(Loss::new("log_cosh", |y_true, y_pred| Ok(log_cosh(y_true, y_pred)?))).metric(MetricSpec::new("rmse", |y_true, y_pred| Ok(rmse(y_true, y_pred)?))).metric(MetricSpec::new("r_squared", |y_true, y_pred| Ok(r_squared(y_true, y_pred)?))).metric(MetricSpec::new("share_close", |y_true, y_pred| Ok(share_close(y_true, y_pred)?))))?;
        let history = model.fit(&x.i(..96)?, &y.i(..96)?, Fit::new().epochs(4).batch_size(32).validation_data(&x.i(96..)?, &y.i(96..)?).verbose(0))?;
        println!("=== {name}");
        for epoch in 0..4 {
            println!("epoch {epoch}: loss {:.4} rmse {:.4}", history["loss"][epoch], history["rmse"][epoch]);
        }
        let results = model.evaluate_with(&x.i(96..)?, &y.i(96..)?, Evaluate::new().verbose(0))?;
        println!("evaluation: {}", [results["loss"], results["rmse"], results["r_squared"], results["share_close"]].into_iter().map(|value| format!("{value:.4}")).collect::<Vec<String>>().join(", "));
        let predictions = model.predict_with(&x.i(96..99)?, Predict::new().verbose(0))?;
        for (true_, pred) in numpy::rows(&y.i(96..99)?.flatten_all()?)?.into_iter().zip(numpy::rows(&predictions.flatten_all()?)?) {
            println!("  true {:.3} predicted {:.3}", true_.to_dtype(DType::F64)?.to_scalar::<f64>()?, pred.to_dtype(DType::F64)?.to_scalar::<f64>()?);
        }
    }
    {
        let name = "built in";
        let loss = "mse";
        let mut model = Sequential::new(layers![
            Input::shape([1]),
            Dense::new(24).activation("tanh"),
            Dense::new(24).activation("tanh"),
            Dense::new(1),
        ]);
        model.compile(Adam::new().learning_rate(0.01), Compile::loss(loss).metric(MetricSpec::new("rmse", |y_true, y_pred| Ok(rmse(y_true, y_pred)?))).metric(MetricSpec::new("r_squared", |y_true, y_pred| Ok(r_squared(y_true, y_pred)?))).metric(MetricSpec::new("share_close", |y_true, y_pred| Ok(share_close(y_true, y_pred)?))))?;
        let history = model.fit(&x.i(..96)?, &y.i(..96)?, Fit::new().epochs(4).batch_size(32).validation_data(&x.i(96..)?, &y.i(96..)?).verbose(0))?;
        println!("=== {name}");
        for epoch in 0..4 {
            println!("epoch {epoch}: loss {:.4} rmse {:.4}", history["loss"][epoch], history["rmse"][epoch]);
        }
        let results = model.evaluate_with(&x.i(96..)?, &y.i(96..)?, Evaluate::new().verbose(0))?;
        println!("evaluation: {}", [results["loss"], results["rmse"], results["r_squared"], results["share_close"]].into_iter().map(|value| format!("{value:.4}")).collect::<Vec<String>>().join(", "));
        let predictions = model.predict_with(&x.i(96..99)?, Predict::new().verbose(0))?;
        for (true_, pred) in numpy::rows(&y.i(96..99)?.flatten_all()?)?.into_iter().zip(numpy::rows(&predictions.flatten_all()?)?) {
            println!("  true {:.3} predicted {:.3}", true_.to_dtype(DType::F64)?.to_scalar::<f64>()?, pred.to_dtype(DType::F64)?.to_scalar::<f64>()?);
        }
    }
    Ok(())
}

fn huber(y_true: &Tensor, y_pred: &Tensor, delta: f64) -> Result<Tensor> {
    let error = ops::subtract(y_true, y_pred)?;
    let is_small = ops::abs(&error)?.le(delta)?;
    let squared = (0.5 * &ops::square(&error)?)?;
    let linear = (delta * &(&ops::abs(&error)? - (0.5 * delta))?)?;
    Ok(ops::where_(&is_small, &squared, &linear)?)
}

fn weighted_mse(under_weight: f64) -> Result<impl Fn(&Tensor, &Tensor) -> candle_keras::candle_core::Result<Tensor> + Send + Sync + 'static> {
    // Predictions that are too low cost more.
    Ok(move |y_true: &Tensor, y_pred: &Tensor| Ok(loss(y_true, y_pred, under_weight)?))
}

fn loss(y_true: &Tensor, y_pred: &Tensor, under_weight: f64) -> Result<Tensor> {
    let error = ops::subtract(y_true, y_pred)?;
    let weights = ops::where_(&error.gt(0.0)?, &Tensor::new((under_weight) as f32, &Device::Cpu)?, &Tensor::new(1.0_f32, &Device::Cpu)?)?;
    Ok(ops::mean(&ops::multiply(&weights, &ops::square(&error)?)?, -1)?)
}

fn log_cosh(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    Ok(ops::mean(&ops::log(&ops::cosh(&ops::subtract(y_pred, y_true)?)?)?, -1)?)
}

fn rmse(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    Ok(ops::sqrt(&ops::mean(&ops::square(&ops::subtract(y_pred, y_true)?)?, ())?)?)
}

fn r_squared(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    let residual = ops::sum(&ops::square(&ops::subtract(y_true, y_pred)?)?, ())?;
    let total = ops::sum(&ops::square(&ops::subtract(y_true, &ops::mean(y_true, ())?)?)?, ())?;
    Ok((1.0 - &ops::divide(&residual, &(&total + 1e-7)?)?)?)
}

fn share_close(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    let close = ops::less(&ops::abs(&ops::subtract(y_true, y_pred)?)?, &Tensor::new(0.25_f32, &Device::Cpu)?)?;
    Ok(ops::mean(&ops::cast(&close, "float32")?, -1)?)
}
