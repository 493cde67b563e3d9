//! Integers that may leave 32 bits, which is what Rust takes where nothing says otherwise: what loops multiply, and products of large numbers.

use hashbrown::{HashMap, HashSet};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Number, Operator, Stmt};

/// Whose square leaves 32 bits.
pub(crate) const LARGE: i64 = 46_341;

/// The names of these statements, without those of functions inside, whose values or elements may leave 32 bits.
pub(crate) fn growing(statements: &[Stmt]) -> HashSet<String> {
    let mut growth = Growth::default();
    growth.visit_body(statements);
    let sums = std::mem::take(&mut growth.sums);
    // A sum grows where it depends on what it was before: `a, b = b, a + b`.
    for (name, operands) in sums {
        if operands.iter().any(|operand| *operand != name && growth.depends_on(operand, &name)) {
            growth.names.insert(name);
        }
    }
    growth.names
}

#[derive(Default)]
struct Growth {
    names: HashSet<String>,
    /// Names that loops assign a sum of two others.
    sums: Vec<(String, HashSet<String>)>,
    /// What loops assign to each name.
    reads: HashMap<String, HashSet<String>>,
    /// Integers that names stand for.
    integers: HashMap<String, i64>,
    loops: usize,
    /// Variables of loops that go far, or nobody knows how far.
    counters: HashSet<String>,
}

impl Growth {
    fn depends_on(&self, of: &str, name: &str) -> bool {
        let mut seen = HashSet::new();
        let mut open: Vec<&str> = vec![of];
        while let Some(next) = open.pop() {
            for read in self.reads.get(next).into_iter().flatten() {
                if read == name {
                    return true;
                }
                if seen.insert(read.as_str()) {
                    open.push(read);
                }
            }
        }
        false
    }

    fn assigned(&mut self, name: &str, value: &Expr) {
        if let Some(integer) = self.integer(value) {
            self.integers.insert(name.to_string(), integer);
        } else {
            self.integers.remove(name);
        }
        if self.loops == 0 {
            return;
        }
        let read = names_in(value);
        if let Expr::BinOp(sum) = value
            && sum.op == Operator::Add
            && sum.left.is_name_expr()
            && sum.right.is_name_expr()
        {
            self.sums.push((name.to_string(), read.clone()));
        }
        if read.contains(name) && has_product(value) {
            self.names.insert(name.to_string());
        }
        self.reads.entry(name.to_string()).or_default().extend(read);
    }

    /// What an expression surely is; what leaves 64 bits is as large as possible.
    fn integer(&self, expression: &Expr) -> Option<i64> {
        match expression {
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(int) => Some(int.as_i64().unwrap_or(i64::MAX)),
                _ => None,
            },
            Expr::Name(name) => self.integers.get(name.id.as_str()).copied(),
            Expr::BinOp(binary) => {
                let (a, b) = (self.integer(&binary.left)?, self.integer(&binary.right)?);
                match binary.op {
                    Operator::Add => Some(a.saturating_add(b)),
                    Operator::Sub => Some(a.saturating_sub(b)),
                    Operator::Mult => Some(a.saturating_mul(b)),
                    Operator::Pow => Some(a.saturating_pow(u32::try_from(b).ok()?)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

impl<'a> Visitor<'a> for Growth {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    match (target, &*assign.value) {
                        (Expr::Name(name), value) => self.assigned(&name.id, value),
                        (Expr::Tuple(targets), Expr::Tuple(values)) if targets.len() == values.len() => {
                            for (target, value) in targets.iter().zip(values) {
                                if let Expr::Name(name) = target {
                                    self.assigned(&name.id, value);
                                }
                            }
                        }
                        _ => {}
                    }
                }
            }
            Stmt::AugAssign(assign) => {
                if let Expr::Name(name) = &*assign.target {
                    self.integers.remove(name.id.as_str());
                    let multiplies = matches!(assign.op, Operator::Mult | Operator::Pow | Operator::LShift);
                    let adds_much = assign.op == Operator::Add
                        && match &*assign.value {
                            Expr::Name(added) => self.counters.contains(added.id.as_str()),
                            value => has_product(value) && is_of_integers(value),
                        };
                    if self.loops > 0 && (multiplies || adds_much) {
                        self.names.insert(name.id.to_string());
                    }
                }
            }
            Stmt::For(each) => {
                if let Expr::Name(name) = &*each.target
                    && let Expr::Call(range) = &*each.iter
                    && range.func.as_name_expr().is_some_and(|name| name.id == "range")
                {
                    let end = range.arguments.args.get(1).or(range.arguments.args.first());
                    if end.is_some_and(|end| self.integer(end).is_none_or(|end| end >= LARGE) && is_of_integers(end)) {
                        self.counters.insert(name.id.to_string());
                    }
                }
            }
            _ => {}
        }
        let is_loop = matches!(statement, Stmt::For(_) | Stmt::While(_));
        self.loops += usize::from(is_loop);
        walk_stmt(self, statement);
        self.loops -= usize::from(is_loop);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::BinOp(binary) = expression
            && matches!(binary.op, Operator::Mult | Operator::Pow | Operator::Add)
        {
            if self.integer(expression).is_some_and(|integer| i32::try_from(integer).is_err()) {
                self.names.extend(names_in(expression));
            }
            // Elements of lists, of which the largest says how far they go.
            for operand in [&binary.left, &binary.right] {
                if let Expr::Subscript(element) = &**operand
                    && let Expr::Name(list) = &*element.value
                {
                    self.names.insert(list.id.to_string());
                }
            }
        }
        walk_expr(self, expression);
    }
}

fn has_product(expression: &Expr) -> bool {
    match expression {
        Expr::BinOp(binary) => {
            matches!(binary.op, Operator::Mult | Operator::Pow | Operator::LShift)
                || has_product(&binary.left)
                || has_product(&binary.right)
        }
        _ => false,
    }
}

/// Whether there are only names, elements, integers and operators in it.
fn is_of_integers(expression: &Expr) -> bool {
    match expression {
        Expr::Name(_) | Expr::Subscript(_) => true,
        Expr::NumberLiteral(number) => matches!(number.value, Number::Int(_)),
        Expr::BinOp(binary) => is_of_integers(&binary.left) && is_of_integers(&binary.right),
        _ => false,
    }
}

fn names_in(expression: &Expr) -> HashSet<String> {
    crate::script::scan::names_read(expression).into_iter().collect()
}
