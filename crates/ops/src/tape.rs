//! The backward pass through the ops of this crate.
//!
//! An op computes its value from slices, outside of candle's tape, and passes the closure of its gradients to [`record`]. While a [`Tape`]
//! runs, the closures are kept in a list of this thread: the value is a leaf to candle, and [`Tape::backward`] walks the list in reverse.
//! Gradients are moved on, where candle allocates zeros for each edge and adds to them. What candle's own functions compute between such
//! leaves (in a closure of a Lambda, say) is differentiated by candle. Without a [`Tape`] each op is a node of candle's tape, so that
//! `Tensor::backward` is right everywhere.

use crate::gradient::{Gradient, Lookup, RowIndices};
use crate::lengths;
use crate::update;
use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, CudaStorage, CustomOp1, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Storage};
use candle_core::{Device, Tensor, TensorId, Var, WithDType, bail, op::BackpropOp};
use hashbrown::HashMap;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

/// From the value of an op and its gradient, which is contiguous: the gradient of each input, or `None` if it needs none.
type Backward = dyn Fn(&Tensor, Tensor) -> Result<Vec<Option<Tensor>>> + Send + Sync;

thread_local! {
    static TAPE: RefCell<Option<List>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct List {
    entries: Vec<Entry>,
    /// The entry that computed a tensor.
    index: HashMap<TensorId, usize>,
}

struct Entry {
    output: Tensor,
    inputs: Vec<Tensor>,
    kind: Kind,
}

/// How the gradient propagates from an entry.
enum Kind {
    /// By the closure of an op.
    Op(Arc<Backward>),
    /// To rows of the table that is its input.
    Lookup(Arc<Vec<u32>>),
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
        Self { outer: TAPE.replace(Some(List::default())), _thread: PhantomData }
    }

    /// Whether a tape is active in this thread.
    pub fn is_recording() -> bool {
        TAPE.with_borrow(Option::is_some)
    }

    /// The gradients of a scalar.
    ///
    /// A gradient of a gradient is refused: if another tape records operations on these gradients and its loss depends on them, its
    /// `backward` is an error.
    ///
    /// # Errors
    /// The gradients of the ops.
    pub fn backward(self, loss: &Tensor) -> Result<Gradients> {
        // The backward pass itself is not recorded.
        let List { mut entries, index } = TAPE.take().unwrap_or_default();
        let nested = self.outer.is_some();
        drop(self);
        let mut gradients = Gradients::default();
        if index.contains_key(&loss.id()) || loss.is_variable() {
            gradients.add(loss.id(), loss.ones_like()?)?;
        } else if loss.track_op() {
            gradients = loss.backward()?.into();
        }
        while let Some(Entry { output, inputs, kind }) = entries.pop() {
            let Some(gradient) = gradients.dense.remove(&output.id()) else { continue };
            match kind {
                Kind::Op(backward) => {
                    let gradient = if gradient.is_contiguous() { gradient } else { gradient.contiguous()? };
                    let found = backward(&output.detach(), gradient)?;
                    for (input, gradient) in inputs.iter().zip(found) {
                        match gradient {
                            Some(gradient) if input.track_op() => gradients.add(input.id(), gradient)?,
                            _ => (),
                        }
                    }
                }
                Kind::Lookup(ids) => {
                    let gradient = gradient.reshape((ids.len(), inputs[0].dim(1)?))?;
                    gradients.rows.entry(inputs[0].id()).or_default().push(Lookup { ids, gradient });
                }
                Kind::Candle => {
                    let found = (output * gradient.detach())?.sum_all()?.backward()?;
                    for (id, gradient) in Gradients::from(found).dense {
                        gradients.add(id, gradient)?;
                    }
                }
            }
        }
        if nested {
            gradients.dense.values_mut().try_for_each(|gradient| {
                *gradient = no_second_gradient(gradient)?;
                Ok::<_, candle_core::Error>(())
            })?;
        }
        Ok(gradients)
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        TAPE.set(self.outer.take());
    }
}

/// The sum of two gradients, without candle's thread pool.
fn sum(a: &Tensor, b: &Tensor) -> Result<Tensor> {
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
    backward: impl Fn(&Tensor, &Tensor) -> Result<Vec<Option<Tensor>>> + Send + Sync + 'static,
) -> Result<Tensor> {
    record_consuming(name, inputs, value, move |y, dy| backward(y, &dy))
}

/// [`record`] for a `backward` that drops the gradient before it allocates others as large.
pub(crate) fn record_consuming(
    name: &'static str,
    inputs: &[&Tensor],
    value: Value,
    backward: impl Fn(&Tensor, Tensor) -> Result<Vec<Option<Tensor>>> + Send + Sync + 'static,
) -> Result<Tensor> {
    let value = match value {
        Value::Tensor(tensor) => Value::Tensor(tensor.detach()),
        value => value,
    };
    if !inputs.iter().any(|input| input.track_op()) {
        return value.into_tensor(false);
    }
    let backward: Arc<Backward> = Arc::new(backward);
    if !Tape::is_recording() {
        return on_candles_tape(name, inputs, value, backward);
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
    on_candles_tape("embedding_lookup", &[table], value, Arc::new(backward))
}

/// A placeholder for a gradient where another tape records: that tape's backward pass must not go through it.
fn no_second_gradient(gradient: &Tensor) -> Result<Tensor> {
    let variable = Var::from_tensor(&gradient.detach())?;
    record("gradient", &[variable.as_tensor()], Value::Tensor(gradient.detach()), |_, _| {
        bail!("the gradient of a gradient is not known; detach the inner gradient if it is meant to be a constant")
    })
}

/// Adds the op to the list of this thread, which must exist.
fn on_our_tape(inputs: &[&Tensor], value: Value, kind: Kind) -> Result<Tensor> {
    let output = value.into_tensor(true)?;
    TAPE.with_borrow_mut(|tape| {
        let Some(list) = tape else { return };
        for input in inputs.iter().filter(|input| input.track_op() && !input.is_variable()) {
            if !list.index.contains_key(&input.id()) {
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
        self.index.insert(entry.output.id(), self.entries.len());
        self.entries.push(entry);
    }
}

/// Adds the op as a node of candle's tape, which has nodes of three inputs at most: further ones are concatenated.
fn on_candles_tape(name: &'static str, inputs: &[&Tensor], value: Value, backward: Arc<Backward>) -> Result<Tensor> {
    let mut tracked: Vec<usize> = (0..inputs.len()).filter(|&i| inputs[i].track_op()).collect();
    // Largest first, so that the smallest are copied.
    tracked.sort_by_key(|&i| std::cmp::Reverse(inputs[i].elem_count()));
    let packed = if tracked.len() > 3 { tracked.split_off(2) } else { Vec::new() };
    let mut nodes: Vec<Tensor> = tracked.iter().map(|&i| inputs[i].clone()).collect();
    if !packed.is_empty() {
        let flat = packed.iter().map(|&i| inputs[i].flatten_all()).collect::<Result<Vec<_>>>()?;
        nodes.push(Tensor::cat(&flat, 0)?);
    }
    let op = Recorded { name, value: Mutex::new(Some(value)), tracked, packed, backward };
    match nodes.as_slice() {
        [a] => a.apply_op1(op),
        [a, b] => a.apply_op2(b, op),
        [a, b, c] => a.apply_op3(b, c, op),
        _ => bail!("{name} has no tracked input"),
    }
}

struct Recorded {
    name: &'static str,
    value: Mutex<Option<Value>>,
    /// Which inputs of the op are inputs of the node.
    tracked: Vec<usize>,
    /// Which inputs of the op are concatenated into the last input of the node.
    packed: Vec<usize>,
    backward: Arc<Backward>,
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
            None => bail!("{} ran twice", self.name),
        }
    }

    fn cpu(&self) -> Result<(CpuStorage, Shape)> {
        match self.storage()? {
            (Storage::Cpu(storage), shape) => Ok((storage, shape)),
            _ => bail!("{}: the value is on another device than the inputs", self.name),
        }
    }

    fn cuda(&self) -> Result<(CudaStorage, Shape)> {
        match self.storage()? {
            (Storage::Cuda(storage), shape) => Ok((storage, shape)),
            _ => bail!("{}: the value is on another device than the inputs", self.name),
        }
    }

    fn gradients(&self, y: &Tensor, dy: &Tensor) -> Result<Vec<Option<Tensor>>> {
        let mut found = (self.backward)(&y.detach(), dy.contiguous()?)?;
        let mut take = |i: usize| match found.get_mut(i).and_then(Option::take) {
            Some(gradient) => Ok(gradient),
            None => bail!("{} has no gradient for its input {i}", self.name),
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
        self.name
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
        self.name
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
        self.name
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

    #[test]
    fn a_gradient_of_a_gradient_is_refused() {
        let x = Var::new(&[3f64, -1.], &Device::Cpu).unwrap();
        let penalty = |detach: bool| {
            let outer = Tape::start();
            let inner = Tape::start();
            let gradients = inner.backward(&ops::sum(&ops::square(x.as_tensor())?, ())?)?;
            let gradient = gradients.get(&x).unwrap();
            let gradient = if detach { gradient.detach() } else { gradient.clone() };
            let loss = (ops::sum(&ops::square(&gradient)?, ())? + ops::sum(x.as_tensor(), ())?)?;
            outer.backward(&loss).map(|gradients| gradients.get(&x).map(|x| x.to_vec1::<f64>().unwrap()))
        };
        assert!(penalty(false).unwrap_err().to_string().contains("gradient of a gradient"));
        assert_eq!(penalty(true).unwrap().unwrap(), [1., 1.]);
    }

    #[test]
    fn a_loss_that_depends_on_nothing_has_no_gradients() {
        let x = Var::new(&[3f64], &Device::Cpu).unwrap();
        let gradients = Tape::start().backward(&Tensor::new(1f64, &Device::Cpu).unwrap()).unwrap();
        assert!(gradients.get(&x).is_none());
    }
}
