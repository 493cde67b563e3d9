//! What StringLookup, IntegerLookup and TextVectorization share: a vocabulary, and the numbers of its terms. Keras: `IndexLookup`.

use super::buckets::{Buckets, check_count};
use super::encoding::{Encoding, OutputMode, refuse_sparse};
use super::vocabulary::Vocabulary;
use crate::assets::{AssetSource, Assets};
use crate::{Arguments, Base, Config, ConfigMap, Configure, Shape, write_argument};
use candle_core::{DType, Device, Tensor};
use candle_keras_data::Data;
use candle_keras_ops::{Error, Result, check_memory, json, position, string_bytes};
use hashbrown::HashMap;
use serde::Serialize;
use std::borrow::Borrow;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

arguments! {
    /// The arguments of a layer with a vocabulary that do not depend on the type of its terms.
    pub(crate) struct VocabularyArguments() as vocabulary_setters {
        /// The largest size of the vocabulary, with the terms for padding and unknown ones: the rarest are left out. By default there is no limit.
        max_tokens: Option<usize>,
        /// The weight of each term of `vocabulary`, with `"tf_idf"`.
        idf_weights: Option<Vec<f64>>,
        /// `"int"`, `"one_hot"`, `"multi_hot"`, `"count"` or `"tf_idf"`.
        output_mode: crate::OutputMode = "int",
        /// Keras's sparse tensors: not supported.
        sparse: bool = false,
        /// Whether vectors have `max_tokens` elements, however many terms there are.
        pad_to_max_tokens: bool = false,
    }
}

arguments! {
    /// What becomes of terms outside of the vocabulary, and in which direction the layer maps.
    pub(crate) struct LookupArguments() as lookup_setters {
        /// How many numbers terms outside of the vocabulary have, by their hashes; with 0 they are errors.
        num_oov_indices: usize = 1,
        /// Whether numbers are mapped to terms, in place of terms to numbers.
        invert: bool = false,
        /// How whole numbers outside of the vocabulary get one of several numbers: `"floormod"` or `"farmhash"`.
        oov_method: String = "floormod",
        /// The key of the hash; for whole numbers with `"farmhash"`.
        salt: Option<crate::Salt>,
    }
}

/// The size of the vocabulary of a layer in a file, whose terms are read later.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownSize(pub(crate) Option<usize>);

impl Configure for KnownSize {
    fn write(&self, config: &mut ConfigMap) -> Result<()> {
        write_argument(config, "vocabulary_size", &self.0)
    }

    fn read(arguments: &mut Arguments) -> Result<Self> {
        // Keras 2 says as well whether there is a vocabulary.
        arguments.take::<Config>("has_input_vocabulary")?;
        arguments.optional("vocabulary_size", || None).map(Self)
    }
}

macro_rules! no_setters {
    ($field:ident) => {};
}
pub(crate) use no_setters;

/// A term of a vocabulary.
pub(crate) trait Token: Clone + Eq + Ord + Hash + Debug + Borrow<Self::Key> + Send + Sync + 'static {
    /// What it is compared with.
    type Key: ?Sized + Eq + Hash;
    /// Its type for users and in configurations.
    type Term: Clone + Serialize + Debug;
    /// Whether it is text.
    const IS_TEXT: bool;

    fn of_term(term: Self::Term) -> Self;
    fn term(&self) -> Self::Term;
    fn of_key(key: &Self::Key) -> Self;

    fn key(&self) -> &Self::Key {
        self.borrow()
    }

    /// From a line of a file.
    fn parse(line: &[u8]) -> Result<Self>;
    fn line(&self) -> Vec<u8>;
    /// One of the buckets for terms outside of the vocabulary.
    fn bucket(key: &Self::Key, buckets: Buckets, oov_method: &str) -> i64;
    /// The sizes of a tensor of terms.
    fn dims(x: &Tensor) -> &[usize];
    /// Calls `f` with each term of a tensor.
    fn each(x: &Tensor, f: &mut dyn FnMut(usize, &Self::Key) -> Result<()>) -> Result<()>;
}

/// A word: its bytes.
pub(crate) type Word = Box<[u8]>;

impl Token for Word {
    type Key = [u8];
    type Term = String;
    const IS_TEXT: bool = true;

    fn of_term(term: String) -> Self {
        term.into_bytes().into()
    }

    fn term(&self) -> String {
        String::from_utf8_lossy(self).into_owned()
    }

    fn of_key(key: &[u8]) -> Self {
        key.into()
    }

    fn parse(line: &[u8]) -> Result<Self> {
        Ok(line.into())
    }

    fn line(&self) -> Vec<u8> {
        self.to_vec()
    }

    fn bucket(key: &[u8], buckets: Buckets, _: &str) -> i64 {
        buckets.of_bytes(key)
    }

    fn dims(x: &Tensor) -> &[usize] {
        &x.dims()[..x.rank().saturating_sub(1)]
    }

    fn each(x: &Tensor, f: &mut dyn FnMut(usize, &[u8]) -> Result<()>) -> Result<()> {
        string_bytes(x)?.iter().enumerate().try_for_each(|(i, bytes)| f(i, bytes))
    }
}

impl Token for i64 {
    type Key = i64;
    type Term = i64;
    const IS_TEXT: bool = false;

    fn of_term(term: i64) -> Self {
        term
    }

    fn term(&self) -> i64 {
        *self
    }

    fn of_key(key: &i64) -> Self {
        *key
    }

    fn parse(line: &[u8]) -> Result<Self> {
        let number = std::str::from_utf8(line).ok().and_then(|line| line.trim().parse().ok());
        number.ok_or_else(|| {
            Error::new("a line of the vocabulary is no whole number").received(String::from_utf8_lossy(line))
        })
    }

    fn line(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    fn bucket(key: &i64, buckets: Buckets, oov_method: &str) -> i64 {
        if oov_method == "farmhash" { buckets.of_number(*key) } else { buckets.of_remainder(*key) }
    }

    fn dims(x: &Tensor) -> &[usize] {
        x.dims()
    }

    fn each(x: &Tensor, f: &mut dyn FnMut(usize, &i64) -> Result<()>) -> Result<()> {
        whole_numbers(x)?.iter().enumerate().try_for_each(|(i, number)| f(i, number))
    }
}

/// The elements of a tensor, which must be whole numbers.
pub(crate) fn whole_numbers(x: &Tensor) -> Result<Vec<i64>> {
    let flat = x.to_device(&Device::Cpu)?.flatten_all()?;
    if x.dtype().is_int() {
        return Ok(flat.to_dtype(DType::I64)?.to_vec1()?);
    }
    let whole =
        |(i, number): (usize, f64)| match number.fract() == 0.0 && number.abs() < i64::MAX as f64 {
            true => Ok(number as i64),
            false => Err(Error::new("the layer takes whole numbers")
                .received(format!("{number} at {:?}", position(i, x.dims())))),
        };
    flat.to_dtype(DType::F64)?.to_vec1()?.into_iter().enumerate().map(whole).collect()
}

/// The terms that a layer has learned or was given, which all handles to it share.
pub(crate) type Shared<T> = Arc<RwLock<State<T>>>;

#[derive(Debug)]
pub(crate) struct State<T> {
    table: Option<Arc<Table<T>>>,
    /// The weights of `"tf_idf"`, those of terms outside of the vocabulary first.
    idf: Option<Arc<Vec<f32>>>,
    /// Whether the terms are others than those of the argument `vocabulary`.
    replaced: bool,
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self { table: None, idf: None, replaced: false }
    }
}

/// The terms in order, and their places.
#[derive(Debug)]
struct Table<T> {
    tokens: Vec<T>,
    places: HashMap<T, usize>,
}

impl<T: Token> Table<T> {
    fn new(tokens: Vec<T>) -> Result<Self> {
        let mut places = HashMap::with_capacity(tokens.len());
        for (place, token) in tokens.iter().enumerate() {
            if let Some(first) = places.insert(token.clone(), place) {
                return Err(Error::new("a vocabulary has each term once")
                    .received(format!("{:?} at [{first}] and [{place}]", token.term())));
            }
        }
        Ok(Self { tokens, places })
    }
}

/// How often terms occur, and in how many documents.
#[derive(Debug)]
pub(crate) struct Counts<T> {
    terms: HashMap<T, Count>,
    documents: u64,
}

#[derive(Debug, Default)]
struct Count {
    all: u64,
    documents: u64,
    /// The last document that it was in.
    last: u64,
}

impl<T: Token> Counts<T> {
    pub(crate) fn new() -> Self {
        Self { terms: HashMap::new(), documents: 0 }
    }

    pub(crate) fn begin_document(&mut self) {
        self.documents += 1;
    }

    pub(crate) fn add(&mut self, key: &T::Key) {
        let count = match self.terms.get_mut(key) {
            Some(count) => count,
            None => self.terms.entry(T::of_key(key)).or_default(),
        };
        count.all += 1;
        if count.last != self.documents {
            (count.last, count.documents) = (self.documents, count.documents + 1);
        }
    }

    /// Adds all terms of data; a document is a row of it, and an element of a dataset without rows.
    pub(crate) fn add_all(&mut self, data: Data) -> Result<()> {
        let is_array = !matches!(data, Data::Dataset(_));
        super::batches::each_batch(data, T::IS_TEXT, &mut |x| {
            let dims = T::dims(x);
            let length = if is_array || dims.len() > 1 { dims.iter().skip(1).product() } else { usize::MAX };
            T::each(x, &mut |i, key| {
                if i % length == 0 {
                    self.begin_document();
                }
                self.add(key);
                Ok(())
            })
        })
    }
}

/// A layer with a vocabulary: its arguments, and the terms.
pub(crate) struct IndexLookup<'a, T: Token> {
    pub(crate) base: &'a Base,
    pub(crate) arguments: &'a VocabularyArguments,
    pub(crate) lookup: &'a LookupArguments,
    /// The size of the vocabulary before its terms are known.
    pub(crate) known_size: Option<usize>,
    pub(crate) mask_token: Option<T>,
    pub(crate) oov_token: T,
    pub(crate) vocabulary: Option<&'a Vocabulary<T::Term>>,
    pub(crate) state: &'a Shared<T>,
}

/// The name of the file with the terms, one a line.
const FILE: &str = "vocabulary.txt";
/// The name of the tensor with the weights of tf-idf.
const IDF: &str = "idf_weights";

impl<T: Token> IndexLookup<'_, T> {
    /// An error if an argument cannot be.
    pub(crate) fn check(&self) -> Result<()> {
        let VocabularyArguments { max_tokens, output_mode, .. } = self.arguments;
        let LookupArguments { num_oov_indices, invert, salt, oov_method } = self.lookup;
        refuse_sparse(self.arguments.sparse)?;
        output_mode.check(&[
            OutputMode::Int,
            OutputMode::OneHot,
            OutputMode::MultiHot,
            OutputMode::Count,
            OutputMode::TfIdf,
        ])?;
        check_count("num_oov_indices", *num_oov_indices)?;
        if !["floormod", "farmhash"].contains(&oov_method.as_str()) {
            return Err(Error::unknown("oov_method", oov_method, &["floormod", "farmhash"]));
        }
        let wrong = |what: &str| Err(Error::new(what));
        match max_tokens {
            Some(max @ (0 | 1)) => {
                return Err(Error::new("max_tokens must be greater than 1").received(max.to_string()));
            }
            None if self.arguments.pad_to_max_tokens => return wrong("pad_to_max_tokens needs max_tokens"),
            _ => {}
        }
        if *invert && *output_mode != OutputMode::Int {
            return wrong("invert is for the output_mode \"int\"");
        }
        if salt.is_some() && std::any::TypeId::of::<T>() == std::any::TypeId::of::<i64>() && oov_method != "farmhash" {
            return wrong("a salt for whole numbers needs oov_method \"farmhash\"");
        }
        if self.arguments.idf_weights.is_some() && !self.has_idf() {
            return wrong("idf_weights are for the output_mode \"tf_idf\"");
        }
        if self.vocabulary.is_some() && self.arguments.idf_weights.is_none() && self.has_idf() {
            return wrong("a vocabulary for the output_mode \"tf_idf\" needs idf_weights");
        }
        Ok(())
    }

    fn has_idf(&self) -> bool {
        self.arguments.output_mode == OutputMode::TfIdf
    }

    /// Whether number 0 is that of the mask token.
    fn has_mask(&self) -> bool {
        self.mask_token.is_some() && self.arguments.output_mode == OutputMode::Int
    }

    fn oov_start(&self) -> usize {
        usize::from(self.has_mask())
    }

    /// The number of the first term.
    fn token_start(&self) -> usize {
        self.oov_start().saturating_add(self.lookup.num_oov_indices)
    }

    /// What comes before the terms.
    fn special_tokens(&self) -> Vec<T> {
        let mask = self.mask_token.iter().filter(|_| self.has_mask()).cloned();
        mask.chain(vec![self.oov_token.clone(); self.lookup.num_oov_indices]).collect()
    }

    fn write(&self) -> RwLockWriteGuard<'_, State<T>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The terms, if there are any yet: those of the argument are read when they are first needed.
    fn table(&self) -> Result<Option<Arc<Table<T>>>> {
        let known = |state: &State<T>| state.table.clone();
        let table = known(&self.state.read().unwrap_or_else(PoisonError::into_inner));
        match (table, self.vocabulary) {
            (None, Some(vocabulary)) => {
                self.check()?;
                self.set(vocabulary, self.arguments.idf_weights.as_deref())?;
                Ok(known(&self.write()))
            }
            (table, _) => Ok(table),
        }
    }

    fn idf(&self) -> Option<Arc<Vec<f32>>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).idf.clone()
    }

    /// The size of the vocabulary, special terms included.
    pub(crate) fn vocabulary_size(&self) -> Result<usize> {
        Ok(self.token_start() + self.table()?.map_or(0, |table| table.tokens.len()))
    }

    /// The size of the vocabulary, also before its terms are read from a file.
    fn known_size(&self) -> Result<Option<usize>> {
        match self.table()? {
            Some(table) => Ok(Some(self.token_start() + table.tokens.len())),
            None => Ok(self.known_size),
        }
    }

    fn encoding(&self) -> Result<Encoding<'_>> {
        let (mode, max) = (&self.arguments.output_mode, self.arguments.max_tokens);
        let depth = match self.arguments.pad_to_max_tokens {
            _ if *mode == OutputMode::Int => Some(0),
            true => max,
            false => self.known_size()?,
        };
        let depth = depth.ok_or_else(|| {
            Error::new("the size of the vocabulary is not known yet")
                .help("give the layer a vocabulary, or call adapt on data before the layer is called")
        })?;
        Ok(Encoding { mode, depth })
    }

    /// All terms by their numbers, with or without the special ones.
    pub(crate) fn terms(&self, special: bool) -> Result<Vec<T::Term>> {
        Ok(self.tokens(special)?.iter().map(T::term).collect())
    }

    fn tokens(&self, special: bool) -> Result<Vec<T>> {
        self.check()?;
        let mut tokens = if special { self.special_tokens() } else { Vec::new() };
        tokens.extend(self.table()?.iter().flat_map(|table| table.tokens.iter().cloned()));
        Ok(tokens)
    }

    /// Replaces the terms, for `set_vocabulary`.
    pub(crate) fn replace(&self, vocabulary: &Vocabulary<T::Term>, idf: Option<&[f64]>) -> Result<()> {
        self.check()?;
        if self.has_idf() != idf.is_some() {
            return Err(match self.has_idf() {
                true => Error::new("the output_mode \"tf_idf\" needs idf_weights with the vocabulary"),
                false => Error::new("idf_weights are for the output_mode \"tf_idf\""),
            });
        }
        self.set(vocabulary, idf)?;
        self.write().replaced = true;
        Ok(())
    }

    fn set(&self, vocabulary: &Vocabulary<T::Term>, idf: Option<&[f64]>) -> Result<()> {
        let parse = |line: &str| Ok(T::parse(line.as_bytes())?.term());
        let tokens: Vec<T> = vocabulary.terms(parse)?.into_iter().map(T::of_term).collect();
        if tokens.is_empty() {
            return Err(Error::new("a vocabulary must have terms").received("none"));
        }
        let idf = match idf {
            None => None,
            Some(idf) if idf.len() != tokens.len() => {
                return Err(Error::new("idf_weights must have a weight for each term of the vocabulary")
                    .expected(tokens.len().to_string())
                    .received(idf.len().to_string()));
            }
            Some(idf) => Some(self.padded(idf, !tokens.starts_with(&self.special_tokens()))),
        };
        self.install(tokens, idf)
    }

    /// Weights with the mean of all in front, for terms outside of the vocabulary.
    fn padded(&self, idf: &[f64], in_front: bool) -> Vec<f32> {
        let mean = idf.iter().sum::<f64>() / idf.len().max(1) as f64;
        let front = if in_front { vec![mean as f32; self.token_start()] } else { Vec::new() };
        front.into_iter().chain(idf.iter().map(|weight| *weight as f32)).collect()
    }

    /// Sets the terms, which may begin with the special ones.
    fn install(&self, mut tokens: Vec<T>, idf: Option<Vec<f32>>) -> Result<()> {
        let special = self.special_tokens();
        if tokens.starts_with(&special) {
            tokens.drain(..special.len());
        }
        let reserved = self.mask_token.iter().chain(self.lookup.invert.then_some(&self.oov_token));
        for reserved in reserved {
            if let Some(at) = tokens.iter().position(|token| token == reserved) {
                let special: Vec<_> = special.iter().map(T::term).collect();
                return Err(Error::new("a vocabulary has a term that is reserved")
                    .expected(format!("none of {special:?}, or all of them, in this order, at the start"))
                    .received(format!("{:?} at [{at}] of the other terms", reserved.term())));
            }
        }
        let size = self.token_start() + tokens.len();
        if let Some(max) = self.arguments.max_tokens.filter(|max| size > *max) {
            return Err(Error::new("the vocabulary is larger than max_tokens")
                .expected(format!("at most {max}, with the terms for padding and unknown ones"))
                .received(size.to_string()));
        }
        let table = Some(Arc::new(Table::new(tokens)?));
        let is_fixed = self.arguments.output_mode != OutputMode::Int && !self.arguments.pad_to_max_tokens;
        if is_fixed && self.base.built().is_some() {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let known = state.table.as_ref().map(|table| self.token_start() + table.tokens.len());
            if let Some(known) = known.or(self.known_size).filter(|known| *known != size) {
                return Err(Error::new("the size of the vocabulary cannot change after the first call of the layer")
                    .expected(known.to_string())
                    .received(size.to_string())
                    .help("pad_to_max_tokens gives vectors one size"));
            }
        }
        let mut state = self.write();
        state.table = table;
        if let Some(idf) = idf {
            state.idf = Some(Arc::new(idf));
        }
        Ok(())
    }

    /// Takes over the terms of data by decreasing count, and those with the same count in falling order.
    pub(crate) fn learn(&self, counts: Counts<T>) -> Result<()> {
        let Counts { mut terms, documents } = counts;
        for special in self.mask_token.iter().chain([&self.oov_token]) {
            terms.remove(special.key());
        }
        let mut terms: Vec<_> = terms.into_iter().collect();
        terms.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.all.cmp(&of_a.all).then_with(|| b.cmp(a)));
        if let Some(max) = self.arguments.max_tokens {
            terms.truncate(max.saturating_sub(self.token_start()));
        }
        let idf = self.has_idf().then(|| {
            let weight = |(_, count): &(T, Count)| (1.0 + documents as f64 / (1 + count.documents) as f64).ln();
            self.padded(&terms.iter().map(weight).collect::<Vec<_>>(), true)
        });
        self.install(terms.into_iter().map(|(term, _)| term).collect(), idf)
    }

    /// An error if the terms are given.
    pub(crate) fn check_adapts(&self) -> Result<()> {
        self.check()?;
        match self.vocabulary {
            Some(_) => Err(Error::new("the layer has a vocabulary").help("leave it out to adapt the layer to data")),
            None => Ok(()),
        }
    }

    pub(crate) fn output_shape(&self, input: &Shape) -> Result<Shape> {
        let mode = &self.arguments.output_mode;
        if input.len() > 2 && ![OutputMode::Int, OutputMode::OneHot].contains(mode) {
            return Err(Error::new("the layer takes a row of terms for each sample")
                .expected("(batch, terms)")
                .received(input.to_string()));
        }
        Ok(self.encoding()?.shape(input))
    }

    /// What gives terms their numbers.
    pub(crate) fn numbering(&self) -> Result<Numbering<'_, T>> {
        let LookupArguments { num_oov_indices, salt, .. } = self.lookup;
        let mask = if self.arguments.output_mode == OutputMode::Int { 0 } else { LEFT_OUT };
        Ok(Numbering {
            table: self.table()?,
            mask: self.mask_token.as_ref().map(|token| (token, mask)),
            starts: [self.oov_start(), self.token_start()].map(|start| start as i64),
            buckets: Buckets::new(*num_oov_indices, *salt),
            lookup: self.lookup,
        })
    }

    /// The numbers of terms, in the mode of the layer.
    pub(crate) fn call(&self, x: &Tensor, dtype: DType) -> Result<Tensor> {
        let dims = T::dims(x);
        self.output_shape(&dims.into())?;
        let numbering = self.numbering()?;
        let mut numbers = Vec::with_capacity(x.elem_count());
        T::each(x, &mut |i, key| {
            let number = numbering.number(key).ok_or_else(|| {
                Error::new("a term is not in the vocabulary")
                    .received(format!("{:?} at {:?}", T::of_key(key).term(), position(i, dims)))
                    .help("with num_oov_indices of 1 or more, such terms have a number")
            })?;
            numbers.push(number);
            Ok(())
        })?;
        self.encode(numbers, dims, dtype)
    }

    /// Encodes numbers in the mode of the layer.
    pub(crate) fn encode(&self, numbers: Vec<i64>, dims: &[usize], dtype: DType) -> Result<Tensor> {
        let encoding = self.encoding()?;
        let idf = if self.has_idf() { self.idf() } else { None };
        let size = self.vocabulary_size()?;
        if self.has_idf() && idf.as_ref().is_none_or(|idf| !(size..=encoding.depth).contains(&idf.len())) {
            return Err(Error::new("the layer has not one weight for each term")
                .expected(format!("{size} idf_weights"))
                .received(idf.map_or("none".into(), |idf| idf.len().to_string())));
        }
        encoding.encode(numbers, dims, idf.as_ref().map(|idf| idf.as_slice()), dtype)
    }

    /// The terms of numbers. Keras: `invert=True`.
    pub(crate) fn inverse(&self, x: &Tensor) -> Result<Vec<T>> {
        let (table, start) = (self.table()?, self.token_start() as i64);
        let term = |number: i64| {
            let mask = self.mask_token.as_ref().filter(|_| number == 0);
            let place = number.checked_sub(start).and_then(|place| usize::try_from(place).ok());
            let known = place.and_then(|place| table.as_ref()?.tokens.get(place));
            mask.or(known).unwrap_or(&self.oov_token).clone()
        };
        Ok(whole_numbers(x)?.into_iter().map(term).collect())
    }

    /// The longest of all terms.
    pub(crate) fn longest(&self, length: impl Fn(&T) -> usize) -> Result<usize> {
        Ok(self.tokens(true)?.iter().map(length).max().unwrap_or(0))
    }

    /// The configuration with what it has of the terms.
    pub(crate) fn config(&self, mut config: Config) -> Result<Config> {
        config["vocabulary_size"] = json::to_value(&self.known_size()?)?;
        let replaced = self.state.read().unwrap_or_else(PoisonError::into_inner).replaced;
        if replaced && self.has_list() {
            let (size, idf) = (self.vocabulary_size()?, self.idf().filter(|_| self.has_idf()));
            let idf = idf.map(|idf| idf.iter().take(size).map(|weight| f64::from(*weight)).collect::<Vec<_>>());
            config["vocabulary"] = json::to_value(&self.terms(true)?)?;
            config["idf_weights"] = json::to_value(&idf)?;
        }
        Ok(config)
    }

    /// Whether the terms are a part of the configuration.
    fn has_list(&self) -> bool {
        self.vocabulary.is_some_and(|vocabulary| !vocabulary.is_file())
    }

    /// What files have for the layer beside its configuration.
    pub(crate) fn assets(&self) -> Result<Assets> {
        let mut assets = Assets::default();
        if !self.has_list() {
            let lines: Vec<_> = self.tokens(true)?.iter().map(T::line).collect();
            if let Some(line) = lines.iter().find(|line| line.contains(&b'\n')) {
                return Err(Error::new("a term with a line break cannot be saved: the file has one term a line")
                    .received(format!("{:?}", String::from_utf8_lossy(line)))
                    .help("a list given as the argument vocabulary is saved in the configuration"));
            }
            assets.files.push((FILE.into(), lines.join(&b'\n')));
        }
        if let Some(idf) = self.idf().filter(|_| self.has_idf()) {
            // Those of terms that could come are 0.
            let depth = self.encoding()?.depth.max(idf.len());
            check_memory(&[depth], DType::F32)?;
            let mut idf = idf.to_vec();
            idf.resize(depth, 0.0);
            assets.tensors.push((IDF.into(), Tensor::from_vec(idf, depth, &Device::Cpu)?));
        }
        Ok(assets)
    }

    /// Takes over what a file has for the layer.
    pub(crate) fn load_assets(&self, source: &mut dyn AssetSource) -> Result<()> {
        if let Some(idf) = source.tensor(IDF)?.filter(|_| self.has_idf()) {
            self.write().idf = Some(Arc::new(idf.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?));
        }
        if self.has_list() {
            return Ok(());
        }
        let text = match source.file(FILE)? {
            Some(text) => text,
            None if source.has_files() => {
                return Err(Error::new("the file has no vocabulary of the layer")
                    .expected(format!("a file {FILE} in the layer's assets")));
            }
            None => return Ok(()),
        };
        let mut lines: Vec<_> =
            text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
        // An empty term may be the last one.
        while lines.last().is_some_and(|line| line.is_empty()) && self.known_size.is_none_or(|size| size < lines.len())
        {
            lines.pop();
        }
        let tokens = lines.into_iter().map(T::parse).collect::<Result<Vec<_>>>()?;
        // The file of a layer that has not learned anything.
        if tokens.is_empty() || tokens == self.special_tokens() {
            return Ok(());
        }
        self.install(tokens, None)
    }
}

/// The number of terms that are not encoded.
pub(crate) const LEFT_OUT: i64 = -1;

/// Gives terms their numbers.
pub(crate) struct Numbering<'a, T: Token> {
    table: Option<Arc<Table<T>>>,
    mask: Option<(&'a T, i64)>,
    /// The first numbers of terms outside of the vocabulary, and of those in it.
    starts: [i64; 2],
    buckets: Buckets,
    lookup: &'a LookupArguments,
}

impl<T: Token> Numbering<'_, T> {
    /// The number of a term; `None` if it is outside of the vocabulary, and has no place there.
    pub(crate) fn number(&self, key: &T::Key) -> Option<i64> {
        let [oov_start, token_start] = self.starts;
        if let Some((_, number)) = self.mask.filter(|(mask, _)| mask.key() == key) {
            return Some(number);
        }
        let place = self.table.as_ref().and_then(|table| table.places.get(key));
        match (place, self.lookup.num_oov_indices) {
            (Some(place), _) => Some(token_start + *place as i64),
            (None, 0) => None,
            (None, 1) => Some(oov_start),
            (None, _) => Some(oov_start + T::bucket(key, self.buckets, &self.lookup.oov_method)),
        }
    }
}
