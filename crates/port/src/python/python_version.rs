//! `sys.version_info`, as a Python that runs Keras 3 has it.

use crate::program::Program;
use crate::{Missing, Ported};
use ruff_python_ast::{CmpOp, Expr, ExprCompare, Number};

impl<'a> Program<'a> {
    /// `sys.version_info < (3,)`, which is known before the program runs; `None` if it is something else.
    pub(crate) fn compare_version(&self, compare: &'a ExprCompare) -> Ported<Option<bool>> {
        let (of, [op], [other]) = (&*compare.left, &*compare.ops, &*compare.comparators) else { return Ok(None) };
        let is_version = |of: &Expr| self.path_of(of).as_deref() == Some("sys.version_info");
        let is_major = self.path_of(of).as_deref() == Some("sys.version_info.major")
            || matches!(of, Expr::Subscript(part) if is_version(&part.value) && number(&part.slice) == Some(0));
        if !is_version(of) && !is_major {
            return Ok(None);
        }
        let unknown = || Missing::new("a comparison of Python's version");
        let major = match other {
            Expr::Tuple(tuple) if !is_major => tuple.elts.first().and_then(number),
            other if is_major => number(other),
            _ => None,
        };
        let major = major.ok_or_else(unknown)?;
        // (3, 8) is before or behind by what is not known here.
        let is_short = !matches!(other, Expr::Tuple(tuple) if tuple.elts.len() > 1);
        if major == 3 && !is_short {
            return Err(unknown());
        }
        // Of two that begin alike the longer one is the greater one.
        let is_equal = major == 3 && is_major;
        let is_greater = major < 3 || (major == 3 && !is_major);
        Ok(Some(match op {
            CmpOp::Lt => !is_greater && !is_equal,
            CmpOp::LtE => !is_greater,
            CmpOp::Gt => is_greater,
            CmpOp::GtE => is_greater || is_equal,
            CmpOp::Eq => is_equal,
            CmpOp::NotEq => !is_equal,
            _ => return Err(unknown()),
        }))
    }
}

fn number(of: &Expr) -> Option<u8> {
    match of {
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(int) => int.as_u8(),
            _ => None,
        },
        _ => None,
    }
}
