//! Models that real Keras saved: loaded, run and trained here, and compared with Keras's results. tools/keras_fixtures.py and tools/keras2_fixtures.py write them.

use crate::keras_cases::{check_all, folders, model_file};
use candle_keras::prelude::*;
use candle_keras::saving::{LoadModel, class_names};
use candle_keras_ops::functions::classes;

#[test]
fn every_fixture_predicts_and_trains_as_in_keras() {
    check_all(&folders("fixtures"), &Device::Cpu);
}

/// tools/keras2_fixtures.py writes them.
#[test]
fn files_of_keras_2_mean_what_they_meant_there() {
    check_all(&folders("keras2"), &Device::Cpu);
}

/// Every class that files may contain is compared with real Keras.
#[test]
fn every_class_has_a_fixture() {
    // Those of Keras 2 have the classes that Keras 3 has no longer.
    let folders = [folders("fixtures"), folders("keras2")].concat();
    let configs: String = folders
        .iter()
        .map(|folder| LoadModel::new().compile(false).config(model_file(folder)).unwrap().to_string())
        .collect();
    let has = |module: &str, class: &str| configs.contains(&format!("{module}\",\"class_name\":\"{class}\""));
    let layers = class_names().into_iter().filter(|class| !configs.contains(&format!("\"class_name\":\"{class}\"")));
    // Some operations have the names of layers.
    let operations = classes().iter().filter(|class| !has(class.module.path(), class.name)).map(|class| class.name);
    // Keras 3.15.1 cannot run a model with this operation: it passes two arguments in the wrong order.
    let missing: Vec<_> = layers.chain(operations).filter(|class| *class != "ConvTranspose").collect();
    assert!(missing.is_empty(), "tools/keras_fixtures.py has no model with {missing:?}");
}
