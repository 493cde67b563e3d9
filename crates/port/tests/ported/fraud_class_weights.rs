// Ported from fraud_class_weights.py.
// Fraud detection: one transaction in twelve is a fraud, so classes get weights.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Dense, Dropout};
use candle_keras::metrics::{FalseNegatives, FalsePositives, Precision, Recall, TrueNegatives, TruePositives};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};

fn main() -> Result<()> {
    utils::set_random_seed(66);
    numpy::random::seed(66);

    // First, a CSV file as it would come from the disk
    let mut lines = vec!["time,amount,v1,v2,v3,class".to_string()];
    for i in 0..360 {
        let fraud = usize::from(numpy::random::rand_scalar() < 1.0 / 12.0);
        let v = numpy::random::normal(0.9 * fraud as f64, 1.0, 3)?;
        let amount = numpy::random::uniform_scalar(20.0, 100.0 + 90.0 * fraud as f64)?;
        lines.push(format!("{i},{amount:.2},{:.5},{:.5},{:.5},{fraud}", v.i(0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, v.i(1)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, v.i(2)?.to_dtype(DType::F64)?.to_scalar::<f64>()?));
    }
    let file = lines.join("\n");

    let mut all_features = vec![];
    let mut all_targets = vec![];
    for (i, row) in python::tables::rows(&file, ',')?.into_iter().enumerate() {
        if i == 0 {
            println!("HEADER: {}", row.join(","));
            continue; // Skip header
        }
        all_features.push(python::slice(&row, ..-1).iter().map(|value| Ok::<_, Error>(value.trim().parse::<f64>().map_err(|error| Error::new(error.to_string()))?)).collect::<Result<Vec<f64>>>()?);
        all_targets.push(vec![row[row.len() - 1].trim().parse::<i64>().map_err(|error| Error::new(error.to_string()))?]);
        if i == 1 {
            println!("EXAMPLE FEATURES: {:?}", all_features[all_features.len() - 1]);
        }
    }

    let features = all_features.to_tensor()?.to_dtype(DType::F32)?;
    let targets = all_targets.to_tensor()?.to_dtype(DType::U8)?;
    println!("features.shape: {:?}", features.dims());
    println!("targets.shape: {:?}", targets.dims());

    // Prepare a validation set
    let num_val_samples = (features.dim(0)? as f64 * 0.2) as usize;
    let mut train_features = features.i(..features.dim(0)? - num_val_samples)?;
    let train_targets = targets.i(..targets.dim(0)? - num_val_samples)?;
    let mut val_features = features.i(features.dim(0)? - num_val_samples..)?;
    let val_targets = targets.i(targets.dim(0)? - num_val_samples..)?;

    // Analyze class imbalance in the targets
    let counts = numpy::bincount(&train_targets.i((.., 0))?, None, 0)?;
    println!("Number of positive samples in training data: {} ({:.2}% of total)", numpy::array_str(&counts.i(1)?)?, 100.0 * counts.i(1)?.to_dtype(DType::F64)?.to_scalar::<f64>()? / train_targets.dim(0)? as f64);
    let weight_for_0 = (1.0 / counts.i(0)?.to_dtype(DType::F64)?)?;
    let weight_for_1 = (1.0 / counts.i(1)?.to_dtype(DType::F64)?)?;

    // Normalize the data using training set statistics
    let mean = ops::mean(&train_features, 0)?;
    train_features = ops::subtract(&train_features, &mean)?;
    val_features = ops::subtract(&val_features, &mean)?;
    let std = ops::std(&train_features, 0)?;
    train_features = ops::divide(&train_features, &std)?;
    val_features = ops::divide(&val_features, &std)?;

    let mut model = Sequential::new(layers![
        Input::shape(&train_features.dims()[1..]),
        Dense::new(32).activation("relu"),
        Dense::new(32).activation("relu"),
        Dropout::new(0.3),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metric(FalseNegatives::new().named("fn")).metric(FalsePositives::new().named("fp")).metric(TrueNegatives::new().named("tn")).metric(TruePositives::new().named("tp")).metric(Precision::new().named("precision")).metric(Recall::new().named("recall")))?;
    let history = model.fit(&train_features, &train_targets, Fit::new().batch_size(48).epochs(5).verbose(0).validation_data(&val_features, &val_targets).class_weight([(0, weight_for_0.to_dtype(DType::F64)?.to_scalar::<f64>()?), (1, weight_for_1.to_dtype(DType::F64)?.to_scalar::<f64>()?)]))?;
    for epoch in 0..5 {
        println!("epoch {}: loss {:.4}, recall {:.4}", epoch + 1, history["loss"][epoch], history["recall"][epoch]);
    }

    let results = model.evaluate_with(&val_features, &val_targets, Evaluate::new().verbose(0))?;
    println!("caught {} frauds, missed {}, {} false alarms", results["tp"] as i64, results["fn"] as i64, results["fp"] as i64);
    println!("precision {:.3}, recall {:.3}", results["precision"], results["recall"]);
    let suspects = numpy::flatnonzero(&model.predict_with(&val_features, Predict::new().verbose(0))?.i((.., 0))?.gt(0.6)?)?;
    println!("suspects: {}", numpy::array_str(&suspects.i(..8)?)?);
    Ok(())
}
