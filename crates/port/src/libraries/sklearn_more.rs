//! More of scikit-learn: scalers, PCA, and metrics beside the most frequent ones.

use crate::arguments::{Named, find, named_as, needed};
use crate::program::Program;
use crate::value::{Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// Attributes of what is fitted, which are arrays.
pub(crate) const LEARNED: &[(&str, &[&str])] = &[
    ("sklearn::MaxAbsScaler", &["max_abs_", "scale_"]),
    ("sklearn::RobustScaler", &["center_", "scale_"]),
    ("sklearn::PCA", &["components_", "explained_variance_", "explained_variance_ratio_", "singular_values_", "mean_"]),
];

/// What `load_iris` returns.
pub(crate) const TOY_DATASET: &str = "sklearn::ToyDataset";

/// `iris.data`, `iris["target"]`
pub(crate) fn part_of_toy_dataset(of: &Value, name: &str) -> Ported<Value> {
    let kind = match name {
        "data" => Type::Floats,
        "target" => Type::Ints,
        "feature_names" => Type::List(Box::new(Type::Str)),
        "target_names" => Type::TextArray(Box::new(Type::Str)),
        _ => return Err(Missing::new(format!("the attribute {name} of a data set of scikit-learn"))),
    };
    let text = format!("{}.{name}()", of.at(crate::value::Strength::Whole));
    Ok(Value::new(text, kind, crate::value::Strength::Whole, crate::value::Form::Reference))
}

fn made(text: String, path: &str) -> Value {
    Value::temporary(text, Type::Object(path.into()))
}

impl<'a> Program<'a> {
    /// A class or function; `None` if it is another one.
    pub(crate) fn more_of_sklearn(&mut self, path: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        Ok(Some(match path {
            "sklearn.preprocessing.MaxAbsScaler" => {
                named_as(call, &[])?;
                let class = self.import("sklearn::MaxAbsScaler");
                made(format!("{class}::new()"), "sklearn::MaxAbsScaler")
            }
            "sklearn.preprocessing.RobustScaler" => self.robust_scaler(call)?,
            "sklearn.decomposition.PCA" => self.pca(call)?,
            "sklearn.metrics.cohen_kappa_score" => self.cohen_kappa(call)?,
            "sklearn.metrics.balanced_accuracy_score" => {
                let given = named_as(call, &["y_true", "y_pred"])?;
                let y_true = self.column_argument(needed(&given, "y_true")?)?;
                let y_pred = self.column_argument(needed(&given, "y_pred")?)?;
                let function = self.import("sklearn::balanced_accuracy_score");
                Value::temporary(format!("{function}({y_true}, {y_pred})?"), Type::Float)
            }
            "sklearn.metrics.log_loss" => self.log_loss(call)?,
            "sklearn.datasets.load_iris" | "sklearn.datasets.load_wine" => self.toy_dataset(path, call)?,
            _ => return Ok(None),
        }))
    }

    /// `load_iris()`, `load_iris(return_X_y=True)`
    fn toy_dataset(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["return_X_y"])?;
        let name = path.rsplit('.').next().unwrap_or_default();
        let function = self.import(&format!("sklearn::{name}"));
        match find(&given, "return_X_y") {
            Some(Expr::BooleanLiteral(is)) if is.value => {
                let parts = Type::Tuple(vec![Type::Floats, Type::Ints]);
                Ok(Value::temporary(format!("{function}()?.into_parts()"), parts))
            }
            None | Some(Expr::BooleanLiteral(_)) => Ok(made(format!("{function}()?"), TOY_DATASET)),
            Some(_) => Err(Missing::new("a computed return_X_y")),
        }
    }

    fn robust_scaler(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["quantile_range"])?;
        let class = self.import("sklearn::RobustScaler");
        let range = match find(&given, "quantile_range") {
            None => String::new(),
            Some(range) => {
                let range = self.expression(range)?;
                let ends = range.items.as_deref().unwrap_or_default();
                match ends.iter().map(Value::as_float).collect::<Option<Vec<_>>>().as_deref() {
                    Some([low, high]) => format!(".quantile_range({low}, {high})"),
                    _ => return Err(Missing::new("a quantile_range that is not written out")),
                }
            }
        };
        Ok(made(format!("{class}::new(){range}"), "sklearn::RobustScaler"))
    }

    fn pca(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["n_components", "copy", "whiten", "svd_solver", "random_state"])?;
        let class = self.import("sklearn::PCA");
        let mut text = format!("{class}::new()");
        for (name, argument) in &given {
            match name.as_str() {
                "n_components" if argument.is_none_literal_expr() => {}
                "n_components" => {
                    let count = self.expression(argument)?;
                    match count.of {
                        Type::Int | Type::Float => text.push_str(&format!(".n_components({})", count.text)),
                        of => return Err(Missing::new(format!("n_components is {}", of.described()))),
                    }
                }
                "whiten" => text.push_str(&format!(".whiten({})", self.argument(argument, "bool", "whiten")?)),
                "svd_solver" => match argument {
                    Expr::StringLiteral(solver) if solver.value.to_str() == "auto" => {}
                    Expr::StringLiteral(solver) if solver.value.to_str() == "full" => text.push_str(".full(true)"),
                    _ => return Err(Missing::new("an svd_solver that approximates").help("svd_solver=\"full\"")),
                },
                // What is computed exactly draws no random numbers, and the array is never changed.
                _ => {}
            }
        }
        Ok(made(text, "sklearn::PCA"))
    }

    fn cohen_kappa(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["y1", "y2", "weights"])?;
        if call.arguments.args.len() > 2 {
            return Err(Missing::new("cohen_kappa_score with arguments by place").help("name them"));
        }
        let y1 = self.column_argument(needed(&given, "y1")?)?;
        let y2 = self.column_argument(needed(&given, "y2")?)?;
        let weights = match find(&given, "weights") {
            None | Some(Expr::NoneLiteral(_)) => "None".to_string(),
            Some(Expr::StringLiteral(name)) => {
                let name = match name.value.to_str() {
                    "linear" => "Linear",
                    "quadratic" => "Quadratic",
                    other => return Err(Missing::new(format!("weights={other:?}"))),
                };
                format!("{}::{name}", self.import("sklearn::KappaWeights"))
            }
            Some(_) => return Err(Missing::new("computed weights of a kappa")),
        };
        let function = self.import("sklearn::cohen_kappa_score");
        Ok(Value::temporary(format!("{function}({y1}, {y2}, {weights})?"), Type::Float))
    }

    fn log_loss(&mut self, call: &'a ExprCall) -> Ported<Value> {
        // Its name has changed.
        let given: Named<'a> = match named_as(call, &["y_true", "y_proba"]) {
            Ok(given) => given,
            Err(_) => named_as(call, &["y_true", "y_pred"])?,
        };
        let probabilities = find(&given, "y_proba").or(find(&given, "y_pred"));
        let probabilities = probabilities.ok_or_else(|| Missing::new("log_loss without probabilities"))?;
        let y_true = self.column_argument(needed(&given, "y_true")?)?;
        let probabilities = self.expression(probabilities)?;
        let probabilities = self.tensor(&probabilities)?.borrowed();
        let function = self.import("sklearn::log_loss");
        Ok(Value::temporary(format!("{function}({y_true}, {probabilities})?"), Type::Float))
    }
}
