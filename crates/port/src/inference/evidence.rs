//! What the uses of a name say of its value, where the value itself could not be ported.

use crate::value::{ModelType, Type};
use hashbrown::{HashMap, HashSet};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Stmt};

/// What a use says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Use {
    Array,
    Int,
    Text,
    Float,
    Model,
    Dataset,
    History,
    Table,
    /// Something of another library.
    Other,
}

/// The uses of all names of a script.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    uses: HashMap<String, HashSet<Use>>,
    read: HashSet<String>,
}

/// Methods and attributes that arrays have.
const OF_ARRAYS: &[&str] =
    &["shape", "reshape", "astype", "T", "ndim", "flatten", "ravel", "squeeze", "argmax", "dtype"];

/// Those that models have, and other objects that are fitted have not.
const OF_MODELS: &[&str] = &[
    "compile",
    "summary",
    "layers",
    "save_weights",
    "load_weights",
    "get_layer",
    "trainable",
    "output",
    "input",
    "outputs",
];

/// Methods of models that take arrays.
const ON_DATA: &[&str] = &["fit", "evaluate", "train_on_batch", "test_on_batch", "predict", "predict_on_batch"];

/// Attributes and methods that tables of pandas have alone.
const OF_TABLES: &[&str] = &["columns", "iloc", "loc", "dropna", "fillna", "iterrows", "groupby", "to_csv", "describe"];

/// Functions that take a path first.
const OF_PATHS: &[&str] =
    &["listdir", "isfile", "isdir", "exists", "makedirs", "read_csv", "load_model", "loadtxt", "savefig", "basename"];

/// Functions of NumPy that take an array first.
const OF_NUMPY: &[&str] = &[
    "argmax",
    "mean",
    "sum",
    "max",
    "min",
    "std",
    "reshape",
    "expand_dims",
    "squeeze",
    "concatenate",
    "sqrt",
    "abs",
    "round",
    "unique",
    "transpose",
    "array",
    "asarray",
];

impl Evidence {
    pub(crate) fn of(statements: &[Stmt]) -> Self {
        let mut evidence = Self::default();
        evidence.visit_body(statements);
        evidence
    }

    /// The type of a name's value, if all its uses agree.
    pub(crate) fn type_of(&self, name: &str) -> Option<Type> {
        let uses = self.uses.get(name)?;
        let mut uses = uses.iter();
        let (Some(one), None) = (uses.next(), uses.next()) else { return None };
        Some(match one {
            Use::Array => Type::Floats,
            Use::Int => Type::Int,
            Use::Float => Type::Float,
            Use::History => Type::History,
            Use::Table => Type::Object(crate::pandas::TABLE.into()),
            Use::Text => Type::String,
            Use::Model => Type::Model(ModelType::default()),
            Use::Dataset => Type::Dataset(Box::new(Type::Floats), Some(Box::new(Type::Array))),
            Use::Other => return None,
        })
    }

    /// Whether a name is read.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.read.contains(name)
    }

    fn note(&mut self, expression: &Expr, use_: Use) {
        match expression {
            Expr::Name(name) => _ = self.uses.entry(name.id.to_string()).or_default().insert(use_),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|element| self.note(element, use_)),
            Expr::List(list) => list.elts.iter().for_each(|element| self.note(element, use_)),
            _ => {}
        }
    }

    fn of_call(&mut self, call: &ExprCall) {
        let arguments = &call.arguments;
        let word = |name: &str| {
            arguments.keywords.iter().find(|word| word.arg.as_deref() == Some(name)).map(|word| &word.value)
        };
        let name = match &*call.func {
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            Expr::Name(name) => name.id.as_str(),
            _ => "",
        };
        if let Expr::Attribute(attribute) = &*call.func
            && ON_DATA.contains(&name)
        {
            // Others than models are fitted as well; those of Keras have epochs, or are compiled somewhere.
            let x = arguments.args.first().or_else(|| word("x"));
            let y = arguments.args.get(1).or_else(|| word("y"));
            let is_of_keras = word("epochs").is_some() || word("batch_size").is_some() || word("verbose").is_some();
            if is_of_keras {
                self.note(&attribute.value, Use::Model);
            }
            match (x, y) {
                (Some(x), Some(y)) => {
                    self.note(x, Use::Array);
                    self.note(y, Use::Array);
                }
                (Some(x), None) if name == "fit" && is_of_keras => self.note(x, Use::Dataset),
                (Some(x), None) if name == "predict" && is_of_keras => self.note(x, Use::Array),
                _ => {}
            }
            match word("validation_data") {
                Some(Expr::Tuple(pair)) => pair.elts.iter().for_each(|element| self.note(element, Use::Array)),
                Some(data @ Expr::Name(_)) => self.note(data, Use::Dataset),
                _ => {}
            }
        }
        let is_numpy = matches!(&*call.func, Expr::Attribute(attribute)
            if matches!(&*attribute.value, Expr::Name(name) if matches!(name.id.as_str(), "np" | "numpy")));
        if is_numpy
            && OF_NUMPY.contains(&name)
            && let Some(first) = arguments.args.first()
        {
            self.note(first, Use::Array);
        }
        if name == "to_categorical"
            && let Some(first) = arguments.args.first()
        {
            self.note(first, Use::Array);
        }
        if let (true, Some(first)) =
            (matches!(name, "Dense" | "LSTM" | "GRU" | "range" | "Embedding"), arguments.args.first())
        {
            self.note(first, Use::Int);
        }
        for (argument, use_) in [
            ("units", Use::Int),
            ("input_dim", Use::Int),
            ("output_dim", Use::Int),
            ("num_classes", Use::Int),
            ("input_shape", Use::Int),
            ("shape", Use::Int),
            ("epochs", Use::Int),
            ("batch_size", Use::Int),
            ("steps_per_epoch", Use::Int),
            ("validation_steps", Use::Int),
            ("num_heads", Use::Int),
            ("key_dim", Use::Int),
            ("filters", Use::Int),
            ("kernel_size", Use::Int),
            ("rate", Use::Float),
            ("dropout", Use::Float),
            ("learning_rate", Use::Float),
        ] {
            if let Some(value) = word(argument) {
                match value {
                    // A name may be the whole shape.
                    Expr::Name(_) if argument.ends_with("shape") => {}
                    value => self.note(value, use_),
                }
            }
        }
        if let ("Dropout" | "SpatialDropout1D" | "GaussianNoise" | "LeakyReLU", Some(first)) =
            (name, arguments.args.first())
        {
            self.note(first, Use::Float);
        }
        if name == "join" || name == "load_img" || name == "open" {
            arguments.args.iter().for_each(|argument| self.note(argument, Use::Text));
        }
        if let (true, Some(path)) = (OF_PATHS.contains(&name), arguments.args.first()) {
            self.note(path, Use::Text);
        }
        // The sizes of a shape.
        if name == "reshape" {
            arguments.args.iter().skip(usize::from(is_numpy)).for_each(|size| self.note(size, Use::Int));
        }
    }
}

impl<'a> Visitor<'a> for Evidence {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) => _ = self.read.insert(name.id.to_string()),
            Expr::Call(call) => self.of_call(call),
            Expr::Attribute(attribute) => match attribute.attr.as_str() {
                name if OF_ARRAYS.contains(&name) => self.note(&attribute.value, Use::Array),
                name if OF_TABLES.contains(&name) => self.note(&attribute.value, Use::Table),
                "history" => self.note(&attribute.value, Use::History),
                "lower" | "upper" | "strip" | "startswith" | "endswith" | "splitlines" => {
                    self.note(&attribute.value, Use::Text);
                }
                name if OF_MODELS.contains(&name) => self.note(&attribute.value, Use::Model),
                name if ON_DATA.contains(&name) => {}
                _ => self.note(&attribute.value, Use::Other),
            },
            _ => {}
        }
        walk_expr(self, expression);
    }
}
