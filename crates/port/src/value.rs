//! What an expression of Python becomes: text of Rust, and what is known about it.

use crate::script::names::is_constant;
use hashbrown::HashMap;

/// What is known of a value of Python.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    None,
    Bool,
    /// Not negative: `usize`.
    Int,
    /// `i64`.
    Signed,
    /// `u32`, as the data of Keras have them.
    Id,
    /// `f64`.
    Float,
    /// `&'static str`.
    Str,
    String,
    /// A character of a text: in Python a `str` of length 1.
    Char,
    /// What an empty list holds, until something is put into it: the number of the list.
    Unknown(usize),
    /// `Vec`, of a slice if it is borrowed.
    List(Box<Type>),
    /// `IndexMap`, in the order of insertion.
    Dict(Box<Type>, Box<Type>),
    /// `BTreeSet`: Python does not say in which order.
    Set(Box<Type>),
    Tuple(Vec<Type>),
    /// A function of the script, by its number.
    Function(usize),
    /// The batch of a training step, whose inputs and perhaps targets have these types.
    Batch(Box<Type>, Option<Box<Type>>),
    /// A closure of so many tensors, and its name in Python.
    Closure(String, usize),
    /// The outputs of a layer, as an array.
    Outputs(Vec<Type>),
    /// A `Tensor`, perhaps of integers.
    Array,
    /// A `Tensor` of fractions.
    Floats,
    /// A `Tensor` of integers.
    Ints,
    /// A `Tensor` of truth values.
    Mask,
    /// An `ndarray`, whose elements the script assigns: the type of these, and its rank; 0 if that is not known.
    Mutable {
        of: &'static str,
        rank: usize,
    },
    /// A `KerasTensor`.
    Symbolic,
    /// A layer of this class.
    Layer(String),
    /// A model, and what its evaluation returns.
    Model(ModelType),
    /// Another object of Keras, by its name in Rust: `optimizers::Adam`.
    Object(String),
    /// An object of a class of the script.
    Instance(String),
    /// The logs that callbacks get.
    Logs,
    /// A `Dataset`, whose elements have inputs and perhaps targets of these types.
    Dataset(Box<Type>, Option<Box<Type>>),
    /// A `FolderDataset`, likewise.
    Folder(Box<Type>, Option<Box<Type>>),
    /// An `ImageFlow`, whose targets are of this type.
    Flow(Option<Box<Type>>),
    /// A `Tensor` of texts, which layers of texts take.
    Texts,
    /// An array of texts that is a `Vec`.
    TextArray(Box<Type>),
    /// A `DType`.
    Dtype,
    /// What a dict may have under a key: an `Option` of a reference.
    Option(Box<Type>),
    /// What a name has that is None at first: an `Option`.
    Maybe(Box<Type>),
    /// The `Shape` of a symbolic tensor.
    Shape,
    /// The batch size of a symbolic tensor: the text is that of the tensor.
    BatchSize,
    /// Sizes with a batch size among them, which is `None`.
    BatchShape(Vec<Option<String>>),
    /// The shape of the input of a layer that is built.
    BuildShape,
    /// Whether a layer that runs is training: `ctx.is_training()`.
    Training,
    /// A `PathBuf`.
    Path,
    /// The text of a file, or what will be written to one.
    File {
        is_read: bool,
    },
    /// The weights of a model or layer.
    Variables,
    /// The gradients of the weights that this text of Rust names.
    Gradients(String),
    History,
    /// The values of `history.history`.
    HistoryValues,
    /// The numbers that `evaluate` returns, by name.
    Scores(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ModelType {
    pub(crate) is_sequential: bool,
    /// How many inputs it has, if these are several.
    pub(crate) inputs: usize,
    /// How many outputs it has, if these are several.
    pub(crate) outputs: usize,
    /// Whether its graph has layers of layers of the script, or constants: other layers than in Keras.
    pub(crate) has_groups: bool,
    /// The loss and the metrics of `compile`, as they are called in logs; `None` if they are not known.
    pub(crate) logs: Option<Vec<String>>,
    /// The class of the script that it is an object of.
    pub(crate) class: Option<String>,
}

impl Type {
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Signed | Self::Float | Self::Bool)
    }

    pub(crate) fn is_array(&self) -> bool {
        matches!(self, Self::Array | Self::Ints | Self::Floats | Self::Mask)
    }

    /// The arrays in it, which are all tensors in Rust.
    pub(crate) fn kinds_of_arrays(&self) -> Vec<&Type> {
        match self {
            of if of.is_array() => vec![of],
            Self::List(of) | Self::Set(of) | Self::Option(of) => of.kinds_of_arrays(),
            Self::Dict(key, value) => [key.kinds_of_arrays(), value.kinds_of_arrays()].concat(),
            Self::Tuple(types) => types.iter().flat_map(Self::kinds_of_arrays).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it is a `Tensor`, perhaps of texts.
    pub(crate) fn is_tensor(&self) -> bool {
        self.is_array() || *self == Self::Texts
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Str | Self::String)
    }

    /// Whether a program has values of it: `None` and functions are known when it is written.
    pub(crate) fn is_stored(&self) -> bool {
        !matches!(self, Self::None | Self::Training | Self::Function(_))
    }

    /// Whether it has the numbers of a model by their names: two of them are the same in Rust, and may have other names.
    pub(crate) fn has_scores(&self) -> bool {
        match self {
            Self::Scores(_) | Self::HistoryValues => true,
            Self::Tuple(types) => types.iter().any(Self::has_scores),
            _ => false,
        }
    }

    /// Whether Rust copies it.
    pub(crate) fn is_copy(&self) -> bool {
        self.is_number()
            || matches!(self, Self::Str | Self::None | Self::Char | Self::Id | Self::Dtype)
            || crate::libraries::axes::is_axes(self)
            || matches!(self, Self::Tuple(types) if types.iter().all(Self::is_copy))
    }

    /// The type with fractions where it is not known what lists hold: nothing is ever put into them.
    pub(crate) fn of_fractions(&self) -> Self {
        let boxed = |of: &Self| Box::new(of.of_fractions());
        match self {
            Self::Unknown(_) => Self::Float,
            Self::List(of) => Self::List(boxed(of)),
            Self::Set(of) => Self::Set(boxed(of)),
            Self::Dict(key, value) => Self::Dict(boxed(key), boxed(value)),
            Self::Tuple(types) => Self::Tuple(types.iter().map(Self::of_fractions).collect()),
            of => of.clone(),
        }
    }

    /// As a parameter or result of a function; `None` if it has no short name.
    pub(crate) fn in_rust(&self) -> Option<String> {
        Some(match self {
            Self::None => "()".into(),
            Self::Bool => "bool".into(),
            Self::Int => "usize".into(),
            Self::Signed => "i64".into(),
            Self::Id => "u32".into(),
            Self::Float => "f64".into(),
            Self::Str => "&'static str".into(),
            Self::String => "String".into(),
            Self::Mutable { of, rank: 0 } => format!("ArrayD<{of}>"),
            Self::Mutable { of, rank } => format!("Array{rank}<{of}>"),
            Self::Closure(_, count) => format!(
                "impl Fn({}) -> candle_keras::candle_core::Result<Tensor> + Send + Sync + 'static",
                vec!["&Tensor"; *count].join(", ")
            ),
            Self::Char => "char".into(),
            Self::List(of) | Self::TextArray(of) => format!("Vec<{}>", of.in_rust()?),
            Self::Dict(key, value) => format!("IndexMap<{}, {}>", key.in_rust()?, value.in_rust()?),
            Self::Set(of) => format!("BTreeSet<{}>", of.in_rust()?),
            Self::Instance(class) => class.clone(),
            Self::Logs | Self::Scores(_) => "Logs".into(),
            Self::Dataset(..) => "Dataset".into(),
            Self::Folder(..) => "FolderDataset".into(),
            Self::Flow(_) => "ImageFlow".into(),
            // Neither is a parameter in Rust.
            Self::Dtype => "DType".into(),
            Self::Shape => "Shape".into(),
            Self::BuildShape | Self::Training | Self::Function(_) => "()".into(),
            Self::Batch(..) => "Batch".into(),
            Self::Path => "PathBuf".into(),
            Self::File { .. } => "String".into(),
            Self::Variables => "Vec<Variable>".into(),
            Self::Tuple(of) if of.len() == 1 => format!("({},)", of[0].in_rust()?),
            Self::Tuple(of) => format!("({})", of.iter().map(Self::in_rust).collect::<Option<Vec<_>>>()?.join(", ")),
            Self::Array | Self::Ints | Self::Floats | Self::Mask | Self::Texts => "Tensor".into(),
            Self::Symbolic | Self::BatchSize => "KerasTensor".into(),
            Self::Layer(class) if class == "dyn Layer" => "Arc<dyn Layer>".into(),
            Self::Layer(class) => class.clone(),
            Self::Model(model) => if model.is_sequential { "Sequential" } else { "Model" }.into(),
            // What a script does at once with it has a counterpart, it itself has none.
            Self::Object(path) if path.starts_with("inputs::") || path.starts_with("pandas::") => return None,
            Self::Object(path) if crate::python::command_line::in_rust(path).is_some() => {
                return crate::python::command_line::in_rust(path).flatten();
            }
            Self::Object(path)
                if ["sklearn::", "pyplot::", "numpy::", "serde_json::"].iter().any(|own| path.starts_with(own)) =>
            {
                path.clone()
            }
            Self::Object(path) => path.rsplit("::").next().unwrap_or(path).into(),
            Self::History | Self::HistoryValues => "History".into(),
            Self::Unknown(_)
            | Self::Gradients(_)
            | Self::Outputs(_)
            | Self::BatchShape(_)
            | Self::Maybe(_)
            | Self::Option(_) => return None,
        })
    }

    /// For messages.
    pub(crate) fn described(&self) -> String {
        match self {
            Self::None => "None".into(),
            Self::Int | Self::Id => "an int".into(),
            Self::Signed => "an int that may be negative".into(),
            Self::Float => "a float".into(),
            Self::Bool => "a bool".into(),
            Self::Str | Self::String | Self::Char => "a str".into(),
            Self::List(_) => "a list".into(),
            Self::Unknown(_) => "something".into(),
            Self::Dict(..) => "a dict".into(),
            Self::Set(_) => "a set".into(),
            Self::Instance(class) => format!("an object {class}"),
            Self::Logs => "logs".into(),
            Self::Dataset(..) | Self::Folder(..) => "a dataset".into(),
            Self::Texts | Self::TextArray(_) => "an array of texts".into(),
            Self::Flow(_) => "a flow of images".into(),
            Self::BuildShape | Self::Shape => "a shape".into(),
            Self::BatchSize => "a batch size".into(),
            Self::BatchShape(_) => "a shape".into(),
            Self::Training => "a bool".into(),
            Self::Dtype => "a dtype".into(),
            Self::Path => "a path".into(),
            Self::File { .. } => "a file".into(),
            Self::Variables => "weights".into(),
            Self::Gradients(_) => "gradients".into(),
            Self::Tuple(_) => "a tuple".into(),
            Self::Outputs(_) => "several outputs".into(),
            Self::Closure(..) | Self::Function(_) => "a function".into(),
            Self::Batch(..) => "a batch".into(),
            Self::Option(_) | Self::Maybe(_) => "something or None".into(),
            Self::Array | Self::Ints | Self::Floats | Self::Mask | Self::Mutable { .. } => "an array".into(),
            Self::Symbolic => "a symbolic tensor".into(),
            Self::Layer(class) => format!("a layer {class}"),
            Self::Model(_) => "a model".into(),
            of if crate::pandas::is(of, crate::pandas::TABLE) => "a DataFrame".into(),
            of if crate::pandas::is_column(of) => "a column".into(),
            of if crate::python::json_values::is_json(of) => "JSON whose type is not known here".into(),
            of if crate::pandas::is(of, crate::pandas::pandas_columns::SERIES) => "a column with a name".into(),
            of if crate::pandas::is(of, crate::pandas::table_rows::ROW) => "a row of a DataFrame".into(),
            of if crate::pandas::pandas_numbers::is_printed(of) => "numbers about columns".into(),
            of if crate::pandas::cells::is_cell(of) => "a value of a column".into(),
            of if crate::pandas::is(of, crate::pandas::columns::COUNTS) => "what value_counts returns".into(),
            Self::Object(path) => format!("an object {}", path.replace("::", ".")),
            Self::History => "a History".into(),
            Self::HistoryValues => "history.history".into(),
            Self::Scores(_) => "what evaluate returns".into(),
        }
    }
}

/// How tightly the parts of a text of Rust hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// `..`, a closure
    Loose,
    Or,
    And,
    Comparison,
    Sum,
    Product,
    Cast,
    /// `-x`, `&x`
    Prefix,
    /// A name, a literal, a call
    Whole,
}

/// Where a value lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A literal or constant.
    Constant,
    /// A variable.
    Place,
    /// A temporary value.
    Temporary,
    /// A reference.
    Reference,
    /// A slice, which is only there behind a reference.
    Slice,
}

/// An expression of Rust.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) of: Type,
    pub(crate) strength: Strength,
    pub(crate) form: Form,
    /// The elements of a list or tuple that is written out.
    pub(crate) items: Option<Vec<Value>>,
    /// Of sizes whose difference may be negative: this text, and the value as one that may be so.
    pub(crate) below_zero: Option<Box<(String, Value)>>,
}

impl Value {
    pub(crate) fn new(text: impl Into<String>, of: Type, strength: Strength, form: Form) -> Self {
        Self { text: text.into(), of, strength, form, items: None, below_zero: None }
    }

    pub(crate) fn constant(text: impl Into<String>, of: Type) -> Self {
        Self::new(text, of, Strength::Whole, Form::Constant)
    }

    pub(crate) fn temporary(text: impl Into<String>, of: Type) -> Self {
        Self::new(text, of, Strength::Whole, Form::Temporary)
    }

    pub(crate) fn place(text: impl Into<String>, of: Type) -> Self {
        Self::new(text, of, Strength::Whole, Form::Place)
    }

    /// With what it is where it may be negative.
    pub(crate) fn or_below_zero(self, value: Value) -> Self {
        Self { below_zero: Some(Box::new((self.text.clone(), value))), ..self }
    }

    /// What it is where it may be negative, if it is a size that may be so.
    pub(crate) fn below_zero(&self) -> Option<&Value> {
        self.below_zero
            .as_deref()
            .filter(|(text, _)| *text == self.text && self.of == Type::Int)
            .map(|(_, value)| value)
    }

    /// In parentheses, if it holds together less than this.
    pub(crate) fn at(&self, strength: Strength) -> String {
        if self.strength < strength { format!("({})", self.text) } else { self.text.clone() }
    }

    pub(crate) fn with_strength(self, strength: Strength) -> Self {
        Self { strength, ..self }
    }

    /// `&x`, or itself where it is a reference.
    pub(crate) fn borrowed(&self) -> String {
        match (self.form, &self.of) {
            (Form::Reference, _) | (_, Type::Str) => self.text.clone(),
            _ => format!("&{}", self.at(Strength::Prefix)),
        }
    }

    /// As a number with a fraction.
    pub(crate) fn as_float(&self) -> Option<String> {
        if let Some(value) = self.below_zero() {
            return value.as_float();
        }
        match self.of {
            Type::Float => Some(self.text.clone()),
            Type::Int | Type::Signed if self.form == Form::Constant && self.is_literal() => {
                Some(format!("{}.0", self.text))
            }
            Type::Int | Type::Signed => Some(format!("{} as f64", self.at(Strength::Cast))),
            _ => None,
        }
    }

    /// As a number with a fraction, in parentheses if it holds together less than this.
    pub(crate) fn as_float_at(&self, least: Strength) -> Option<String> {
        let text = self.as_float()?;
        let strength = match self.of {
            Type::Float => self.strength,
            _ if self.form == Form::Constant && self.is_literal() => self.strength,
            _ => Strength::Cast,
        };
        Some(if strength < least { format!("({text})") } else { text })
    }

    /// Whether it is a number that is written out.
    pub(crate) fn is_literal(&self) -> bool {
        let text = self.text.trim_start_matches('-');
        text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains([' ', '('])
    }

    /// The text of a literal string, without quotes.
    pub(crate) fn literal_text(&self) -> Option<&str> {
        if self.of != Type::Str || self.form != Form::Constant {
            return None;
        }
        self.text.strip_prefix('"')?.strip_suffix('"')
    }
}

/// The names that are visible, from the outermost on.
#[derive(Debug, Default)]
pub(crate) struct Scopes(Vec<Scope>);

#[derive(Debug, Default)]
struct Scope {
    names: HashMap<String, Binding>,
    /// Whether it is that of a function, which does not see the variables of the scopes before.
    is_function: bool,
}

/// What a name of Python means.
#[derive(Debug, Clone)]
pub(crate) enum Binding {
    Variable(Variable),
    /// A module, function or class, by its full name: `keras.layers.Dense`.
    Imported(String),
    /// Could not be ported, because of this line.
    Missing(usize),
    /// Has the value that it got in a block before this line, where Rust's variable has ended.
    Inner(usize),
    /// A variable of the script, seen from one of its functions.
    Outside(Variable),
    /// A function of the script, by its number.
    Function(usize),
    /// A class of the script, by its number.
    Class(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) rust_name: String,
    pub(crate) of: Type,
    pub(crate) form: Form,
    /// Declared before an `if` whose branches assign it.
    pub(crate) is_pending: bool,
}

impl Scopes {
    pub(crate) fn enter(&mut self) {
        self.0.push(Scope::default());
    }

    pub(crate) fn enter_function(&mut self) {
        self.0.push(Scope { is_function: true, ..Scope::default() });
    }

    /// Ends a scope.
    pub(crate) fn leave(&mut self) {
        self.0.pop();
    }

    /// Ends the scope of a block before this line. What was assigned there is still visible in Python.
    pub(crate) fn leave_block(&mut self, line: usize) {
        for name in self.0.pop().into_iter().flat_map(|scope| scope.names.into_keys()) {
            self.bind(&name, Binding::Inner(line));
        }
    }

    /// The scopes of the function that is being written.
    fn own(&self) -> &[Scope] {
        &self.0[self.0.iter().rposition(|scope| scope.is_function).unwrap_or(0)..]
    }

    pub(crate) fn get(&self, name: &str) -> Option<Binding> {
        let of = |scopes: &[Scope]| scopes.iter().rev().find_map(|scope| scope.names.get(name)).cloned();
        if let Some(found) = of(self.own()) {
            return Some(found);
        }
        Some(match of(&self.0)? {
            // Constants are items.
            Binding::Variable(variable) if !is_constant(&variable.rust_name) => Binding::Outside(variable),
            found => found,
        })
    }

    /// Whether the module itself has this name.
    pub(crate) fn is_of_module(&self, name: &str) -> bool {
        self.0.first().is_some_and(|module| module.names.contains_key(name))
    }

    /// How many scopes there are.
    pub(crate) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Leaves only this many, as the body of a function sees them that was defined there; returns the others, for [`restore`](Self::restore).
    pub(crate) fn hide(&mut self, depth: usize) -> Scopes {
        Self(self.0.split_off(depth.min(self.0.len())))
    }

    pub(crate) fn restore(&mut self, hidden: Scopes) {
        self.0.extend(hidden.0);
    }

    /// Binds a name in the outermost scope of the function that is being written.
    pub(crate) fn bind_in_function(&mut self, name: &str, binding: Binding) {
        let first = self.0.len() - self.own().len();
        if let Some(scope) = self.0.get_mut(first) {
            scope.names.insert(name.to_string(), binding);
        }
    }

    /// Whether the innermost scope has it.
    pub(crate) fn is_local(&self, name: &str) -> bool {
        self.0.last().is_some_and(|scope| scope.names.contains_key(name))
    }

    pub(crate) fn bind(&mut self, name: &str, binding: Binding) {
        if let Some(scope) = self.0.last_mut() {
            scope.names.insert(name.to_string(), binding);
        }
    }

    /// Takes a name out of the innermost scope.
    pub(crate) fn unbind(&mut self, name: &str) {
        if let Some(scope) = self.0.last_mut() {
            scope.names.remove(name);
        }
    }

    /// Binds a name in the scope around the innermost one.
    pub(crate) fn bind_outside(&mut self, name: &str, binding: Binding) {
        let at = self.0.len().saturating_sub(2);
        if let Some(scope) = self.0.get_mut(at) {
            scope.names.insert(name.to_string(), binding);
        }
    }

    /// Changes the binding where it is in the function.
    pub(crate) fn rebind(&mut self, name: &str, binding: Binding) {
        let from = self.0.len() - self.own().len();
        match self.0[from..].iter_mut().rev().find_map(|scope| scope.names.get_mut(name)) {
            Some(found) => *found = binding,
            None => self.bind(name, binding),
        }
    }

    /// The name in Python of the function's variable that has this name in Rust.
    pub(crate) fn python_name(&self, rust_name: &str) -> Option<String> {
        self.variables().find(|(_, variable)| variable.rust_name == rust_name).map(|(name, _)| name.clone())
    }

    /// Whether a variable of the function has this name in Rust, and another one in Python.
    pub(crate) fn is_taken(&self, rust_name: &str, name: &str) -> bool {
        self.variables().any(|(other, variable)| {
            other != name && variable.rust_name == rust_name && !crate::python::tables::is_alias(&variable.of)
        })
    }

    /// From the innermost scope on.
    fn variables(&self) -> impl Iterator<Item = (&String, &Variable)> {
        self.own().iter().rev().flat_map(|scope| &scope.names).filter_map(|(name, binding)| match binding {
            Binding::Variable(variable) => Some((name, variable)),
            _ => None,
        })
    }
}
