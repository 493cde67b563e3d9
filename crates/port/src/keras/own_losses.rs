//! Losses that are classes of the script: structs that convert into `Loss`, which knows the reduction.

use crate::arguments::find;
use crate::classes::class_methods::{default_of, given_to_super};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

impl<'a> Program<'a> {
    /// A loss of the script as one of this project.
    pub(crate) fn loss_of_instance(&mut self, value: &Value) -> Ported<Value> {
        let Type::Instance(class) = &value.of else { return Err(Missing::new("this as a loss")) };
        let number = self.class_number(class)?;
        self.loss_method(number)?;
        let loss = self.import("losses::Loss");
        let own = match value.form {
            Form::Temporary => value.text.clone(),
            _ => format!("{}.clone()", value.at(Strength::Whole)),
        };
        Ok(Value::temporary(format!("{loss}::from({own})"), Type::Object("losses::Loss".into())))
    }

    /// `call` of a loss, as its conversion needs it; whether it can fail.
    fn loss_method(&mut self, number: usize) -> Ported<String> {
        let definition = self.method_named(number, "call").ok_or_else(|| Missing::new("a loss without call"))?;
        let written = self.write_method(number, definition, &[Type::Floats, Type::Floats])?;
        if !written.returns.is_array() || !written.captured().is_empty() {
            return Err(Missing::new("a loss whose call returns this"));
        }
        self.reduction_of_class(number)?;
        Ok(written.called(&["y_true".into(), "y_pred".into()]).text)
    }

    /// The conversion of a loss of the script; nothing if its values alone are used.
    pub(crate) fn conversion_of_loss(&mut self, number: usize) -> Option<String> {
        let class = self.classes[number].rust_name.clone();
        let (call, reduction) = (self.loss_method(number).ok()?, self.reduction_of_class(number).ok()?);
        let (loss, name) = (self.import("losses::Loss"), crate::script::names::in_snake_case(&class));
        let mut text = format!("{loss}::new({name:?}, move |y_true, y_pred| Ok(loss.{call}))");
        if let Some(reduction) = reduction {
            text.push_str(&format!(".reduction({}::{reduction})", self.import("losses::Reduction")));
        }
        Some(format!("impl From<{class}> for {loss} {{\nfn from(loss: {class}) -> Self {{\n{text}\n}}\n}}"))
    }

    /// What `super().__init__(reduction=...)` says.
    fn reduction_of_class(&self, number: usize) -> Ported<Option<&'static str>> {
        let Some(init) = self.method_named(number, "__init__") else { return Ok(None) };
        let Some(mut reduction) = init.body.iter().find_map(|statement| given_to_super(statement, "reduction", 1))
        else {
            return Ok(None);
        };
        if let Expr::Name(name) = reduction {
            // Those who make the object leave the parameter as it is.
            let default = default_of(init, &name.id).filter(|_| name.id.as_str() == "reduction");
            reduction = default.ok_or_else(|| Missing::new("a reduction that is a variable"))?.1;
        }
        self.reduction_of_loss(reduction)
    }

    /// The name of a reduction; nothing for the usual one.
    pub(crate) fn reduction_of_loss(&self, reduction: &Expr) -> Ported<Option<&'static str>> {
        let name = match reduction {
            Expr::StringLiteral(text) => text.value.to_str().to_string(),
            Expr::NoneLiteral(_) => "none".into(),
            other => self.path_of(other).ok_or_else(|| Missing::new("a computed reduction"))?,
        };
        match name.rsplit('.').next().unwrap_or("").to_lowercase().as_str() {
            "none" => Ok(Some("None")),
            "sum" => Ok(Some("Sum")),
            "auto" | "mean" | "sum_over_batch_size" => Ok(None),
            "mean_with_sample_weight" => Ok(Some("MeanWithSampleWeight")),
            other => Err(Missing::new(format!("the reduction {other}"))),
        }
    }

    /// That an object is not made with another reduction than its class has.
    pub(crate) fn has_reduction_of_class(&self, number: usize, call: &'a ExprCall) -> Ported<()> {
        let Some(init) = self.method_named(number, "__init__") else { return Ok(()) };
        let Some((place, _)) = default_of(init, "reduction") else { return Ok(()) };
        let words = self.words(call)?.into_iter().map(|(name, value)| (name.to_string(), value)).collect::<Vec<_>>();
        match find(&words, "reduction").is_some() || call.arguments.args.len() > place {
            true => Err(Missing::new("a loss of the script with a reduction for this object")
                .help("give the reduction in super().__init__")),
            false => Ok(()),
        }
    }
}
