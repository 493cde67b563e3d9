//! Python's pickles, as far as they are data: numbers, strings, lists, dicts and NumPy's arrays. Nothing in them is called.
//!
//! The opcodes are those of CPython's `pickletools`, of protocols 2 to 5.

use candle_keras_ops::{Error, Result};
use std::collections::HashMap;

/// A value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Item {
    None,
    Number(i64),
    Object(usize),
}

#[derive(Debug)]
enum Object {
    Bytes(Vec<u8>),
    /// A float, which no data set here has.
    Float,
    /// A list or a tuple.
    List(Vec<Item>),
    Dict(Vec<(Item, Item)>),
    Global(String),
    /// What a class of NumPy makes of these arguments, and its state.
    Made {
        class: String,
        arguments: Item,
        state: Item,
    },
}

/// The values of a pickle.
pub(crate) struct Pickle {
    objects: Vec<Object>,
    root: Item,
}

/// The classes of NumPy's arrays, of which there are two spellings.
const ARRAY: [&str; 2] = ["numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"];
const DTYPE: &str = "numpy.dtype";

/// An array of bytes.
pub(crate) struct Bytes<'a> {
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: &'a [u8],
}

impl Pickle {
    /// Reads a pickle.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut machine =
            Machine { bytes, at: 0, objects: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
        let root = machine.run()?;
        Ok(Self { objects: machine.objects, root })
    }

    /// The lists of whole numbers that an array of objects has.
    pub(crate) fn sequences(&self) -> Result<Vec<Vec<u32>>> {
        let (_, data) = self.array(self.root, "O8")?;
        let sequence =
            |item: &Item| -> Result<Vec<u32>> { self.list(*item)?.iter().map(|number| self.number(*number)).collect() };
        self.list(data)?.iter().map(sequence).collect()
    }

    /// The array of bytes under a key of a dict.
    pub(crate) fn bytes(&self, key: &str) -> Result<Bytes<'_>> {
        let (shape, data) = self.array(self.value(key)?, "u1")?;
        match self.object(data) {
            Some(Object::Bytes(bytes))
                if shape.iter().try_fold(1usize, |all, size| all.checked_mul(*size)) == Some(bytes.len()) =>
            {
                Ok(Bytes { shape, bytes })
            }
            _ => Err(Error::new(format!("{key:?} of the pickle is no array of bytes"))),
        }
    }

    /// The list of whole numbers under a key of a dict.
    pub(crate) fn numbers(&self, key: &str) -> Result<Vec<u32>> {
        self.list(self.value(key)?)?.iter().map(|number| self.number(*number)).collect()
    }

    fn object(&self, item: Item) -> Option<&Object> {
        match item {
            Item::Object(index) => self.objects.get(index),
            _ => None,
        }
    }

    fn value(&self, key: &str) -> Result<Item> {
        let Some(Object::Dict(entries)) = self.object(self.root) else {
            return Err(Error::new("the pickle is no dict"));
        };
        let is_key = |item: Item| matches!(self.object(item), Some(Object::Bytes(bytes)) if bytes == key.as_bytes());
        let entry = entries.iter().find(|(name, _)| is_key(*name));
        entry.map(|entry| entry.1).ok_or_else(|| Error::new(format!("the pickle has no {key:?}")))
    }

    /// The shape of an array of these elements, and its data: bytes, or a list of objects.
    fn array(&self, item: Item, dtype: &str) -> Result<(Vec<usize>, Item)> {
        let wrong = || Error::new("the pickle has no array of NumPy where there should be one");
        let Some(Object::Made { class, state, .. }) = self.object(item) else { return Err(wrong()) };
        let state = self.list(*state).map_err(|_| wrong())?;
        let [_, shape, elements, fortran, data] = *state else { return Err(wrong()) };
        if !ARRAY.contains(&class.as_str()) || fortran != Item::Number(0) {
            return Err(wrong());
        }
        let Some(Object::Made { class, arguments, .. }) = self.object(elements) else { return Err(wrong()) };
        let name = self.list(*arguments).ok().and_then(|arguments| self.object(*arguments.first()?));
        // Python 2 and 3 write "O8" and "O" for the same.
        let is_dtype =
            matches!(name, Some(Object::Bytes(name)) if dtype.as_bytes().starts_with(name) && !name.is_empty());
        if class != DTYPE || !is_dtype {
            return Err(wrong().expected(format!("elements of type {dtype}")));
        }
        let shape = self.list(shape)?.iter().map(|size| self.number(*size).map(|size| size as usize));
        Ok((shape.collect::<Result<_>>()?, data))
    }

    fn list(&self, item: Item) -> Result<&[Item]> {
        match self.object(item) {
            Some(Object::List(items)) => Ok(items),
            _ => Err(Error::new("the pickle has no list where there should be one")),
        }
    }

    fn number(&self, item: Item) -> Result<u32> {
        let number = if let Item::Number(number) = item { u32::try_from(number).ok() } else { None };
        number.ok_or_else(|| {
            Error::new("the pickle has no index where there should be one").received(format!("{item:?}"))
        })
    }
}

/// The machine that a pickle is a program for.
struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    objects: Vec<Object>,
    stack: Vec<Item>,
    marks: Vec<usize>,
    memo: HashMap<usize, Item>,
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> Result<Item> {
        loop {
            let opcode = self.take(1)?[0];
            match opcode {
                b'.' => return self.pop(),
                // Protocol, frame.
                0x80 => _ = self.take(1)?,
                0x95 => _ = self.take(8)?,
                b'N' => self.stack.push(Item::None),
                0x88 => self.stack.push(Item::Number(1)),
                0x89 => self.stack.push(Item::Number(0)),
                b'K' => self.integer(1, false)?,
                b'M' => self.integer(2, false)?,
                b'J' => self.integer(4, true)?,
                0x8a => {
                    let length = self.length(1)?;
                    if length > 8 {
                        return Err(self.wrong("an integer of more than 64 bits"));
                    }
                    self.integer(length, true)?;
                }
                b'G' => {
                    self.take(8)?;
                    self.make(Object::Float);
                }
                // Strings of any kind.
                b'U' | b'C' | 0x8c => self.bytes_of(1)?,
                b'T' | b'B' | b'X' => self.bytes_of(4)?,
                0x8d | 0x8e => self.bytes_of(8)?,
                b'c' => {
                    let name = [self.line()?, self.line()?].join(".");
                    self.make(Object::Global(name));
                }
                0x93 => {
                    let (name, module) = (self.pop()?, self.pop()?);
                    let name = [self.text(module)?, self.text(name)?].join(".");
                    self.make(Object::Global(name));
                }
                b'(' => self.marks.push(self.stack.len()),
                b']' | b')' => self.make(Object::List(Vec::new())),
                b'}' => self.make(Object::Dict(Vec::new())),
                0x85..=0x87 => {
                    let count = usize::from(opcode - 0x84);
                    let start = self.stack.len().checked_sub(count).ok_or_else(|| self.wrong("too few values"))?;
                    let items = self.stack.split_off(start);
                    self.make(Object::List(items));
                }
                b't' | b'l' => {
                    let items = self.marked()?;
                    self.make(Object::List(items));
                }
                b'a' => {
                    let item = self.pop()?;
                    self.append(vec![item])?;
                }
                b'e' => {
                    let items = self.marked()?;
                    self.append(items)?;
                }
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.set(&[key, value])?;
                }
                b'u' => {
                    let items = self.marked()?;
                    self.set(&items)?;
                }
                b'R' => {
                    let (arguments, class) = (self.pop()?, self.pop()?);
                    let class = match self.object(class) {
                        Some(Object::Global(class)) if class == DTYPE || ARRAY.contains(&class.as_str()) => {
                            class.clone()
                        }
                        Some(Object::Global(class)) => return Err(self.wrong(&format!("a call of {class}"))),
                        _ => return Err(self.wrong("a call")),
                    };
                    self.make(Object::Made { class, arguments, state: Item::None });
                }
                b'b' => {
                    let (state, object) = (self.pop()?, self.top()?);
                    match self.object_mut(object) {
                        Some(Object::Made { state: place, .. }) => *place = state,
                        _ => return Err(self.wrong("a state")),
                    }
                }
                b'q' => self.memorize(1)?,
                b'r' => self.memorize(4)?,
                0x94 => _ = self.memo.insert(self.memo.len(), self.top()?),
                b'h' => self.recall(1)?,
                b'j' => self.recall(4)?,
                b'0' => _ = self.pop()?,
                other => return Err(self.wrong(&format!("opcode 0x{other:02x}"))),
            }
        }
    }

    fn wrong(&self, what: &str) -> Error {
        Error::new("this pickle is not a data set").received(format!("{what}, at byte {}", self.at))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| self.wrong("its end"))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn line(&mut self) -> Result<String> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n').ok_or_else(|| self.wrong("its end"))?;
        self.at += length + 1;
        Ok(String::from_utf8_lossy(&rest[..length]).into_owned())
    }

    fn length(&mut self, bytes: usize) -> Result<usize> {
        let length = self.take(bytes)?.iter().rev().fold(0u64, |length, byte| length << 8 | u64::from(*byte));
        usize::try_from(length).map_err(|_| self.wrong("a length"))
    }

    fn integer(&mut self, bytes: usize, is_signed: bool) -> Result<()> {
        let digits = self.take(bytes)?;
        let is_negative = is_signed && digits.last().is_some_and(|last| *last >= 0x80);
        let start = if is_negative { -1i64 } else { 0 };
        self.stack.push(Item::Number(digits.iter().rev().fold(start, |number, byte| number << 8 | i64::from(*byte))));
        Ok(())
    }

    fn bytes_of(&mut self, length: usize) -> Result<()> {
        let length = self.length(length)?;
        let bytes = self.take(length)?.to_vec();
        self.make(Object::Bytes(bytes));
        Ok(())
    }

    fn make(&mut self, object: Object) {
        self.stack.push(Item::Object(self.objects.len()));
        self.objects.push(object);
    }

    fn top(&self) -> Result<Item> {
        let start = self.marks.last().copied().unwrap_or(0);
        self.stack.get(start..).and_then(<[_]>::last).copied().ok_or_else(|| self.wrong("too few values"))
    }

    fn pop(&mut self) -> Result<Item> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// The values since the last mark.
    fn marked(&mut self) -> Result<Vec<Item>> {
        let mark = self.marks.pop().ok_or_else(|| self.wrong("no mark"))?;
        Ok(self.stack.split_off(mark))
    }

    fn object(&self, item: Item) -> Option<&Object> {
        if let Item::Object(index) = item { self.objects.get(index) } else { None }
    }

    fn object_mut(&mut self, item: Item) -> Option<&mut Object> {
        if let Item::Object(index) = item { self.objects.get_mut(index) } else { None }
    }

    fn text(&self, item: Item) -> Result<String> {
        match self.object(item) {
            Some(Object::Bytes(bytes)) => Ok(String::from_utf8_lossy(bytes).into_owned()),
            _ => Err(self.wrong("a name")),
        }
    }

    fn append(&mut self, items: Vec<Item>) -> Result<()> {
        let list = self.top()?;
        match self.object_mut(list) {
            Some(Object::List(list)) => list.extend(items),
            _ => return Err(self.wrong("an item")),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Item]) -> Result<()> {
        let dict = self.top()?;
        match self.object_mut(dict) {
            Some(Object::Dict(dict)) => dict.extend(items.as_chunks().0.iter().map(|[key, value]| (*key, *value))),
            _ => return Err(self.wrong("an entry")),
        }
        Ok(())
    }

    fn memorize(&mut self, bytes: usize) -> Result<()> {
        let place = self.length(bytes)?;
        let top = self.top()?;
        self.memo.insert(place, top);
        Ok(())
    }

    fn recall(&mut self, bytes: usize) -> Result<()> {
        let place = self.length(bytes)?;
        let item = self.memo.get(&place).copied().ok_or_else(|| self.wrong("an unknown place"))?;
        self.stack.push(item);
        Ok(())
    }
}
