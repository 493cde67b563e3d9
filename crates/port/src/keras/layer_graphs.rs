//! Graphs of layers: the tensors of models and layers, layers with several outputs, and lists of layers.

use crate::program::Program;
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use hashbrown::{HashMap, HashSet};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, ExprSlice, ExprSubscript, Number, Stmt};
use ruff_text_size::{Ranged, TextRange};

/// What is known of layers beside their classes.
#[derive(Debug, Default)]
pub(crate) struct Graphs {
    /// How many outputs the layers have that return their states, by their variables in Rust.
    states: HashMap<String, usize>,
    /// The `Input` before the first layer of a list, by the list's name.
    inputs: HashMap<String, String>,
    /// The places of layers that are adapted in their models, by the models' names.
    adapted: HashMap<String, usize>,
    /// The names of these layers, by model and place.
    names: HashMap<String, String>,
    /// What is called on lists that are written out.
    called_on_lists: HashSet<String>,
    /// The ranks of arrays whose types do not say them, by their variables in Rust.
    pub(crate) ranks: HashMap<String, usize>,
    /// Variables that are tensors.
    tensors: HashSet<String>,
    /// How many layers of layers and constants each function that is being written has put into its graph.
    groups: Vec<usize>,
    /// The functions that return tensors of such graphs.
    with_groups: HashSet<String>,
    /// The name that is assigned now.
    pub(crate) target: Option<String>,
}

impl Graphs {
    pub(crate) fn of(statements: &[Stmt]) -> Self {
        #[derive(Default)]
        struct Found(HashMap<String, usize>, HashSet<String>);
        impl<'a> Visitor<'a> for Found {
            fn visit_expr(&mut self, expression: &'a Expr) {
                if let Expr::Attribute(attribute) = expression
                    && attribute.attr.as_str() == "adapt"
                    && let Some((model, at)) = layer_at(&attribute.value)
                {
                    self.0.insert(model.to_string(), at);
                }
                if let Expr::Call(call) = expression
                    && let (Expr::Name(name), [Expr::List(_) | Expr::Tuple(_)]) =
                        (&*call.func, &call.arguments.args[..])
                {
                    self.1.insert(name.id.to_string());
                }
                walk_expr(self, expression);
            }
        }
        let mut found = Found::default();
        statements.iter().for_each(|statement| found.visit_stmt(statement));
        Self { adapted: found.0, called_on_lists: found.1, ..Self::default() }
    }

    pub(crate) fn enter_function(&mut self) {
        self.groups.push(0);
    }

    /// Ends a function. Its model is its own, the tensors that it returns are parts of the graph where it is called.
    pub(crate) fn leave_function(&mut self, name: &str, returns: &Type) {
        let groups = self.groups.pop().unwrap_or(0);
        if groups > 0 && !matches!(returns, Type::Model(_)) {
            self.with_groups.insert(name.to_string());
        }
    }

    /// Notes a layer of layers, or a constant, in the graph that is being written.
    pub(crate) fn add_group(&mut self) {
        match self.groups.last_mut() {
            Some(last) => *last += 1,
            None => self.groups.push(1),
        }
    }

    /// Notes a variable that is a tensor: it changes by assignments alone.
    pub(crate) fn note_tensor(&mut self, rust_name: &str, value: &Value) {
        let of = &value.of;
        self.ranks.remove(rust_name);
        if let (Type::Mutable { rank: crate::numpy::mutable::DYNAMIC, .. }, Some(rank)) =
            (of, crate::numpy::mutable::rank_of(&value.text))
        {
            self.ranks.insert(rust_name.to_string(), rank);
        }
        if *of == Type::Symbolic || of.is_array() {
            self.tensors.insert(rust_name.to_string());
        }
    }

    /// Tensors that branches would change that are never taken, and that so do not change.
    pub(crate) fn without_needless_mut(&self, lines: &mut [String]) {
        let declared = |line: &str| {
            let rest = line.trim_start().strip_prefix("let mut ")?;
            let (name, value) = rest.split_once(" = ")?;
            // A list that later becomes a tensor changes itself.
            let is_list =
                ["vec![", "Vec", "IndexMap", "BTreeSet", "Array"].iter().any(|start| value.starts_with(start));
            (self.tensors.contains(name) && !is_list).then(|| name.to_string())
        };
        for at in 0..lines.len() {
            let Some(name) = declared(&lines[at]) else { continue };
            let sign = format!("{name} = ");
            let is_changed =
                |line: &String| line.trim_start().starts_with(&sign) || line.contains(&format!("&mut {name}"));
            if !lines[at + 1..].iter().any(is_changed) {
                lines[at] = lines[at].replacen("let mut ", "let ", 1);
            }
        }
    }

    pub(crate) fn has_groups(&self) -> bool {
        self.groups.last().is_some_and(|groups| *groups > 0)
    }

    /// Notes the call of a function.
    pub(crate) fn call_function(&mut self, name: &str) {
        if self.with_groups.contains(name) {
            self.add_group();
        }
    }

    /// Whether the layer that is assigned now is called on lists.
    pub(crate) fn is_of_many(&self) -> bool {
        self.target.as_ref().is_some_and(|name| self.called_on_lists.contains(name))
    }
}

/// How many outputs a layer has that returns its states.
fn outputs_with_states(class: &str) -> Option<usize> {
    Some(match class {
        "LSTM" => 3,
        "GRU" | "SimpleRNN" => 2,
        _ => return None,
    })
}

/// Layers with states that `reset_states` sets back.
const WITH_STATES: &[&str] =
    &["LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"];

impl<'a> Program<'a> {
    /// As how many values what stands here is assigned, if it is several.
    pub(crate) fn wanted(&mut self, range: TextRange) -> Option<usize> {
        self.wanted_outputs.filter(|(_, of)| *of == range).map(|(count, _)| count)
    }

    /// The inputs of a call: without `training`, which models and some layers take behind them, where those who run the model know it.
    pub(crate) fn positional_inputs(&self, callee: &Value, call: &'a ExprCall) -> &'a [Expr] {
        let takes_training = match &callee.of {
            Type::Model(_) => true,
            Type::Layer(class) => ["Dense", "Dropout", "BatchNormalization"].contains(&class.as_str()),
            _ => false,
        };
        let is_training = |argument: &Expr| match argument {
            Expr::Name(name) => {
                matches!(self.scopes.get(&name.id), Some(Binding::Variable(Variable { of: Type::Training, .. })))
            }
            _ => false,
        };
        match &call.arguments.args[..] {
            [_, training] if takes_training && is_training(training) => &call.arguments.args[..1],
            all => all,
        }
    }

    /// `model.inputs`, `layer.output`; `None` if it is another attribute.
    pub(crate) fn tensors_of_graph(&mut self, of: &Value, name: &str, range: TextRange) -> Option<Value> {
        let whole = of.at(Strength::Whole);
        let is_several = match (&of.of, name) {
            (Type::Model(_), "inputs" | "outputs") => true,
            (Type::Model(model), "input") => model.inputs > 1,
            (Type::Model(model), "output") => model.outputs > 1 || self.wanted(range).is_some(),
            (Type::Layer(_), "output") => self.wanted(range).is_some(),
            (Type::Layer(_), "input") => false,
            (Type::Layer(_), "input_shape" | "output_shape") => {
                let tensor = name.trim_end_matches("_shape");
                return Some(Value::temporary(format!("{whole}.{tensor}()?.shape()?"), Type::Shape));
            }
            _ => return None,
        };
        Some(match is_several {
            true => {
                let name = if name.starts_with("input") { "inputs" } else { "outputs" };
                Value::temporary(format!("{whole}.{name}()?"), Type::List(Box::new(Type::Symbolic)))
            }
            false => Value::temporary(format!("{whole}.{name}()?"), Type::Symbolic),
        })
    }

    /// An error if a model has other layers than in Keras: what layers of layers have inside stands in its own graph here.
    pub(crate) fn check_layers(&self, model: &Value) -> Ported<()> {
        match &model.of {
            Type::Model(of) if of.has_groups => {
                Err(Missing::new("the layers of a model with layers of layers, or constants")
                    .help("keep the layers in variables, or get them by their names"))
            }
            _ => Ok(()),
        }
    }

    /// `model.input[0]`, of a model with a list of inputs; `None` if it is something else.
    pub(crate) fn tensor_of_model(&mut self, subscript: &'a ExprSubscript) -> Ported<Option<Value>> {
        let Expr::Attribute(attribute) = &*subscript.value else { return Ok(None) };
        let name = attribute.attr.as_str();
        if !matches!(name, "input" | "output") || self.path_of(&subscript.value).is_some() {
            return Ok(None);
        }
        let model = self.expression(&attribute.value)?;
        let (Type::Model(_), Some(at)) = (&model.of, whole_number(&subscript.slice)) else { return Ok(None) };
        let text = format!("{}.{name}s()?[{at}]", model.at(Strength::Whole));
        Ok(Some(Value::place(text, Type::Symbolic)))
    }

    /// Notes how many outputs the layer has that a variable holds.
    pub(crate) fn note_outputs(&mut self, rust_name: &str, value: &Value) {
        match self.count_of_outputs(value) {
            Some(count) => self.graphs.states.insert(rust_name.to_string(), count),
            None => self.graphs.states.remove(rust_name),
        };
    }

    /// How many outputs a layer has, if it is known to have several.
    pub(crate) fn count_of_outputs(&self, layer: &Value) -> Option<usize> {
        let Type::Layer(class) = &layer.of else { return None };
        match layer.text.contains(".return_state(true)") {
            true => outputs_with_states(class),
            false => self.graphs.states.get(&layer.text).copied(),
        }
    }

    /// `outputs[0]` and `outputs[1:]`, of the outputs of one call of a layer.
    pub(crate) fn part_of_outputs(&mut self, of: &Value, types: &[Type], index: &'a Expr) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let place = |at: usize| Value::place(format!("{whole}[{at}]"), types[at].clone());
        match index {
            Expr::Slice(ExprSlice { lower, upper, step: None, .. }) => {
                let end = |end: &Option<Box<Expr>>, default| match end {
                    None => Some(default),
                    Some(end) => whole_number(end),
                };
                let (from, to) = end(lower, 0)
                    .zip(end(upper, types.len()))
                    .filter(|(from, to)| from < to && *to <= types.len())
                    .ok_or_else(|| Missing::new("this part of the outputs of a layer"))?;
                let text = format!("{whole}[{from}..{to}].to_vec()");
                Ok(Value::temporary(text, Type::List(Box::new(types[from].clone()))))
            }
            index => match whole_number(index) {
                Some(at) if at < types.len() => Ok(place(at)),
                _ => Err(Missing::new("this part of the outputs of a layer")),
            },
        }
    }

    /// `hasattr(layer, "reset_states")`; `None` if it is another question.
    pub(crate) fn has_states(&mut self, call: &'a ExprCall) -> Ported<Option<Value>> {
        let [layer, Expr::StringLiteral(name)] = &call.arguments.args[..] else { return Ok(None) };
        if !matches!(name.value.to_str(), "reset_states" | "reset_state") {
            return Ok(None);
        }
        let layer = self.expression(layer)?;
        Ok(match &layer.of {
            Type::Layer(class) if class == "dyn Layer" => {
                let classes: Vec<_> = WITH_STATES.iter().map(|name| format!("{name:?}")).collect();
                let text = format!("[{}].contains(&{}.class_name())", classes.join(", "), layer.at(Strength::Whole));
                Some(Value::temporary(text, Type::Bool))
            }
            Type::Layer(class) => Some(Value::constant(WITH_STATES.contains(&class.as_str()).to_string(), Type::Bool)),
            _ => None,
        })
    }

    /// Whether a class of the script has the name of one of Keras that the script has as well.
    pub(crate) fn is_name_of_keras(&self, name: &str) -> bool {
        let modules = ["layers", "callbacks", "losses", "metrics", "optimizers"];
        let is_known = modules.iter().any(|module| crate::api::item(&format!("{module}::{name}")).is_some())
            || crate::api::item(&format!("prelude::{name}")).is_some();
        is_known && self.source.has_attribute(name)
    }

    /// A list of layers of several classes: the texts of its elements as `Arc<dyn Layer>`.
    pub(crate) fn layers_in_list(&mut self, items: &[Value]) -> Ported<Option<Vec<String>>> {
        let is_layer = |item: &Value| matches!(item.of, Type::Layer(_) | Type::Model(_));
        if items.iter().all(|item| item.of == items[0].of) || !items.iter().all(is_layer) {
            return Ok(None);
        }
        self.import_from("std::sync::Arc");
        let mut texts = Vec::new();
        for item in items {
            if let Type::Layer(class) = &item.of {
                self.run_own_layer(&class.clone(), true)?;
            }
            let is_shared = item.of == Type::Layer("dyn Layer".into());
            let text = match item.form {
                Form::Temporary => item.text.clone(),
                // A clone is another handle to the same weights.
                _ => format!("{}.clone()", item.at(Strength::Whole)),
            };
            let text = if is_shared { text } else { format!("Arc::new({text})") };
            texts.push(if texts.is_empty() { format!("{text} as Arc<dyn Layer>") } else { text });
        }
        Ok(Some(texts))
    }

    /// `a + b`, of lists of layers.
    pub(crate) fn joined_layers(&mut self, a: &Value, b: &Value) -> Option<Value> {
        let (Type::List(x), Type::List(y)) = (&a.of, &b.of) else { return None };
        let (Type::Layer(_), Type::Layer(_)) = (&**x, &**y) else { return None };
        let of = Type::Layer("dyn Layer".into());
        if x == y && **x != of {
            return None;
        }
        self.import_from("std::sync::Arc");
        let shared = |list: &Value, class: &Type| match *class == of {
            true => format!("{}.clone()", list.at(Strength::Whole)),
            false => format!(
                "{}.iter().map(|layer| Arc::new(layer.clone()) as Arc<dyn Layer>).collect::<Vec<_>>()",
                list.at(Strength::Whole)
            ),
        };
        let own = |list: &Value, class: &Type| match (list.form, *class == of) {
            (Form::Temporary, true) => list.text.clone(),
            _ => shared(list, class),
        };
        let text = format!("[{}, {}].concat()", own(a, x), own(b, y));
        Some(Value::temporary(text, Type::List(Box::new(of))))
    }

    /// The `Input` that the first layer of a list means by its `input_shape`.
    pub(crate) fn input_of_list(&mut self, list: &'a Expr) -> Ported<Option<String>> {
        match list {
            Expr::BinOp(both) => self.input_of_list(&both.left),
            Expr::List(list) => list.elts.first().map_or(Ok(None), |first| self.input_of_layer(first)),
            Expr::Name(name) => Ok(self.graphs.inputs.get(name.id.as_str()).cloned()),
            _ => Ok(None),
        }
    }

    /// Notes what the first layer of a list says of its input.
    pub(crate) fn note_input_of_list(&mut self, target: &Expr, value: &'a Expr) -> Ported<()> {
        let (Expr::Name(name), Expr::List(list)) = (target, value) else { return Ok(()) };
        self.graphs.inputs.remove(name.id.as_str());
        if let Some(first) = list.elts.first()
            && let Some(input) = self.input_of_layer(first)?
        {
            self.graphs.inputs.insert(name.id.to_string(), input);
        }
        Ok(())
    }

    /// `model = Sequential([Normalization(), ...])`, whose layer is adapted behind: the layer gets a name of its own. The list with that name.
    pub(crate) fn with_adapted_layer(&mut self, target: &Expr, value: &'a Expr) -> Ported<Option<&'a Expr>> {
        let (Expr::Name(model), Expr::Call(call)) = (target, value) else { return Ok(None) };
        let is_sequential = self.path_of(&call.func).is_some_and(|path| path.ends_with(".Sequential"));
        let Some(Expr::List(list)) = call.arguments.args.first().filter(|_| is_sequential) else { return Ok(None) };
        let Some(at) = self.graphs.adapted.get(model.id.as_str()).copied() else { return Ok(None) };
        let Some(Expr::Call(layer)) = list.elts.get(at) else { return Ok(None) };
        // A model counts its Input as no layer.
        let is_input = |layer: &Expr| matches!(layer, Expr::Call(call) if self.path_of(&call.func).is_some_and(|path| path.ends_with("Input")));
        if list.elts[..at].iter().any(is_input) {
            return Ok(None);
        }
        let class = self.path_of(&layer.func).and_then(|path| path.rsplit('.').next().map(str::to_string));
        let Some(class) = class else { return Ok(None) };
        let name = crate::script::names::snake_case_of_class(&class);
        if self.scopes.get(&name).is_some() || self.scan().reads(&name) > 0 {
            return Ok(None);
        }
        let code = |of: TextRange| self.source.text(of);
        let elements: Vec<_> = (list.elts.iter().enumerate())
            .map(|(i, element)| if i == at { name.as_str() } else { code(element.range()) })
            .collect();
        let words = call.arguments.keywords.iter().map(|word| format!(", {}", code(word.range())));
        let text = format!("{}([{}]{})", code(call.func.range()), elements.join(", "), words.collect::<String>());
        let made = self.made(text, call.range())?;
        // It is read again where it is adapted.
        self.frame_mut().scan.count_read(&name);
        let layer = self.expression(&list.elts[at])?;
        self.line(&format!("let {name} = {};", layer.text));
        let variable = Variable { rust_name: name.clone(), of: layer.of, form: Form::Place, is_pending: false };
        self.scopes.bind(&name, Binding::Variable(variable));
        self.graphs.names.insert(format!("{}.{at}", model.id), name);
        Ok(Some(made))
    }

    /// The layer of `model.layers[0]` that has a name of its own.
    pub(crate) fn adapted_layer(&mut self, layer: &Expr) -> Ported<Option<Value>> {
        let Some((model, at)) = layer_at(layer) else { return Ok(None) };
        match self.graphs.names.get(&format!("{model}.{at}")).cloned() {
            Some(name) => self.name(&name).map(Some),
            None => Ok(None),
        }
    }
}

/// `name.layers[0]`
pub(crate) fn layer_at(layer: &Expr) -> Option<(&str, usize)> {
    let Expr::Subscript(subscript) = layer else { return None };
    let Expr::Attribute(attribute) = &*subscript.value else { return None };
    let Expr::Name(model) = &*attribute.value else { return None };
    let at = whole_number(&subscript.slice)?;
    (attribute.attr.as_str() == "layers").then_some((model.id.as_str(), at))
}

fn whole_number(number: &Expr) -> Option<usize> {
    match number {
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(int) => int.as_usize(),
            _ => None,
        },
        _ => None,
    }
}
