//! The numbers of scikit-learn 1.9.

use crate::ToColumn;
use crate::sklearn::*;
use candle_core::{DType, Device, Tensor};

const TRUE: [i64; 10] = [0, 1, 2, 2, 1, 0, 3, 3, 1, 2];
const PREDICTED: [i64; 10] = [0, 2, 2, 2, 1, 0, 1, 3, 1, 0];

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

#[test]
fn averages_are_those_of_scikit_learn() {
    let score = |f: fn(&[i64], &[i64], Average) -> candle_keras_ops::Result<f64>| {
        [Average::Macro, Average::Weighted, Average::Micro].map(|average| f(&TRUE, &PREDICTED, average).unwrap())
    };
    for (found, expected) in [
        (score(precision_score), [0.75, 0.7333333333333333, 0.7]),
        (score(recall_score), [0.7083333333333333, 0.7, 0.7]),
        (score(f1_score), [0.7, 0.6933333333333332, 0.7]),
    ] {
        assert!(found.iter().zip(expected).all(|(a, b)| close(*a, b)), "{found:?}, not {expected:?}");
    }
    let matrix = confusion_matrix(&TRUE, &PREDICTED).unwrap().to_vec2::<i64>().unwrap();
    assert_eq!(matrix, [[2, 0, 0, 0], [0, 2, 1, 0], [1, 0, 2, 0], [0, 1, 0, 1]]);
    // A column of predictions, as a model has them.
    let column = Tensor::new(&[[1f32], [0.], [1.]], &Device::Cpu).unwrap();
    assert_eq!(accuracy_score(&[1, 0, 0], &column).unwrap(), 2.0 / 3.0);
    assert_eq!(f1_score(&[0, 0], &[0, 0], Average::Binary).unwrap(), 0.0);
}

#[test]
fn reports_are_those_of_scikit_learn() {
    let new = ClassificationReport::new;
    assert_eq!(
        classification_report(&TRUE, &PREDICTED, new()).unwrap(),
        "              precision    recall  f1-score   support

           0       0.67      1.00      0.80         2
           1       0.67      0.67      0.67         3
           2       0.67      0.67      0.67         3
           3       1.00      0.50      0.67         2

    accuracy                           0.70        10
   macro avg       0.75      0.71      0.70        10
weighted avg       0.73      0.70      0.69        10
"
    );
    assert_eq!(
        classification_report(&["cat", "dog", "a"], &["cat", "cat", "dog"], new().digits(4)).unwrap(),
        "              precision    recall  f1-score   support

           a     0.0000    0.0000    0.0000         1
         cat     0.5000    1.0000    0.6667         1
         dog     0.0000    0.0000    0.0000         1

    accuracy                         0.3333         3
   macro avg     0.1667    0.3333    0.2222         3
weighted avg     0.1667    0.3333    0.2222         3
"
    );
    let named = new().target_names(["a very long name", "b"]);
    assert_eq!(
        classification_report(&[0, 1], &[1.0, 1.0], named).unwrap(),
        "                  precision    recall  f1-score   support

a very long name       0.00      0.00      0.00         1
               b       0.50      1.00      0.67         1

        accuracy                           0.50         2
       macro avg       0.25      0.50      0.33         2
    weighted avg       0.25      0.50      0.33         2
"
    );
    let floats = classification_report(&[0.0, 1.0], &[1, 1], new()).unwrap();
    assert!(floats.contains("\n         0.0       0.00"), "{floats}");
    let names = classification_report(&[0, 1], &[1, 1], new().target_names(["a"])).unwrap_err().to_string();
    assert!(names.contains("2 target_names"), "{names}");
}

#[test]
fn errors_and_areas_are_those_of_scikit_learn() {
    let a = Tensor::new(&[[3., -0.5], [2., 7.], [1., 4.]], &Device::Cpu).unwrap();
    let b = Tensor::new(&[[2.5, 0.], [2., 8.], [1., 3.]], &Device::Cpu).unwrap();
    assert!(close(mean_squared_error(&a, &b).unwrap(), 0.4166666666666667));
    assert!(close(root_mean_squared_error(&a, &b).unwrap(), 0.5773502691896257));
    assert!(close(mean_absolute_error(&a, &b).unwrap(), 0.5));
    assert!(close(r2_score(&a, &b).unwrap(), 0.8980263157894737));
    assert_eq!(r2_score(&[1., 1.], &[1., 2.]).unwrap(), 0.0);
    assert_eq!(r2_score(&[1., 1.], &[1., 1.]).unwrap(), 1.0);
    let column = Tensor::new(&[[1f64], [2.], [4.]], &Device::Cpu).unwrap();
    assert_eq!(r2_score(&[1., 2., 3.], &column).unwrap(), 0.5);
    let scores = [0.1, 0.4, 0.35, 0.8, 0.35, 0.8, 0.2, 0.2];
    assert_eq!(roc_auc_score(&[0, 0, 1, 1, 0, 1, 1, 0], &scores).unwrap(), 0.75);
    assert_eq!(roc_auc_score(&["a", "a", "b", "b", "a", "b", "b", "a"], &scores).unwrap(), 0.75);
}

#[test]
fn what_is_no_label_is_an_error() {
    let text = |y_pred: &dyn Fn() -> candle_keras_ops::Result<f64>| y_pred().unwrap_err().to_string();
    assert!(text(&|| accuracy_score(&[0, 1], &[0.2, 0.7])).contains("whole numbers"));
    assert!(text(&|| accuracy_score(&[0, 1], &["a", "b"])).contains("numbers and strings"));
    assert!(text(&|| accuracy_score(&[0, 1], &[0, 1, 1])).contains("received: 3"));
    assert!(text(&|| f1_score(&TRUE, &PREDICTED, Average::Binary)).contains("the classes 0, 1, 2, 3"));
    assert!(text(&|| f1_score(&["a", "b"], &["a", "a"], Average::Binary)).contains("the classes a, b"));
    assert!(text(&|| roc_auc_score(&TRUE, &PREDICTED)).contains("received: 4"));
    assert!(text(&|| mean_squared_error(&["a"], &["b"])).contains("numbers"));
    let table = Tensor::zeros((2, 3), DType::F32, &Device::Cpu).unwrap();
    assert!(text(&|| accuracy_score(&[0, 1], &table)).contains("[2, 3]"));
    assert!(table.to_columns().is_ok());
}

const X: [[f64; 3]; 4] = [[1.5, -2., 7.], [2.25, 0.1, 7.], [9., 3.3, 7.], [-4., 1e3, 7.]];

#[test]
fn scalers_are_those_of_scikit_learn() {
    let x = Tensor::new(&X, &Device::Cpu).unwrap();
    let mut scaler = StandardScaler::new();
    let standard = scaler.fit_transform(&x).unwrap().to_vec2::<f64>().unwrap();
    let expected = [
        [-0.14898913342440245, -0.5830439086968249, 0.0],
        [0.013544466674945677, -0.5781919482915808, 0.0],
        [1.4763468675690787, -0.5707984848169233, 0.0],
        [-1.340902200819622, 1.732034341805329, 0.0],
    ];
    assert_eq!(standard, expected);
    assert_eq!(scaler.mean().unwrap().to_vec1::<f64>().unwrap(), [2.1875, 250.35, 7.0]);
    assert_eq!(scaler.var().unwrap().to_vec1::<f64>().unwrap(), [21.29296875, 187328.60249999998, 0.0]);
    assert_eq!(scaler.scale().unwrap().to_vec1::<f64>().unwrap(), [4.614430490320555, 432.81474385699937, 1.0]);
    let mut scaler = MinMaxScaler::new().feature_range(-1.0, 2.0);
    let scaled = scaler.fit_transform(&x).unwrap();
    assert_eq!(scaled.to_vec2::<f64>().unwrap()[1], [0.4423076923076924, -0.9937125748502994, -1.0]);
    let back = scaler.inverse_transform(&scaled).unwrap().to_vec2::<f64>().unwrap();
    assert_eq!(back[0], [1.4999999999999998, -2.0000000000000155, 7.0]);
}

#[test]
fn float32_stays_float32() {
    let x = Tensor::new(&X, &Device::Cpu).unwrap().to_dtype(DType::F32).unwrap();
    let mut scaler = StandardScaler::new();
    let scaled = scaler.fit_transform(&x).unwrap();
    assert_eq!(scaled.to_vec2::<f32>().unwrap()[0], [-0.14898914, -0.58304393, 0.0]);
    let back = scaler.inverse_transform(&scaled).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(back[0], [1.5, -2.0000153, 7.0]);
    let mut scaler = MinMaxScaler::new().feature_range(-1.0, 2.0);
    let scaled = scaler.fit_transform(&x).unwrap();
    assert_eq!(scaled.to_vec2::<f32>().unwrap()[0], [0.26923078, -1.0, -1.0]);
    let back = scaler.inverse_transform(&scaled).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(back[3], [-4.0, 999.99994, 7.0]);
}

#[test]
fn missing_numbers_do_not_count_and_shapes_are_checked() {
    let mut missing = X;
    missing[1][0] = f64::NAN;
    let x = Tensor::new(&missing, &Device::Cpu).unwrap();
    let mut scaler = StandardScaler::new();
    assert!(scaler.transform(&x).unwrap_err().to_string().contains("not fitted"));
    scaler.fit(&x).unwrap();
    assert_eq!(scaler.mean().unwrap().to_vec1::<f64>().unwrap()[0], 2.1666666666666665);
    assert!(close(scaler.var().unwrap().to_vec1::<f64>().unwrap()[0], 28.388888888888886));
    assert!(scaler.transform(&x.narrow(1, 0, 2).unwrap()).unwrap_err().to_string().contains("[samples, 3]"));
    assert!(MinMaxScaler::new().fit(&x.flatten_all().unwrap()).unwrap_err().to_string().contains("two axes"));
    assert!(MinMaxScaler::new().feature_range(1.0, 1.0).fit(&x).unwrap_err().to_string().contains("1 and 1"));
    let mut encoder = LabelEncoder::new();
    assert!(encoder.transform(&["a"]).unwrap_err().to_string().contains("not fitted"));
    encoder.fit(&[3, 1]).unwrap();
    assert!(encoder.transform(&[2]).unwrap_err().to_string().contains("one of 1, 3"));
    assert!(encoder.transform(&["x"]).unwrap_err().to_string().contains("one of 1, 3"));
    let places = Tensor::new(&[2i64], &Device::Cpu).unwrap();
    assert!(encoder.inverse_transform(&places).unwrap_err().to_string().contains("0..2"));
}
