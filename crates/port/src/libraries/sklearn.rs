//! scikit-learn, as scripts use it around Keras: parts of data, scalers, encoders, metrics.

use crate::arguments::{Named, find, named_as, needed, only};
use crate::libraries::sklearn_more::{LEARNED, TOY_DATASET, part_of_toy_dataset};
use crate::pandas::{TABLE, VALUES, is, is_column};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

const ENCODER: &str = "sklearn::LabelEncoder";
const ONE_HOT: &str = "sklearn::OneHotEncoder";

/// An attribute of a scaler or an encoder.
pub(crate) fn attribute(of: &Value, path: &str, name: &str) -> Ported<Value> {
    let whole = of.at(Strength::Whole);
    let array = |method: &str| Ok(Value::temporary(format!("{whole}.{method}()?"), Type::Floats));
    match (path, name) {
        (ENCODER, "classes_") => {
            Ok(Value::new(format!("{whole}.classes()?"), Type::Object(VALUES.into()), Strength::Whole, Form::Reference))
        }
        ("sklearn::StandardScaler", "mean_" | "var_" | "scale_")
        | ("sklearn::MinMaxScaler", "min_" | "scale_" | "data_min_" | "data_max_") => array(name.trim_end_matches('_')),
        (TOY_DATASET, name) => part_of_toy_dataset(of, name),
        ("sklearn::PCA", "n_components_") => Ok(Value::temporary(format!("{whole}.components()?.dim(0)?"), Type::Int)),
        _ if LEARNED.iter().any(|(own, names)| *own == path && names.contains(&name)) => {
            array(name.trim_end_matches('_'))
        }
        _ => Err(Missing::new(format!("the attribute {name} of {}", of.of.described()))),
    }
}

impl<'a> Program<'a> {
    /// A function or class of scikit-learn.
    pub(crate) fn sklearn_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        let made = |text: String, path: &str| Ok(Value::temporary(text, Type::Object(path.into())));
        let unknown = || Err(Missing::new(format!("{path} is not known here")));
        if let Some(value) = self.more_of_sklearn(path, call)? {
            return Ok(value);
        }
        match path {
            "sklearn.model_selection.train_test_split" => self.train_test_split(call),
            "sklearn.preprocessing.StandardScaler" | "sklearn.preprocessing.LabelEncoder" => {
                named_as(call, &[])?;
                let own = format!("sklearn::{}", path.rsplit('.').next().unwrap_or_default());
                let class = self.import(&own);
                made(format!("{class}::new()"), &own)
            }
            "sklearn.preprocessing.MinMaxScaler" => {
                let given = named_as(call, &["feature_range"])?;
                let class = self.import("sklearn::MinMaxScaler");
                let range = match find(&given, "feature_range") {
                    None => String::new(),
                    Some(range) => {
                        let range = self.expression(range)?;
                        let ends = range.items.as_deref().unwrap_or_default();
                        match ends.iter().map(Value::as_float).collect::<Option<Vec<_>>>().as_deref() {
                            Some([from, to]) => format!(".feature_range({from}, {to})"),
                            _ => return Err(Missing::new("a feature_range that is not written out")),
                        }
                    }
                };
                made(format!("{class}::new(){range}"), "sklearn::MinMaxScaler")
            }
            "sklearn.utils.shuffle" => self.shuffled(call),
            "sklearn.model_selection.KFold" | "sklearn.model_selection.StratifiedKFold" => self.folds(path, call),
            "sklearn.preprocessing.OneHotEncoder" => self.one_hot_encoder(call),
            "sklearn.utils.class_weight.compute_class_weight" | "sklearn.utils.compute_class_weight" => {
                let given = named_as(call, &["class_weight", "classes", "y"])?;
                match needed(&given, "class_weight")? {
                    Expr::StringLiteral(name) if name.value.to_str() == "balanced" => {}
                    _ => return Err(Missing::new("class_weight other than \"balanced\"")),
                }
                let classes = self.column_argument(needed(&given, "classes")?)?;
                let y = self.column_argument(needed(&given, "y")?)?;
                let function = self.import("sklearn::balanced_class_weight");
                Ok(Value::temporary(format!("{function}({classes}, {y})?"), Type::Floats))
            }
            path => match path.strip_prefix("sklearn.metrics.") {
                Some(name) => self.metric_of_sklearn(name, call)?.map_or_else(unknown, Ok),
                None => unknown(),
            },
        }
    }

    /// `KFold(n_splits=5, shuffle=True, random_state=0)`
    fn folds(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["n_splits", "shuffle", "random_state"])?;
        let own = format!("sklearn::{}", path.rsplit('.').next().unwrap_or_default());
        let class = self.import(&own);
        let count = match find(&given, "n_splits") {
            None => "5".into(),
            Some(count) => self.argument(count, "usize", "n_splits")?,
        };
        let mut text = format!("{class}::new({count})");
        for (name, argument) in given.iter().filter(|(name, _)| name != "n_splits") {
            if !self.is_none(argument) {
                let of = if name == "shuffle" { "bool" } else { "u32" };
                text.push_str(&format!(".{name}({})", self.argument(argument, of, name)?));
            }
        }
        Ok(Value::temporary(text, Type::Object(own)))
    }

    fn one_hot_encoder(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["sparse_output", "sparse", "handle_unknown", "dtype"])?;
        let is_false = |name: &str| matches!(find(&given, name), Some(Expr::BooleanLiteral(is)) if !is.value);
        if !is_false("sparse_output") && !is_false("sparse") {
            return Err(Missing::new("OneHotEncoder of sparse arrays").help("OneHotEncoder(sparse_output=False)"));
        }
        if find(&given, "dtype").is_some() {
            return Err(Missing::new("OneHotEncoder of a dtype").help("use astype"));
        }
        let class = self.import("sklearn::OneHotEncoder");
        let ignores = match find(&given, "handle_unknown") {
            None => "",
            Some(Expr::StringLiteral(name)) if name.value.to_str() == "error" => "",
            Some(Expr::StringLiteral(name)) if name.value.to_str() == "ignore" => ".ignore_unknown(true)",
            Some(_) => return Err(Missing::new("this handle_unknown")),
        };
        Ok(Value::temporary(format!("{class}::new(){ignores}"), Type::Object(ONE_HOT.into())))
    }

    /// The arrays that are split or shuffled, and their types.
    fn samples(&mut self, call: &'a ExprCall) -> Ported<(String, Vec<Type>)> {
        let (mut texts, mut types) = (Vec::new(), Vec::new());
        for argument in &call.arguments.args {
            let value = self.expression(argument)?;
            let value = match &value.of {
                Type::Mutable { .. } => self.tensor(&value)?,
                // A slice becomes a list of its own.
                Type::List(_) => self.own_list(value)?,
                of if of.is_array() || is(of, TABLE) || is_column(of) => value,
                of => return Err(Missing::new(format!("{} as rows", of.described()))),
            };
            texts.push(value.borrowed());
            types.push(value.of);
        }
        match &texts[..] {
            [one] => Ok((one.clone(), types)),
            many if (2..=4).contains(&many.len()) => Ok((format!("({})", many.join(", ")), types)),
            _ => Err(Missing::new("the rows of more than four arrays")),
        }
    }

    /// `x, y = shuffle(x, y, random_state=0)`
    fn shuffled(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = words_of(call);
        only(&given, &["random_state"])?;
        let (arrays, types) = self.samples(call)?;
        let seed = match find(&given, "random_state").filter(|seed| !self.is_none(seed)) {
            None => "None".to_string(),
            Some(seed) => format!("Some({})", self.argument(seed, "u32", "random_state")?),
        };
        let function = self.import("sklearn::shuffle");
        let of = if types.len() == 1 { types[0].clone() } else { Type::Tuple(types) };
        Ok(Value::temporary(format!("{function}({arrays}, {seed})?"), of))
    }

    fn train_test_split(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = words_of(call);
        only(&given, &["test_size", "train_size", "random_state", "shuffle", "stratify"])?;
        let (arrays, types) = self.samples(call)?;
        let types = types.into_iter().flat_map(|of| [of.clone(), of]).collect();
        let class = self.import("sklearn::TrainTestSplit");
        let mut options = format!("{class}::new()");
        for (name, argument) in &given {
            if self.is_none(argument) {
                continue;
            }
            let text = match name.as_str() {
                "test_size" | "train_size" => {
                    let size = self.expression(argument)?;
                    match size.of {
                        Type::Int | Type::Float => size.text,
                        of => return Err(Missing::new(format!("{name} is {}", of.described()))),
                    }
                }
                "random_state" => self.argument(argument, "u32", name)?,
                "shuffle" => self.argument(argument, "bool", name)?,
                _ => self.column_argument(argument)?,
            };
            options.push_str(&format!(".{name}({text})"));
        }
        let function = self.import("sklearn::train_test_split");
        Ok(Value::temporary(format!("{function}({arrays}, {options})?"), Type::Tuple(types)))
    }

    fn own_list(&self, list: Value) -> Ported<Value> {
        match list.form {
            Form::Reference | Form::Slice => {
                Ok(Value::temporary(format!("{}.to_vec()", list.at(Strength::Whole)), list.of))
            }
            _ => Ok(list),
        }
    }

    /// A method of a scaler or an encoder.
    pub(crate) fn sklearn_method(&mut self, of: &Value, path: &str, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        if let ("sklearn::KFold" | "sklearn::StratifiedKFold", "split") = (path, name) {
            let given = named_as(call, &["X", "y"])?;
            let x = self.expression(needed(&given, "X")?)?;
            let x = if is(&x.of, TABLE) { x } else { self.tensor(&x)? }.borrowed();
            let text = match find(&given, "y") {
                // The classes make no difference to it.
                _ if path == "sklearn::KFold" => format!("{whole}.split({x})?"),
                Some(y) => format!("{whole}.split({x}, {})?", self.column_argument(y)?),
                None => return Err(Missing::new("split without the classes")),
            };
            let fold = Type::Tuple(vec![Type::Ints, Type::Ints]);
            return Ok(Value::temporary(text, Type::List(Box::new(fold))));
        }
        let given = named_as(call, &[if path == ENCODER { "y" } else { "X" }])?;
        let [(_, argument)] = &given[..] else {
            return Err(Missing::new(format!("the method {name} of {} without data", of.of.described())));
        };
        let is_encoder = path == ENCODER;
        let text = if (is_encoder || path == ONE_HOT) && name != "inverse_transform" {
            match argument {
                argument if path == ONE_HOT => self.columns_argument(argument)?,
                argument => self.column_argument(argument)?,
            }
        } else {
            let value = self.expression(argument)?;
            self.tensor(&value)?.borrowed()
        };
        let result = match (name, is_encoder) {
            ("fit", _) if of.form == Form::Temporary => {
                return Ok(Value::temporary(format!("{whole}.fitted({text})?"), of.of.clone()));
            }
            ("fit", _) => Type::None,
            ("transform" | "fit_transform", true) => Type::Ints,
            ("inverse_transform", false) if path == ONE_HOT => {
                return Err(Missing::new("inverse_transform of OneHotEncoder"));
            }
            ("transform" | "fit_transform" | "inverse_transform", false) => Type::Floats,
            ("inverse_transform", true) => Type::Object(VALUES.into()),
            _ => return Err(Missing::new(format!("the method {name} of {}", of.of.described()))),
        };
        Ok(Value::temporary(format!("{whole}.{name}({text})?"), result))
    }

    /// Values for each row, as `&impl ToColumn`: also those of a table.
    fn columns_argument(&mut self, argument: &'a Expr) -> Ported<String> {
        let value = self.expression(argument)?;
        match is(&value.of, TABLE) {
            true => Ok(value.borrowed()),
            false => self.column_argument(argument),
        }
    }

    fn metric_of_sklearn(&mut self, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let (second, rest, of): (&str, &[&str], Type) = match name {
            "accuracy_score" | "mean_absolute_error" | "r2_score" | "root_mean_squared_error" => {
                ("y_pred", &[], Type::Float)
            }
            "mean_squared_error" => ("y_pred", &["squared"], Type::Float),
            "roc_auc_score" => ("y_score", &[], Type::Float),
            "confusion_matrix" => ("y_pred", &[], Type::Ints),
            "precision_score" | "recall_score" | "f1_score" => ("y_pred", &["average", "zero_division"], Type::Float),
            "classification_report" => ("y_pred", &["target_names", "digits", "zero_division"], Type::String),
            _ => return Ok(None),
        };
        let given = named_as(call, &[&["y_true", second], rest].concat())?;
        if call.arguments.args.len() > 2 {
            return Err(Missing::new(format!("{name} with arguments by place")).help("name them"));
        }
        let y_true = self.column_argument(needed(&given, "y_true")?)?;
        let y_pred = self.column_argument(needed(&given, second)?)?;
        // What scikit-learn takes without it, with a warning.
        if let Some(zero) = find(&given, "zero_division") {
            let zero = self.expression(zero)?;
            if !matches!(zero.text.as_str(), "0" | "0.0") {
                return Err(Missing::new("zero_division other than 0"));
            }
        }
        let mut function = name;
        let mut extra = String::new();
        match name {
            "precision_score" | "recall_score" | "f1_score" => {
                let average = match find(&given, "average") {
                    None => "Binary",
                    Some(Expr::StringLiteral(average)) => match average.value.to_str() {
                        "binary" => "Binary",
                        "macro" => "Macro",
                        "weighted" => "Weighted",
                        "micro" => "Micro",
                        other => return Err(Missing::new(format!("average={other:?}"))),
                    },
                    Some(_) => return Err(Missing::new("a score of each class")),
                };
                let class = self.import("sklearn::Average");
                extra = format!(", {class}::{average}");
            }
            "classification_report" => {
                let class = self.import("sklearn::ClassificationReport");
                extra = format!(", {class}::new()");
                if let Some(names) = find(&given, "target_names").filter(|names| !names.is_none_literal_expr()) {
                    extra.push_str(&format!(".target_names({})", self.class_names(names)?));
                }
                if let Some(digits) = find(&given, "digits") {
                    extra.push_str(&format!(".digits({})", self.argument(digits, "usize", "digits")?));
                }
            }
            "mean_squared_error" => match find(&given, "squared") {
                None => {}
                Some(Expr::BooleanLiteral(squared)) if squared.value => {}
                Some(Expr::BooleanLiteral(_)) => function = "root_mean_squared_error",
                Some(_) => return Err(Missing::new("a computed squared")),
            },
            _ => {}
        }
        let function = self.import(&format!("sklearn::{function}"));
        Ok(Some(Value::temporary(format!("{function}({y_true}, {y_pred}{extra})?"), of)))
    }

    /// The names of classes: a list, or those of an encoder.
    fn class_names(&mut self, names: &'a Expr) -> Ported<String> {
        if !names.is_list_expr() {
            let value = self.expression(names)?;
            if is_column(&value.of) {
                return Ok(format!("{}.to_strings()", value.at(Strength::Whole)));
            }
        }
        self.names(names)
    }
}

/// The arguments that have names.
fn words_of(call: &ExprCall) -> Named<'_> {
    let words = call.arguments.keywords.iter();
    words.filter_map(|word| Some((word.arg.as_deref()?.to_string(), &word.value))).collect()
}
