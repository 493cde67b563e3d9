//! Shapes of inputs with the sizes of an array among them: `(None, *x_train.shape[2:])`.

use crate::program::Program;
use crate::value::{Form, Strength, Type};
use crate::{Missing, Ported};
use ruff_python_ast::Expr;

impl<'a> Program<'a> {
    /// The sizes as one iterator that is collected; `None` if no part of them is that of another shape, or all are known.
    pub(crate) fn shape_of_parts(&mut self, shape: &'a Expr) -> Ported<Option<String>> {
        let elements = match shape {
            Expr::Tuple(tuple) => &tuple.elts[..],
            Expr::List(list) => &list.elts[..],
            _ => return Ok(None),
        };
        let is_none = |element: &Expr| element.is_none_literal_expr();
        if !elements.iter().any(Expr::is_starred_expr) || !elements.iter().any(is_none) {
            return Ok(None);
        }
        let mut parts = Vec::new();
        for element in elements {
            parts.push(match element {
                Expr::Starred(starred) => {
                    let sizes = self.expression(&starred.value)?;
                    match &sizes.of {
                        Type::List(of) if **of == Type::Int && sizes.form != Form::Temporary => {
                            format!("{}.iter().copied().map(Some)", sizes.at(Strength::Whole))
                        }
                        of => return Err(Missing::new(format!("a shape with the elements of {}", of.described()))),
                    }
                }
                element if is_none(element) => "[None].into_iter()".into(),
                size => format!("[Some({})].into_iter()", self.argument(size, "usize", "shape")?),
            });
        }
        let (first, rest) = parts.split_first().ok_or_else(|| Missing::new("an empty shape"))?;
        let rest: String =
            rest.iter().map(|part| format!(".chain({})", part.trim_end_matches(".into_iter()"))).collect();
        let class = self.import("layers::Shape");
        Ok(Some(format!("{first}{rest}.collect::<{class}>()")))
    }
}
