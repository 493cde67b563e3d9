//! A weight: a tensor of a layer, with what training needs.

use crate::path::LayerPath;
use crate::{Constraint, Initializer, Regularizer};
use candle_core::{DType, Device, Tensor, Var};
use candle_keras_ops::{Error, Gradient, Gradients, Result, RowIndices, has_memory_for};
use std::cell::Cell;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A weight of a layer. A clone is another handle to the same weight.
#[derive(Debug, Clone)]
pub struct Variable(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: u64,
    layer: Arc<LayerPath>,
    name: &'static str,
    value: RwLock<Var>,
    /// Held while a step reads or changes it; see `WeightSet`.
    step: RwLock<()>,
    is_state: bool,
    trainable: AtomicBool,
    is_adapted: AtomicBool,
    regularizer: Option<Regularizer>,
    constraint: Option<Constraint>,
    places: RowIndices,
    pending: Mutex<Option<Arc<dyn PendingUpdates>>>,
}

/// Updates of the rows of a table that an optimizer makes later; [`Variable::value`] has them made before anybody reads.
pub trait PendingUpdates: Debug + Send + Sync {
    /// Makes the pending updates of these rows, or of all rows; `weight` is the table.
    fn catch_up(&self, weight: &Tensor, rows: Option<&[u32]>) -> Result<()>;
}

/// The description of a weight, for `Layer::build`.
#[derive(Debug, Clone)]
pub struct Weight {
    name: &'static str,
    shape: Vec<usize>,
    initializer: Initializer,
    trainable: bool,
    regularizer: Option<Regularizer>,
    constraint: Option<Constraint>,
    ones: std::ops::Range<usize>,
    values: Option<Vec<f32>>,
    dtype: Option<DType>,
}

thread_local! {
    /// How many bytes of weights may still be loaded; `None` outside of `to_be_loaded`.
    static LOADED: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Runs `f`; weights in it are zeros whatever their initializers, since their values come from a file, which holds at most `bytes` bytes of
/// them.
pub fn to_be_loaded<T>(bytes: usize, f: impl FnOnce() -> T) -> T {
    struct Restore(Option<usize>);
    impl Drop for Restore {
        fn drop(&mut self) {
            LOADED.set(self.0);
        }
    }
    let _restore = Restore(LOADED.replace(Some(bytes)));
    f()
}

impl Weight {
    /// A trainable weight.
    pub fn new(name: &'static str, shape: impl Into<Vec<usize>>, initializer: &Initializer) -> Self {
        let initializer = initializer.clone();
        Self {
            name,
            shape: shape.into(),
            initializer,
            trainable: true,
            regularizer: None,
            constraint: None,
            ones: 0..0,
            values: None,
            dtype: None,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The initial values, in place of the initializer; their memory is reused.
    pub(crate) fn values(mut self, values: Vec<f32>) -> Self {
        self.values = Some(values);
        self
    }

    /// Which elements of a vector are initially 1, whatever the initializer: the forget gate's biases.
    pub(crate) fn ones_at(mut self, range: std::ops::Range<usize>) -> Self {
        self.ones = range;
        self
    }

    fn initial(&mut self, dtype: DType) -> Result<Var> {
        let dims = self.shape.as_slice();
        // Moved, not copied as a tensor would be.
        if dtype == DType::F32 {
            let mut values = match self.values.take() {
                Some(values) => values,
                None => self.initializer.init_f32(dims)?,
            };
            values[self.ones.clone()].fill(1.0);
            return Ok(Var::from_vec(values, dims, &Device::Cpu)?);
        }
        let value = match self.values.take() {
            Some(values) => Tensor::from_vec(values, dims, &Device::Cpu)?.to_dtype(dtype)?,
            None => self.initializer.init(dims, dtype)?,
        };
        let ones = Tensor::ones(self.ones.len(), dtype, &Device::Cpu)?;
        let value = if self.ones.is_empty() { value } else { value.slice_scatter(&ones, 0, self.ones.start)? };
        Ok(Var::from_tensor(&value)?)
    }

    /// The regularizer.
    pub fn regularizer(mut self, regularizer: &Option<Regularizer>) -> Self {
        self.regularizer = regularizer.clone();
        self
    }

    /// The constraint after each update.
    pub fn constraint(mut self, constraint: &Option<Constraint>) -> Self {
        self.constraint = constraint.clone();
        self
    }

    /// Whether the optimizer may update it: not so for moving averages.
    pub fn trainable(mut self, trainable: bool) -> Self {
        self.trainable = trainable;
        self
    }

    /// Sets its dtype, whatever the policy of the layer: a count in int64, say.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// An error if there is no memory for the weight, before it is allocated: a file may say anything.
    fn check_size(&self, dtype: DType) -> Result<()> {
        let bytes = self.shape.iter().try_fold(dtype.size_in_bytes(), |bytes, &size| bytes.checked_mul(size));
        let fits = |bytes: usize| {
            let budget = LOADED.get().unwrap_or(usize::MAX);
            LOADED.set(LOADED.get().map(|left| left.saturating_sub(bytes)));
            bytes <= budget && has_memory_for(bytes)
        };
        if bytes.is_some_and(fits) {
            return Ok(());
        }
        let weight = format!("the weight {:?} of shape {:?}", self.name, self.shape);
        Err(match LOADED.get() {
            Some(_) => Error::new(format!("{weight} is larger than the file can hold")),
            None => Error::new(format!("there is no memory for {weight}")),
        })
    }

    /// Creates the weight, by default in this dtype.
    pub(crate) fn create(mut self, layer: &Arc<LayerPath>, dtype: DType) -> Result<Variable> {
        let dtype = self.dtype.unwrap_or(dtype);
        self.check_size(dtype)?;
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let value = match LOADED.get() {
            // Zero pages take no memory until they are written.
            Some(_) => Var::zeros(self.shape.as_slice(), dtype, &Device::Cpu)?,
            None => self.initial(dtype)?,
        };
        if let Some(constraint) = &self.constraint {
            constraint.call(&value.as_detached_tensor())?; // so that an unknown name is found now and not after the first step
        }
        Ok(Variable(Arc::new(Inner {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            layer: layer.clone(),
            name: self.name,
            value: RwLock::new(value),
            step: RwLock::new(()),
            is_state: !self.trainable,
            trainable: AtomicBool::new(self.trainable),
            is_adapted: AtomicBool::new(false),
            regularizer: self.regularizer,
            constraint: self.constraint,
            places: RowIndices::default(),
            pending: Mutex::new(None),
        })))
    }
}

impl Variable {
    fn var(&self) -> RwLockReadGuard<'_, Var> {
        self.0.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lock_for_reading(&self) -> RwLockReadGuard<'_, ()> {
        self.0.step.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lock_for_writing(&self) -> RwLockWriteGuard<'_, ()> {
        self.0.step.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A unique id in the process.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The layer's path and its own name: `embedding/embeddings`, or `sequential/dense/kernel`. Keras: `variable.path`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.0.layer, self.0.name)
    }

    /// Its own name: `embeddings`.
    pub fn name(&self) -> &str {
        self.0.name
    }

    /// The sizes of its dimensions.
    pub fn dims(&self) -> Vec<usize> {
        self.var().dims().to_vec()
    }

    /// The number of its elements.
    pub fn elem_count(&self) -> usize {
        self.var().elem_count()
    }

    /// Where its memory is.
    pub fn device(&self) -> Device {
        self.var().device().clone()
    }

    /// Its dtype.
    pub fn dtype(&self) -> DType {
        self.var().dtype()
    }

    /// Whether the optimizer may update it: its layer is not frozen, and it is not a [state](Self::is_state).
    pub fn is_trainable(&self) -> bool {
        self.0.trainable.load(Ordering::Relaxed)
    }

    /// Freezes or unfreezes it; a state and a weight that LoRA adapts are always frozen.
    pub(crate) fn set_trainable(&self, trainable: bool) {
        let is_fixed = self.0.is_state || self.0.is_adapted.load(Ordering::Relaxed);
        self.0.trainable.store(trainable && !is_fixed, Ordering::Relaxed);
    }

    /// Freezes it for good, since LoRA adapts it.
    pub(crate) fn freeze(&self) {
        self.0.is_adapted.store(true, Ordering::Relaxed);
        self.set_trainable(false);
    }

    pub(crate) fn regularizer(&self) -> &Option<Regularizer> {
        &self.0.regularizer
    }

    /// Whether its layer updates it and never the optimizer: a moving average, say.
    pub fn is_state(&self) -> bool {
        self.0.is_state
    }

    /// Its value, which shares the weight's memory and changes with it; untracked.
    ///
    /// Pending updates of a table are made first. A tensor that is kept during training sees the updates of rows that are looked up;
    /// pending ones only when this is called again.
    pub fn value(&self) -> Tensor {
        self.catch_up(None);
        self.memory()
    }

    /// Its value, tracked: gradients flow into it.
    pub fn tracked(&self) -> Tensor {
        self.catch_up(None);
        self.var().as_tensor().clone()
    }

    /// The table for a lookup of these rows: only they are up to date. Tracked if `tracked`.
    ///
    /// The indices of the rows must be below the height of the table.
    pub fn table_for(&self, rows: &[u32], tracked: bool) -> Tensor {
        self.catch_up(Some(rows));
        if tracked { self.var().as_tensor().clone() } else { self.memory() }
    }

    /// The address of its memory, by which tensors that share it are known.
    pub fn address(&self) -> usize {
        candle_keras_ops::update::address(&self.var())
    }

    /// Its memory, with updates still pending.
    pub fn memory(&self) -> Tensor {
        self.var().as_detached_tensor()
    }

    /// From now on, `updates` has the pending updates of the rows; those of whoever had them before are made now.
    pub fn set_pending(&self, updates: &Arc<dyn PendingUpdates>) {
        if !self.has_pending(updates) {
            self.catch_up(None);
            *self.pending() = Some(updates.clone());
        }
    }

    /// Makes the updates that are pending in `updates`, which has none from now on.
    pub fn flush_pending(&self, updates: &Arc<dyn PendingUpdates>) {
        if self.has_pending(updates) {
            self.catch_up(None);
            *self.pending() = None;
        }
    }

    fn has_pending(&self, updates: &Arc<dyn PendingUpdates>) -> bool {
        self.pending().as_ref().is_some_and(|owner| Arc::ptr_eq(owner, updates))
    }

    fn pending(&self) -> MutexGuard<'_, Option<Arc<dyn PendingUpdates>>> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn catch_up(&self, rows: Option<&[u32]>) {
        let pending = self.pending().clone();
        if let Some(pending) = pending {
            pending.catch_up(&self.memory(), rows).expect("a table with pending updates can be changed in place");
        }
    }

    /// Replaces the value.
    ///
    /// # Errors
    /// If the shape differs; a dtype or device is converted.
    pub fn assign(&self, value: &Tensor) -> Result<()> {
        self.catch_up(None);
        let var = self.var();
        if var.dims() != value.dims() {
            return Err(Error::new(format!("the shape of the weight {:?} does not match", self.path()))
                .expected(format!("{:?}", var.dims()))
                .received(format!("{:?}", value.dims())));
        }
        // A copy, since candle refuses to copy a tensor onto itself. Cast before it is moved, as candle's functions on a GPU lack dtypes.
        let value = value.to_dtype(var.dtype())?.force_contiguous()?.to_device(var.device())?;
        Ok(var.set(&value)?)
    }

    /// Moves the weight to a device.
    pub fn to_device(&self, device: &Device) -> Result<()> {
        let moved = Var::from_tensor(&self.value().to_device(device)?)?;
        *self.pending() = None;
        *self.0.value.write().unwrap_or_else(PoisonError::into_inner) = moved;
        Ok(())
    }

    /// The penalty of its regularizer, as part of the loss; `None` without a regularizer.
    pub fn penalty(&self) -> Result<Option<Tensor>> {
        self.0.regularizer.as_ref().map(|regularizer| regularizer.call(&self.tracked())).transpose()
    }

    /// Whether it has a constraint.
    pub fn is_constrained(&self) -> bool {
        self.0.constraint.is_some()
    }

    /// Projects the value onto its constraint.
    pub fn constrain(&self) -> Result<()> {
        match &self.0.constraint {
            Some(constraint) => self.assign(&constraint.call(&self.value())?),
            None => Ok(()),
        }
    }

    /// Its gradient in a backward pass, which is rows if it is a table; `None` if the loss does not depend on it.
    pub fn gradient(&self, gradients: &Gradients) -> Result<Option<Gradient>> {
        Ok(gradients.of(self.var().as_tensor(), &self.0.places)?)
    }
}
