//! `numpy.random`, whose numbers are those of NumPy.

use crate::arguments::{find, named_as, needed, no_words};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

const GENERATOR: &str = "numpy::random::Generator";
const RANDOM_STATE: &str = "numpy::random::RandomState";

pub(crate) fn is_generator(of: &Type) -> bool {
    matches!(of, Type::Object(path) if path == GENERATOR || path == RANDOM_STATE)
}

impl<'a> Program<'a> {
    /// `np.random.name(...)`, whose numbers are those of NumPy.
    pub(crate) fn numpy_random(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let module = self.import("numpy::random::seed").replace("seed", "");
        let seed = |program: &mut Self, of: &str| match named_as(call, &["seed"])?[..] {
            [] | [(_, Expr::NoneLiteral(_))] => Ok(None),
            [(_, seed)] => program.argument(seed, of, "seed").map(Some),
            _ => Err(Missing::new("several seeds")),
        };
        match name {
            "default_rng" => {
                let seed = seed(self, "u64")?.map_or("None".into(), |seed| format!("Some({seed})"));
                Ok(Value::temporary(format!("{module}default_rng({seed})"), Type::Object(GENERATOR.into())))
            }
            "RandomState" => {
                let seed = seed(self, "u32")?.ok_or_else(|| Missing::new("RandomState without a seed"))?;
                Ok(Value::temporary(format!("{module}RandomState::new({seed})"), Type::Object(RANDOM_STATE.into())))
            }
            _ => self.random_numbers(&module, name, call),
        }
    }

    /// A method of `np.random.default_rng(...)` or of `np.random.RandomState(...)`.
    pub(crate) fn method_of_random(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let is_state = of.of == Type::Object(RANDOM_STATE.into());
        let own: &[&str] = match is_state {
            false => &["random", "uniform", "normal", "standard_normal", "permutation", "shuffle", "choice"],
            true => &[
                "seed",
                "rand",
                "randn",
                "random",
                "random_sample",
                "uniform",
                "normal",
                "standard_normal",
                "randint",
                "permutation",
                "shuffle",
                "choice",
            ],
        };
        let prefix = format!("{}.", of.at(Strength::Whole));
        let name = match name {
            "integers" if !is_state => "randint",
            name if own.contains(&name) => name,
            _ => return Err(Missing::new(format!("the method {name} of a generator of random numbers"))),
        };
        let mut value = self.random_numbers(&prefix, name, call)?;
        if !is_state {
            // The functions of NumPy's module have other names for these.
            for (function, method) in [
                ("randint(", "integers("),
                ("randint_scalar(", "integers_scalar("),
                ("rand_scalar(", "random_scalar("),
                ("randn_scalar(", "standard_normal_scalar("),
            ] {
                if let Some(rest) = value.text.strip_prefix(&format!("{prefix}{function}")) {
                    value.text = format!("{prefix}{method}{rest}");
                }
            }
        }
        Ok(value)
    }

    /// A function of the module, or a method of a generator: `function` is what stands before its name.
    fn random_numbers(&mut self, function: &str, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let given = |parameters: &[&str]| named_as(call, parameters);
        let floats = |text: String| Ok(Value::temporary(text, Type::Floats));
        match name {
            "seed" => {
                let seed = self.argument(needed(&given(&["seed"])?, "seed")?, "u32", "seed")?;
                Ok(Value::temporary(format!("{function}seed({seed})"), Type::None))
            }
            "rand" | "randn" => {
                no_words(call)?;
                if let [Expr::Starred(shape)] = &call.arguments.args[..] {
                    let shape = self.expression(&shape.value)?;
                    return match &shape.of {
                        Type::List(of) if **of == Type::Int => {
                            floats(format!("{function}{name}({})?", shape.borrowed()))
                        }
                        of => Err(Missing::new(format!("{} as a shape", of.described()))),
                    };
                }
                let sizes = call.arguments.args.iter().map(|size| self.expression(size)).collect::<Ported<Vec<_>>>()?;
                if let Some(size) = sizes.iter().find(|size| size.of != Type::Int) {
                    return Err(Missing::new(format!("{} as a size", size.of.described())));
                }
                let texts: Vec<_> = sizes.iter().map(|size| size.text.clone()).collect();
                match &texts[..] {
                    [] => Ok(Value::temporary(format!("{function}{name}_scalar()"), Type::Float)),
                    [one] => floats(format!("{function}{name}({one})?")),
                    many => floats(format!("{function}{name}(({}))?", many.join(", "))),
                }
            }
            "random" | "random_sample" | "ranf" | "standard_normal" => {
                let given = given(&["size"])?;
                let (own, scalar) =
                    if name == "standard_normal" { ("standard_normal", "randn") } else { ("random", "rand") };
                match find(&given, "size") {
                    None => Ok(Value::temporary(format!("{function}{scalar}_scalar()"), Type::Float)),
                    Some(size) => floats(format!("{function}{own}({})?", self.shape(size)?)),
                }
            }
            "uniform" | "normal" => {
                let (first, second) = if name == "normal" { ("loc", "scale") } else { ("low", "high") };
                let given = given(&[first, second, "size"])?;
                let mut bound = |argument: Option<&'a Expr>, default: &str| match argument {
                    None => Ok(default.to_string()),
                    Some(argument) => self.number(argument),
                };
                let (from, to) = (bound(find(&given, first), "0.0")?, bound(find(&given, second), "1.0")?);
                match find(&given, "size") {
                    None => Ok(Value::temporary(format!("{function}{name}_scalar({from}, {to})?"), Type::Float)),
                    Some(size) => floats(format!("{function}{name}({from}, {to}, {})?", self.shape(size)?)),
                }
            }
            "randint" => {
                let given = given(&["low", "high", "size", "dtype"])?;
                let dtype = match find(&given, "dtype") {
                    None => None,
                    Some(dtype) => Some(self.dtype(Some(dtype), "")?),
                };
                // A smaller dtype draws other numbers.
                if dtype.as_deref().is_some_and(|dtype| dtype != "DType::I64") {
                    return Err(Missing::new("randint of this dtype").help("astype gives it another dtype"));
                }
                let low = self.argument(needed(&given, "low")?, "i64", "low")?;
                let (low, high) = match find(&given, "high") {
                    None | Some(Expr::NoneLiteral(_)) => ("0".to_string(), low),
                    Some(high) => (low, self.argument(high, "i64", "high")?),
                };
                match find(&given, "size") {
                    // What is not negative by its bounds is a size.
                    None if low.starts_with(|c: char| c.is_ascii_digit()) => Ok(Value::new(
                        format!("{function}randint_scalar({low}, {high})? as usize"),
                        Type::Int,
                        Strength::Cast,
                        Form::Temporary,
                    )),
                    None => Ok(Value::temporary(format!("{function}randint_scalar({low}, {high})?"), Type::Signed)),
                    Some(size) => {
                        let text = format!("{function}randint({low}, {high}, {})?", self.shape(size)?);
                        Ok(Value::temporary(text, Type::Ints))
                    }
                }
            }
            "multinomial" => {
                let given = given(&["n", "pvals", "size"])?;
                let count = self.argument(needed(&given, "n")?, "usize", "n")?;
                let p = self.expression(needed(&given, "pvals")?)?;
                let p = match &p.of {
                    kind if kind.is_array() => p.borrowed(),
                    Type::List(element) if **element == Type::Float => p.borrowed(),
                    kind => return Err(Missing::new(format!("probabilities that are {}", kind.described()))),
                };
                let size = match find(&given, "size") {
                    Some(size) => self.shape(size)?,
                    None => "()".into(),
                };
                Ok(Value::temporary(format!("{function}multinomial({count}, {p}, {size})?"), Type::Ints))
            }
            "permutation" => {
                let given = given(&["x"])?;
                let of = self.expression(needed(&given, "x")?)?;
                match &of.of {
                    Type::Int => Ok(Value::temporary(format!("{function}permutation({})?", of.text), Type::Ints)),
                    Type::Signed => Ok(Value::new(
                        format!(
                            "{function}permutation(usize::try_from({}).map_err(|error| Error::new(error.to_string()))?)?",
                            of.text
                        ),
                        Type::Ints,
                        Strength::Whole,
                        Form::Temporary,
                    )),
                    kind if kind.is_array() => {
                        Ok(Value::temporary(format!("{function}permutation({})?", of.borrowed()), of.of))
                    }
                    kind => Err(Missing::new(format!("a permutation of {}", kind.described()))),
                }
            }
            "shuffle" => {
                no_words(call)?;
                let [argument @ Expr::Name(name)] = &call.arguments.args[..] else {
                    return Err(Missing::new("shuffle of this"));
                };
                let of = self.expression(argument)?;
                match &of.of {
                    Type::List(_) if of.form == Form::Place && self.is_mutated(&name.id) => {
                        if self.scopes.is_local(&name.id) {
                            self.declare(&name.id);
                        }
                        Ok(Value::temporary(format!("{function}shuffle(&mut {})", of.text), Type::None))
                    }
                    Type::List(_) => Err(Missing::new("a list that NumPy shuffles").help("shuffle an array")),
                    _ if self.scan().is_parameter(&name.id) && self.is_first(&name.id) => {
                        Err(Missing::new(format!("a function that shuffles {}", name.id)).help("return the new array"))
                    }
                    kind if kind.is_array() => {
                        let text = format!("{function}shuffle_rows({})?", of.borrowed());
                        self.bind(&name.id, Value::temporary(text, of.of))?;
                        Ok(Value::constant("()", Type::None))
                    }
                    kind => Err(Missing::new(format!("shuffle of {}", kind.described()))),
                }
            }
            "choice" => {
                let given = given(&["a", "size", "replace", "p"])?;
                // `range(n)` is what `n` means.
                let of = match needed(&given, "a")? {
                    Expr::Call(range) if matches!((&*range.func, &range.arguments.args[..]), (Expr::Name(name), [_]) if name.id.as_str() == "range") => {
                        self.expression(&range.arguments.args[0])?
                    }
                    of => self.expression(of)?,
                };
                // Of a list several are chosen as of an array.
                let of = match &of.of {
                    Type::List(element) if element.is_number() && find(&given, "size").is_some() => self.tensor(&of)?,
                    _ => of,
                };
                if given.len() == 1 && of.of.is_array() {
                    return Ok(Value::temporary(format!("{function}choice({}, (), true, ())?", of.borrowed()), of.of));
                }
                if given.len() == 1 {
                    return match &of.of {
                        Type::Int => {
                            Ok(Value::temporary(format!("{function}choice_index({}, ())?", of.text), Type::Int))
                        }
                        Type::List(element) => Ok(Value::temporary(
                            format!("{function}choice_item({}, ())?", of.borrowed()),
                            (**element).clone(),
                        )),
                        kind => Err(Missing::new(format!("a choice of {}", kind.described()))),
                    };
                }
                let replace = match find(&given, "replace") {
                    None => "true".to_string(),
                    Some(replace) => self.argument(replace, "bool", "replace")?,
                };
                let p = match find(&given, "p") {
                    None | Some(Expr::NoneLiteral(_)) => "()".to_string(),
                    Some(p) => {
                        let p = self.expression(p)?;
                        match &p.of {
                            kind if kind.is_array() => p.borrowed(),
                            Type::List(element) if **element == Type::Float => p.borrowed(),
                            kind => return Err(Missing::new(format!("probabilities that are {}", kind.described()))),
                        }
                    }
                };
                match (find(&given, "size"), &of.of) {
                    (None, Type::Int) => {
                        Ok(Value::temporary(format!("{function}choice_index({}, {p})?", of.text), Type::Int))
                    }
                    (None, kind) if kind.is_array() => {
                        let text = format!("{function}choice({}, (), {replace}, {p})?", of.borrowed());
                        Ok(Value::temporary(text, of.of.clone()))
                    }
                    (None, Type::List(element)) => Ok(Value::temporary(
                        format!("{function}choice_item({}, {p})?", of.borrowed()),
                        (**element).clone(),
                    )),
                    (Some(size), Type::Int) => {
                        let size = self.shape(size)?;
                        Ok(Value::temporary(
                            format!("{function}choice({}, {size}, {replace}, {p})?", of.text),
                            Type::Ints,
                        ))
                    }
                    (Some(size), kind) if kind.is_array() => {
                        let size = self.shape(size)?;
                        let text = format!("{function}choice({}, {size}, {replace}, {p})?", of.borrowed());
                        Ok(Value::temporary(text, of.of.clone()))
                    }
                    // Of a list, an array.
                    (Some(size), Type::List(element))
                        if matches!(**element, Type::Int | Type::Signed | Type::Float) =>
                    {
                        let size = self.shape(size)?;
                        let of = self.tensor(&of)?;
                        let text = format!("{function}choice({}, {size}, {replace}, {p})?", of.borrowed());
                        Ok(Value::temporary(text, of.of))
                    }
                    (_, kind) => Err(Missing::new(format!("a choice of {} with these arguments", kind.described()))),
                }
            }
            _ => Err(Missing::new(format!("numpy.random.{name} is not known here"))),
        }
    }
}
