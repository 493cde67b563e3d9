//! The backward pass through the ops of this crate.
//!
//! An op computes its value from slices, outside of candle's tape, and passes the closure of its gradients to [`record`]. While a [`Tape`]
//! runs, the closures are kept in a list of this thread: the value is a leaf to candle, and [`Tape::backward`] walks the list in reverse.
//! Gradients are moved on, where candle allocates zeros for each edge and adds to them. What candle's own functions compute between such
//! leaves (in a closure of a Lambda, say) is differentiated by candle. Without a [`Tape`] each op is a node of candle's tape, so that
//! `Tensor::backward` is right everywhere.
//!
//! Where another tape was active before, it takes over what an inner one has recorded, and the inner backward pass runs under it: an op that
//! has given a second closure, a backward pass made of recorded ops, has a gradient of its gradient. That of any other op is an error that
//! names it, and only if the loss of the outer tape depends on it.

use crate::elementwise::{Arithmetic, arithmetic};
use crate::gradient::{Gradient, Lookup, RowIndices};
use crate::lengths;
use crate::narrow::are_narrow_on_host;
use crate::update;
use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, CudaStorage, CustomOp1, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Storage};
use candle_core::{Device, Tensor, TensorId, Var, WithDType, bail, op::BackpropOp};
use hashbrown::{HashMap, HashSet};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

/// The gradient of each input, or `None` if it needs none.
type Found = Vec<Option<Tensor>>;

/// The backward pass of an op.
trait Backward: Send + Sync {
    fn name(&self) -> &'static str;

    /// From the value and its gradient, which is contiguous.
    fn gradients(&self, y: &Tensor, dy: Tensor) -> Result<Found>;

    /// From the inputs, the value and its gradient by recorded ops; `None` if the op has no such backward pass.
    fn by_recorded_ops(&self, inputs: &[Tensor], y: &Tensor, dy: &Tensor) -> Result<Option<Found>>;
}

/// Both backward passes, in one allocation.
struct Closures<F, G> {
    name: &'static str,
    first: F,
    second: G,
}

impl<F, G> Backward for Closures<F, G>
where
    F: Fn(&Tensor, Tensor) -> Result<Found> + Send + Sync,
    G: Fn(&[Tensor], &Tensor, &Tensor) -> Result<Option<Found>> + Send + Sync,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn gradients(&self, y: &Tensor, dy: Tensor) -> Result<Found> {
        (self.first)(y, dy)
    }

    fn by_recorded_ops(&self, inputs: &[Tensor], y: &Tensor, dy: &Tensor) -> Result<Option<Found>> {
        (self.second)(inputs, y, dy)
    }
}

thread_local! {
    static TAPE: RefCell<Option<List>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct List {
    entries: Vec<Entry>,
    /// The outputs of the entries.
    outputs: HashSet<TensorId>,
    /// How many tapes were active before.
    depth: usize,
}

#[derive(Clone)]
struct Entry {
    output: Tensor,
    inputs: Vec<Tensor>,
    kind: Kind,
}

/// How the gradient propagates from an entry.
#[derive(Clone)]
enum Kind {
    /// By the closures of an op.
    Op(Arc<dyn Backward>),
    /// To rows of the table that is its input.
    Lookup(Arc<Vec<u32>>),
    /// As it is, to a tensor that is watched: both have it.
    Watched,
    /// Through what candle has computed from earlier outputs.
    Candle,
}

/// Records the ops of this thread until it is dropped or asked for gradients.
///
/// ```
/// use candle_keras_ops::{self as ops, Tape, Device};
/// use candle_core::Var;
/// let x = Var::new(&[-1f32, 2.], &Device::Cpu)?;
/// let tape = Tape::start();
/// let loss = ops::sum(&ops::relu(x.as_tensor())?, ())?;
/// let gradients = tape.backward(&loss)?;
/// assert_eq!(gradients.get(&x).unwrap().to_vec1::<f32>()?, [0., 1.]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub struct Tape {
    /// The tape that was active before, and is again afterwards.
    outer: Option<List>,
    depth: usize,
    /// The list belongs to this thread.
    _thread: PhantomData<*const ()>,
}

/// The gradients of the variables on which a loss depends: tensors of their shapes, and rows of tables.
#[derive(Debug, Default)]
pub struct Gradients {
    dense: HashMap<TensorId, Tensor>,
    rows: HashMap<TensorId, Vec<Lookup>>,
}

impl Gradients {
    /// The gradient of a variable as a tensor; `None` if the loss does not depend on it, or on rows of it alone.
    pub fn get(&self, variable: &Tensor) -> Option<&Tensor> {
        self.dense.get(&variable.id())
    }

    /// The gradient of a variable, which is rows if it is a table; `None` if the loss does not depend on it.
    ///
    /// # Errors
    /// If rows cannot be added.
    pub fn of(&self, variable: &Tensor, places: &RowIndices) -> Result<Option<Gradient>> {
        let lookups = self.rows.get(&variable.id()).map_or(&[][..], Vec::as_slice);
        places.gradient(&variable.detach(), self.get(variable), lookups)
    }

    fn add(&mut self, id: TensorId, gradient: Tensor) -> Result<()> {
        let sum = match self.dense.remove(&id) {
            Some(before) => sum(&before, &gradient)?,
            None => gradient,
        };
        self.dense.insert(id, sum);
        Ok(())
    }
}

impl From<GradStore> for Gradients {
    fn from(store: GradStore) -> Self {
        let dense = store.get_ids().filter_map(|&id| Some((id, store.get_id(id)?.clone()))).collect();
        Self { dense, rows: HashMap::new() }
    }
}

impl Tape {
    /// Starts recording.
    #[must_use = "a tape that is dropped records nothing"]
    pub fn start() -> Self {
        TAPE.with_borrow_mut(|tape| {
            let depth = tape.as_ref().map_or(0, |outer| outer.depth + 1);
            let outer = tape.replace(List { depth, ..List::default() });
            Self { outer, depth, _thread: PhantomData }
        })
    }

    /// Whether a tape is active in this thread.
    pub fn is_recording() -> bool {
        TAPE.with_borrow(Option::is_some)
    }

    /// A copy of a tensor that has a gradient: it is among those of [`Tape::backward`], and propagates to what the tensor was computed from.
    ///
    /// # Errors
    /// If there is no memory for a copy.
    pub fn watch(&self, tensor: &Tensor) -> Result<Tensor> {
        match tensor.track_op() {
            true => on_our_tape(&[tensor], Value::Tensor(tensor.detach()), Kind::Watched),
            false => Ok(Var::from_tensor(tensor)?.into_inner()),
        }
    }

    /// The gradients of a scalar.
    ///
    /// If another tape is active in this thread, it records the backward pass, so that the gradients have gradients themselves, as those of
    /// nested tapes of TensorFlow have. Those of a gradient of an op that has none, and of what candle itself has computed, are an error of the
    /// outer tape's `backward` if its loss depends on them. Rows of a table are constants to it.
    ///
    /// ```
    /// use candle_keras_ops::{self as ops, Tape, Device};
    /// use candle_core::Var;
    /// let x = Var::new(&[1f32, 2.], &Device::Cpu)?;
    /// let outer = Tape::start();
    /// let inner = Tape::start();
    /// let y = ops::sum(&ops::exp(&ops::square(x.as_tensor())?)?, ())?;
    /// let slope = inner.backward(&y)?.get(&x).unwrap().clone(); // 2 x exp(x * x)
    /// let curve = outer.backward(&ops::sum(&slope, ())?)?; // (2 + 4 x * x) exp(x * x)
    /// let curve = curve.get(&x).unwrap().to_vec1::<f32>()?;
    /// assert!((curve[0] - 6.0 * 1f32.exp()).abs() < 1e-4 && (curve[1] - 18.0 * 4f32.exp()).abs() < 1e-2);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// The gradients of the ops, and if a tape is active that was started after this one.
    pub fn backward(self, loss: &Tensor) -> Result<Gradients> {
        if TAPE.with_borrow(|tape| tape.as_ref().is_none_or(|list| list.depth != self.depth)) {
            bail!("tapes end in the reverse order of their starts: the one that was started last first")
        }
        let is_nested = self.outer.is_some();
        let list = match is_nested {
            // The outer tape takes the list over, and records the backward pass.
            true => TAPE.with_borrow(|tape| tape.as_ref().map(List::copy)),
            // The backward pass itself is not recorded.
            false => TAPE.take(),
        };
        drop(self);
        let List { mut entries, outputs, .. } = list.unwrap_or_default();
        let mut gradients = Gradients::default();
        if outputs.contains(&loss.id()) || loss.is_variable() {
            gradients.add(loss.id(), loss.ones_like()?)?;
        } else if loss.track_op() {
            gradients = loss.backward()?.into();
            if is_nested {
                gradients.dense.values_mut().try_for_each(|gradient| {
                    *gradient = no_second_gradient(CANDLE, gradient)?;
                    Ok::<_, candle_core::Error>(())
                })?;
            }
        }
        while let Some(Entry { output, inputs, kind }) = entries.pop() {
            let Some(gradient) = gradients.dense.remove(&output.id()) else { continue };
            match kind {
                Kind::Op(op) => {
                    let found = match is_nested {
                        true => with_gradients(&*op, &inputs, &output, gradient)?,
                        false => {
                            let contiguous = gradient.is_contiguous();
                            op.gradients(&output.detach(), if contiguous { gradient } else { gradient.contiguous()? })?
                        }
                    };
                    for (input, gradient) in inputs.iter().zip(found) {
                        match gradient {
                            Some(gradient) if input.track_op() => gradients.add(input.id(), gradient)?,
                            _ => (),
                        }
                    }
                }
                Kind::Lookup(ids) => {
                    let gradient = match is_nested {
                        true => no_second_gradient(LOOKUP, &gradient)?,
                        false => gradient,
                    };
                    let gradient = gradient.reshape((ids.len(), inputs[0].dim(1)?))?;
                    gradients.rows.entry(inputs[0].id()).or_default().push(Lookup { ids, gradient });
                }
                Kind::Watched => {
                    gradients.dense.insert(output.id(), gradient.clone());
                    gradients.add(inputs[0].id(), gradient)?;
                }
                Kind::Candle => {
                    let found = (output * gradient.detach())?.sum_all()?.backward()?;
                    for (id, gradient) in Gradients::from(found).dense {
                        let gradient = if is_nested { no_second_gradient(CANDLE, &gradient)? } else { gradient };
                        gradients.add(id, gradient)?;
                    }
                }
            }
        }
        Ok(gradients)
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        TAPE.with_borrow_mut(|tape| {
            match tape.as_ref().map(|list| list.depth.cmp(&self.depth)) {
                Some(Ordering::Equal) => (),
                // The tapes end in another order: nothing more is recorded, and what they are asked for is an error.
                Some(Ordering::Greater) => return *tape = None,
                _ => return,
            }
            // What the inner tape has recorded are values of the outer one too.
            let inner = std::mem::replace(tape, self.outer.take());
            if let (Some(outer), Some(inner)) = (tape, inner) {
                outer.outputs.extend(inner.outputs);
                outer.entries.extend(inner.entries);
            }
        });
    }
}

/// The gradients of the inputs of an op, which have gradients themselves, or whose gradients are errors.
fn with_gradients(op: &dyn Backward, inputs: &[Tensor], output: &Tensor, gradient: Tensor) -> Result<Found> {
    if let Some(found) = op.by_recorded_ops(inputs, output, &gradient)? {
        return Ok(found);
    }
    let found = op.gradients(&output.detach(), gradient.detach().contiguous()?)?;
    let refused = |gradient: Option<Tensor>| gradient.map(|x| no_second_gradient(op.name(), &x)).transpose();
    found.into_iter().map(refused).collect()
}

/// Whether gradients of gradients may be asked for of what is computed from these tensors: a tape is active beside another. What candle
/// would compute is recorded then, in an op that has them.
pub(crate) fn needs_second_gradients(tensors: &[&Tensor]) -> bool {
    TAPE.with_borrow(|tape| tape.as_ref().is_some_and(|list| list.depth > 0))
        && on_host(tensors)
        && tensors.iter().any(|x| x.track_op())
}

/// The sum of two gradients, without candle's thread pool.
fn sum(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    // Gradients of an inner tape, or of 16 bits.
    if a.track_op() || b.track_op() || are_narrow_on_host(&[a, b]) {
        return arithmetic(Arithmetic::Add, a, b);
    }
    if !update::is_in_place([a, b]) || a.elem_count() != b.elem_count() {
        return a + b;
    }
    let sum = update::read(a, |a: &[f32]| update::read(b, |b: &[f32]| crate::host::map2(a, b, |a, b| a + b)))??;
    Tensor::from_vec(sum, a.shape(), a.device())
}

/// A value that an op has computed.
pub(crate) enum Value {
    /// A storage of its own.
    Own(Storage, Shape),
    /// A tensor, to be copied.
    Tensor(Tensor),
}

impl Value {
    /// Elements in this shape: where every result of a loop becomes a tensor.
    ///
    /// # Errors
    /// If the shape is that of another number of elements.
    pub(crate) fn new<T: WithDType>(data: Vec<T>, shape: impl Into<Shape>) -> Result<Self> {
        let shape = shape.into();
        if lengths::elements(shape.dims())? != data.len() {
            bail!("{} elements are no tensor of shape {shape:?}", data.len())
        }
        Ok(Self::Own(Storage::Cpu(T::to_cpu_storage_owned(data)), shape))
    }

    /// The value as a tensor without a history.
    pub(crate) fn tensor(self) -> Result<Tensor> {
        self.into_tensor(false)
    }

    fn into_tensor(self, is_variable: bool) -> Result<Tensor> {
        match self {
            Self::Own(storage, shape) => Ok(Tensor::from_storage(storage, shape, BackpropOp::none(), is_variable)),
            Self::Tensor(tensor) if is_variable => {
                // A contiguous copy.
                Ok(Var::from_tensor(&tensor)?.into_inner())
            }
            Self::Tensor(tensor) => tensor.contiguous(),
        }
    }
}

/// The value of an op of these inputs, with its gradients: `backward` takes the value and its gradient, and returns a gradient for each
/// input that is tracked.
pub(crate) fn record(
    name: &'static str,
    inputs: &[&Tensor],
    value: Value,
    backward: impl Fn(&Tensor, &Tensor) -> Result<Found> + Send + Sync + 'static,
) -> Result<Tensor> {
    record_consuming(name, inputs, value, move |y, dy| backward(y, &dy))
}

/// [`record`] for an op whose gradients have gradients: `second` takes the inputs, the value and its gradient, and returns the same as
/// `backward`, computed by recorded ops.
pub(crate) fn record_twice(
    name: &'static str,
    inputs: &[&Tensor],
    value: Value,
    backward: impl Fn(&Tensor, &Tensor) -> Result<Found> + Send + Sync + 'static,
    second: impl Fn(&[Tensor], &Tensor, &Tensor) -> Result<Found> + Send + Sync + 'static,
) -> Result<Tensor> {
    let second = move |inputs: &[Tensor], y: &Tensor, dy: &Tensor| second(inputs, y, dy).map(Some);
    record_with(name, inputs, value, move |y, dy| backward(y, &dy), second)
}

/// [`record`] for a `backward` that drops the gradient before it allocates others as large.
pub(crate) fn record_consuming(
    name: &'static str,
    inputs: &[&Tensor],
    value: Value,
    backward: impl Fn(&Tensor, Tensor) -> Result<Found> + Send + Sync + 'static,
) -> Result<Tensor> {
    record_with(name, inputs, value, backward, |_, _, _| Ok(None))
}

/// [`record_consuming`] for an op whose gradients have gradients, unless `second` returns `None`.
pub(crate) fn record_with(
    name: &'static str,
    inputs: &[&Tensor],
    value: Value,
    backward: impl Fn(&Tensor, Tensor) -> Result<Found> + Send + Sync + 'static,
    second: impl Fn(&[Tensor], &Tensor, &Tensor) -> Result<Option<Found>> + Send + Sync + 'static,
) -> Result<Tensor> {
    let value = match value {
        Value::Tensor(tensor) => Value::Tensor(tensor.detach()),
        value => value,
    };
    if !inputs.iter().any(|input| input.track_op()) {
        return value.into_tensor(false);
    }
    let backward: Arc<dyn Backward> = Arc::new(Closures { name, first: backward, second });
    if !Tape::is_recording() {
        return on_candles_tape(inputs, value, backward);
    }
    on_our_tape(inputs, value, Kind::Op(backward))
}

/// `value`, rows of the variable `table`: their gradient is rows of it. Without a [`Tape`] it is a tensor of the table's size.
pub(crate) fn record_lookup(table: &Tensor, ids: Vec<u32>, value: Value) -> Result<Tensor> {
    if !table.track_op() {
        return value.into_tensor(false);
    }
    let ids = Arc::new(ids);
    if Tape::is_recording() {
        return on_our_tape(&[table], value, Kind::Lookup(ids));
    }
    let zeros = table.detach();
    let backward = move |_: &Tensor, dy: Tensor| {
        let lookup = Lookup { gradient: dy.reshape((ids.len(), zeros.dim(1)?))?, ids: ids.clone() };
        Ok(vec![Some(lookup.added_to(&zeros.zeros_like()?)?)])
    };
    let backward = Closures { name: LOOKUP, first: backward, second: |_: &[Tensor], _: &Tensor, _: &Tensor| Ok(None) };
    on_candles_tape(&[table], value, Arc::new(backward))
}

const LOOKUP: &str = "embedding_lookup";
/// What is not an op of this crate, for errors.
const CANDLE: &str = "what candle computes itself, such as `&a + &b` (`ops::add(&a, &b)` has one)";

/// A gradient without gradients: the backward pass of the outer tape must not go through it.
fn no_second_gradient(name: &'static str, gradient: &Tensor) -> Result<Tensor> {
    let unknown = Var::zeros((), gradient.dtype(), gradient.device())?;
    record(name, &[unknown.as_tensor()], Value::Tensor(gradient.detach()), move |_, _| {
        bail!(
            "there is no gradient of a gradient of {name}; detach the inner gradient if it is meant to be a constant, or compute it by ops \
             that have one"
        )
    })
}

/// Adds the op to the list of this thread, which must exist.
fn on_our_tape(inputs: &[&Tensor], value: Value, kind: Kind) -> Result<Tensor> {
    let output = value.into_tensor(true)?;
    TAPE.with_borrow_mut(|tape| {
        let Some(list) = tape else { return };
        for input in inputs.iter().filter(|input| input.track_op() && !input.is_variable()) {
            if !list.outputs.contains(&input.id()) {
                list.push(Entry { output: (*input).clone(), inputs: Vec::new(), kind: Kind::Candle });
            }
        }
        let inputs = inputs.iter().map(|input| (*input).clone()).collect();
        list.push(Entry { output: output.clone(), inputs, kind });
    });
    Ok(output)
}

impl List {
    fn push(&mut self, entry: Entry) {
        self.outputs.insert(entry.output.id());
        self.entries.push(entry);
    }

    fn copy(&self) -> Self {
        Self { entries: self.entries.clone(), outputs: self.outputs.clone(), depth: self.depth }
    }
}

/// Adds the op as a node of candle's tape, which has nodes of three inputs at most: further ones are concatenated.
fn on_candles_tape(inputs: &[&Tensor], value: Value, backward: Arc<dyn Backward>) -> Result<Tensor> {
    let name = backward.name();
    let mut tracked: Vec<usize> = (0..inputs.len()).filter(|&i| inputs[i].track_op()).collect();
    // Largest first, so that the smallest are copied.
    tracked.sort_by_key(|&i| std::cmp::Reverse(inputs[i].elem_count()));
    let packed = if tracked.len() > 3 { tracked.split_off(2) } else { Vec::new() };
    let mut nodes: Vec<Tensor> = tracked.iter().map(|&i| inputs[i].clone()).collect();
    if !packed.is_empty() {
        let flat = packed.iter().map(|&i| inputs[i].flatten_all()).collect::<Result<Vec<_>>>()?;
        nodes.push(Tensor::cat(&flat, 0)?);
    }
    let op = Recorded { value: Mutex::new(Some(value)), tracked, packed, backward };
    match nodes.as_slice() {
        [a] => a.apply_op1(op),
        [a, b] => a.apply_op2(b, op),
        [a, b, c] => a.apply_op3(b, c, op),
        _ => bail!("{name} has no tracked input"),
    }
}

struct Recorded {
    value: Mutex<Option<Value>>,
    /// Which inputs of the op are inputs of the node.
    tracked: Vec<usize>,
    /// Which inputs of the op are concatenated into the last input of the node.
    packed: Vec<usize>,
    backward: Arc<dyn Backward>,
}

impl Recorded {
    fn storage(&self) -> Result<(Storage, Shape)> {
        match self.value.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(Value::Own(storage, shape)) => Ok((storage, shape)),
            Some(Value::Tensor(tensor)) => {
                // Not `contiguous`: a part of a larger tensor may be contiguous, and the storage is cloned whole.
                let tensor = tensor.force_contiguous()?;
                let storage = tensor.storage_and_layout().0.try_clone(tensor.layout())?;
                Ok((storage, tensor.shape().clone()))
            }
            None => bail!("{} ran twice", self.backward.name()),
        }
    }

    fn cpu(&self) -> Result<(CpuStorage, Shape)> {
        match self.storage()? {
            (Storage::Cpu(storage), shape) => Ok((storage, shape)),
            _ => bail!("{}: the value is on another device than the inputs", self.backward.name()),
        }
    }

    fn cuda(&self) -> Result<(CudaStorage, Shape)> {
        match self.storage()? {
            (Storage::Cuda(storage), shape) => Ok((storage, shape)),
            _ => bail!("{}: the value is on another device than the inputs", self.backward.name()),
        }
    }

    fn gradients(&self, y: &Tensor, dy: &Tensor) -> Result<Vec<Option<Tensor>>> {
        let mut found = self.backward.gradients(&y.detach(), dy.contiguous()?)?;
        let mut take = |i: usize| match found.get_mut(i).and_then(Option::take) {
            Some(gradient) => Ok(gradient),
            None => bail!("{} has no gradient for its input {i}", self.backward.name()),
        };
        let mut gradients = self.tracked.iter().map(|&i| take(i).map(Some)).collect::<Result<Vec<_>>>()?;
        if !self.packed.is_empty() {
            let flat = self.packed.iter().map(|&i| take(i)?.flatten_all()).collect::<Result<Vec<_>>>()?;
            gradients.push(Some(Tensor::cat(&flat, 0)?));
        }
        gradients.resize(3, None);
        Ok(gradients)
    }
}

impl CustomOp1 for Recorded {
    fn name(&self) -> &'static str {
        self.backward.name()
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.cpu()
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout) -> Result<(CudaStorage, Shape)> {
        self.cuda()
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        Ok(self.gradients(y, dy)?.swap_remove(0))
    }
}

impl CustomOp2 for Recorded {
    fn name(&self) -> &'static str {
        self.backward.name()
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.cpu()
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout, _: &CudaStorage, _: &Layout) -> Result<(CudaStorage, Shape)> {
        self.cuda()
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, y: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut gradients = self.gradients(y, dy)?.into_iter();
        Ok((gradients.next().flatten(), gradients.next().flatten()))
    }
}

impl CustomOp3 for Recorded {
    fn name(&self) -> &'static str {
        self.backward.name()
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.cpu()
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.cuda()
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let mut gradients = self.gradients(y, dy)?.into_iter();
        Ok((gradients.next().flatten(), gradients.next().flatten(), gradients.next().flatten()))
    }
}

/// Whether the loops support these tensors: all f32 or all f64, on the host.
pub(crate) fn on_host(tensors: &[&Tensor]) -> bool {
    let dtype = tensors[0].dtype();
    matches!(dtype, DType::F32 | DType::F64)
        && tensors.iter().all(|x| x.dtype() == dtype && matches!(x.device(), Device::Cpu))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate as ops;

    /// A function that mixes recorded ops with candle's, uses values twice, and ends in either.
    fn mixed(x: &Tensor, w: &Tensor) -> Result<Tensor> {
        let h = ops::relu(x)?;
        let candles = ((&h * w)?.exp()? + x)?;
        let both = (ops::tanh(&candles)? + &h)?;
        let more = ops::softmax(&(both * &candles)?, -1)?;
        ops::sum(&(ops::sigmoid(&more)? * w)?, ())
    }

    #[test]
    fn both_tapes_agree() {
        let x = Var::from_tensor(&crate::gradcheck::values([2, 3], 1)).unwrap();
        let w = Var::from_tensor(&crate::gradcheck::values([2, 3], 2)).unwrap();
        let expected = mixed(&x, &w).unwrap().backward().unwrap();
        let tape = Tape::start();
        let loss = mixed(&x, &w).unwrap();
        let found = tape.backward(&loss).unwrap();
        for var in [&x, &w] {
            let apart = (found.get(var).unwrap() - expected.get(var).unwrap()).unwrap().abs().unwrap();
            assert!(apart.max_all().unwrap().to_scalar::<f64>().unwrap() < 1e-12);
        }
    }

    /// A part of a larger tensor that is contiguous and does not begin where its memory does.
    #[test]
    fn a_value_may_be_a_part_of_another_tensor() {
        let x = Var::new(&[1f32, 2.], &Device::Cpu).unwrap();
        let part = Tensor::new(&[3f32, 4., 5., 6.], &Device::Cpu).unwrap().narrow(0, 2, 2).unwrap();
        for tape in [None, Some(Tape::start())] {
            let y = ops::custom_gradient(&x, &part, |_, _, dy| Ok(dy.clone())).unwrap();
            assert_eq!(y.to_vec1::<f32>().unwrap(), [5., 6.]);
            drop(tape);
        }
    }

    #[test]
    fn tapes_nest_and_end() {
        let x = Var::new(&[3f64], &Device::Cpu).unwrap();
        let outer = Tape::start();
        let y = ops::relu(x.as_tensor()).unwrap();
        {
            let inner = Tape::start();
            let z = ops::sum(&ops::relu(x.as_tensor()).unwrap(), ()).unwrap();
            assert_eq!(inner.backward(&z).unwrap().get(&x).unwrap().to_vec1::<f64>().unwrap(), [1.]);
        }
        let gradients = outer.backward(&ops::sum(&y, ()).unwrap());
        assert_eq!(gradients.unwrap().get(&x).unwrap().to_vec1::<f64>().unwrap(), [1.]);
        let after = ops::sum(&ops::relu(x.as_tensor()).unwrap(), ()).unwrap();
        assert!(after.backward().unwrap().get(&x).is_some());
    }

    /// The gradient of the sum of the squares of the gradient of `f`, and of `x` itself.
    fn penalty(x: &Var, detach: bool, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Vec<f64>> {
        let outer = Tape::start();
        let inner = Tape::start();
        let gradients = inner.backward(&f(x.as_tensor())?)?;
        let gradient = gradients.get(x).unwrap();
        let gradient = if detach { gradient.detach() } else { gradient.clone() };
        let loss = (ops::sum(&ops::square(&gradient)?, ())? + ops::sum(x.as_tensor(), ())?)?;
        outer.backward(&loss)?.get(x).unwrap().to_vec1()
    }

    #[test]
    fn a_gradient_has_a_gradient() {
        let x = Var::new(&[3f64, -1.], &Device::Cpu).unwrap();
        let square = |x: &Tensor| ops::sum(&ops::square(x)?, ());
        assert_eq!(penalty(&x, false, square).unwrap(), [25., -7.]);
        assert_eq!(penalty(&x, true, square).unwrap(), [1., 1.]);
    }

    #[test]
    fn an_unknown_gradient_of_a_gradient_is_refused_by_name() {
        let x = Var::new(&[0.3f64, -0.2], &Device::Cpu).unwrap();
        let erf = |x: &Tensor| ops::sum(&ops::square(&ops::erf(x)?)?, ());
        let message = penalty(&x, false, erf).unwrap_err().to_string();
        assert!(message.contains("there is no gradient of a gradient of erf"), "{message}");
        assert_eq!(penalty(&x, true, erf).unwrap(), [1., 1.]);
        let candles: [fn(&Tensor) -> Result<Tensor>; 2] = [|x| ops::sum(&(x * x)?, ()), |x| ops::square(x)?.sum_all()];
        for f in candles {
            let message = penalty(&x, false, f).unwrap_err().to_string();
            assert!(message.contains("what candle computes itself"), "{message}");
            assert_eq!(penalty(&x, true, f).unwrap(), [1., 1.]);
        }
    }

    #[test]
    fn gradients_of_the_third_order() {
        let x = Var::new(&[0.7f64, -0.4], &Device::Cpu).unwrap();
        let tapes = [Tape::start(), Tape::start(), Tape::start()];
        let mut y = ops::tanh(x.as_tensor()).unwrap();
        for tape in tapes.into_iter().rev() {
            let gradients = tape.backward(&ops::sum(&y, ()).unwrap()).unwrap();
            y = gradients.get(&x).unwrap().clone();
        }
        for (x, third) in [0.7f64, -0.4].into_iter().zip(y.to_vec1::<f64>().unwrap()) {
            let slope = 1.0 - x.tanh().powi(2);
            assert!((third - slope * (4.0 - 6.0 * slope)).abs() < 1e-12, "{third}");
        }
    }

    #[test]
    fn an_outer_tape_has_the_values_of_an_inner_one() {
        let x = Var::new(&[3f64, -1.], &Device::Cpu).unwrap();
        let outer = Tape::start();
        let inner = Tape::start();
        let y = ops::square(x.as_tensor()).unwrap();
        let watched = inner.watch(&y).unwrap();
        let sum = ops::sum(&ops::square(&watched).unwrap(), ()).unwrap();
        let gradients = inner.backward(&sum).unwrap();
        let of = |gradients: &Gradients, x: &Tensor| gradients.get(x).unwrap().to_vec1::<f64>().unwrap();
        assert_eq!((of(&gradients, &watched), of(&gradients, &x)), (vec![18., 2.], vec![108., -4.]));
        // The sum of 2 x^2, and of x^2: their gradient is 6 x.
        let loss = ops::sum(&ops::add(gradients.get(&watched).unwrap(), &y).unwrap(), ()).unwrap();
        assert_eq!(of(&outer.backward(&loss).unwrap(), &x), [18., -6.]);

        let outer = Tape::start();
        let dropped = Tape::start();
        let y = ops::square(x.as_tensor()).unwrap();
        drop(dropped);
        assert_eq!(of(&outer.backward(&ops::sum(&y, ()).unwrap()).unwrap(), &x), [6., -2.]);
    }

    #[test]
    fn the_tape_that_was_started_last_ends_first() {
        let x = Var::new(&[3f64], &Device::Cpu).unwrap();
        let outer = Tape::start();
        let inner = Tape::start();
        let y = ops::sum(x.as_tensor(), ()).unwrap();
        for tape in [outer, inner] {
            assert!(tape.backward(&y).unwrap_err().to_string().contains("the one that was started last first"));
        }
        assert!(!Tape::is_recording());
    }

    #[test]
    fn a_loss_that_depends_on_nothing_has_no_gradients() {
        let x = Var::new(&[3f64], &Device::Cpu).unwrap();
        let gradients = Tape::start().backward(&Tensor::new(1f64, &Device::Cpu).unwrap()).unwrap();
        assert!(gradients.get(&x).is_none());
    }
}
