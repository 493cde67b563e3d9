//! The structures of HDF5 as bytes.

use crate::Result;
use candle_core::DType;
use candle_keras_ops::Error;

pub(super) const SUPERBLOCK_LEN: u64 = 48;
/// An address of nothing.
const NONE: u64 = u64::MAX;
/// The size of the smallest heap. Ours are not larger, unless one string is: a reader of a string reads the whole heap.
const HEAP: usize = 4096;
/// What precedes a heap, and each object in it.
const OBJECT_HEADER: usize = 16;

mod message {
    pub const DATASPACE: u8 = 1;
    pub const LINK_INFO: u8 = 2;
    pub const DATATYPE: u8 = 3;
    pub const FILL_VALUE: u8 = 5;
    pub const LINK: u8 = 6;
    pub const LAYOUT: u8 = 8;
    pub const GROUP_INFO: u8 = 10;
    pub const ATTRIBUTE: u8 = 12;
}

/// The start of a file of this length, whose root group has its header at `root`.
pub(super) fn superblock(len: u64, root: u64) -> Vec<u8> {
    let mut bytes = b"\x89HDF\r\n\x1a\n".to_vec();
    bytes.extend([2, 8, 8, 0]); // version; sizes of addresses and lengths
    [0, NONE, len, root].iter().for_each(|address| bytes.extend(address.to_le_bytes()));
    with_checksum(bytes)
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = lookup3(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

/// The header of an object: a list of messages.
pub(super) struct Header(Vec<u8>);

impl Header {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    fn message(&mut self, kind: u8, parts: &[&[u8]]) -> Result<()> {
        let bytes = parts.concat();
        let len = u16::try_from(bytes.len()).map_err(|_| {
            Error::new("a name or shape is too long for HDF5")
                .expected("less than 64 KiB")
                .received(format!("{} bytes", bytes.len()))
        })?;
        self.0.push(kind);
        self.0.extend(len.to_le_bytes());
        self.0.push(0); // flags
        self.0.extend(bytes);
        Ok(())
    }

    /// A group whose links are in its header.
    pub(super) fn group(&mut self) -> Result<()> {
        self.message(message::LINK_INFO, &[&[0, 0], &NONE.to_le_bytes(), &NONE.to_le_bytes()])?;
        self.message(message::GROUP_INFO, &[&[0, 0]])
    }

    pub(super) fn link(&mut self, name: &str, address: u64) -> Result<()> {
        // Version 1; the length of the name has two bytes, and its encoding, UTF-8, is given.
        let len = (name.len() as u16).to_le_bytes();
        self.message(message::LINK, &[&[1, 0x11, 1], &len, name.as_bytes(), &address.to_le_bytes()])
    }

    /// Contiguous elements.
    pub(super) fn dataset(&mut self, dims: &[usize], dtype: DType, address: u64, len: u64) -> Result<()> {
        let kind = u8::from(!dims.is_empty()); // a scalar, or an array
        let sizes: Vec<u8> = dims.iter().flat_map(|&size| (size as u64).to_le_bytes()).collect();
        self.message(message::DATASPACE, &[&[2, dims.len() as u8, 0, kind], &sizes])?;
        self.message(message::DATATYPE, &[&datatype(dtype)?])?;
        self.message(message::FILL_VALUE, &[&[3, 0x0a]])?; // none
        let address = if len == 0 { NONE } else { address };
        self.message(message::LAYOUT, &[&[3, 1], &address.to_le_bytes(), &len.to_le_bytes()])
    }

    /// An attribute that is one string of this length, which is in a heap.
    pub(super) fn attribute(&mut self, name: &str, len: usize, (heap, index): (u64, u32)) -> Result<()> {
        let mut string = vec![0x19, 1, 1, 0]; // of any length, UTF-8
        string.extend(16u32.to_le_bytes());
        string.extend(integer(1, false));
        let scalar = [2, 0, 0, 0];
        let sizes = [name.len() + 1, string.len(), scalar.len()].map(|size| (size as u16).to_le_bytes());
        let value = [&(len as u32).to_le_bytes()[..], &heap.to_le_bytes(), &index.to_le_bytes()].concat();
        let parts = [&[2, 0][..], &sizes.concat(), name.as_bytes(), &[0], &string, &scalar, &value];
        self.message(message::ATTRIBUTE, &parts)
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let len = (self.0.len() as u32).to_le_bytes();
        with_checksum([&b"OHDR"[..], &[2, 2], &len, &self.0].concat())
    }
}

fn datatype(dtype: DType) -> Result<Vec<u8>> {
    Ok(match dtype {
        DType::F16 => float(2, 5, 10),
        DType::F32 => float(4, 8, 23),
        DType::F64 => float(8, 11, 52),
        DType::U8 => integer(1, false),
        DType::U32 => integer(4, false),
        DType::I16 => integer(2, true),
        DType::I32 => integer(4, true),
        DType::I64 => integer(8, true),
        // Opaque, without a tag, as h5py writes it: with one, h5py reads nothing.
        DType::BF16 => [&[0x15, 0, 0, 0][..], &2u32.to_le_bytes()].concat(),
        other => return Err(Error::new("a weight of this dtype cannot be saved").received(format!("{other:?}"))),
    })
}

fn integer(size: u32, signed: bool) -> Vec<u8> {
    let bits = [0u16, size as u16 * 8].map(u16::to_le_bytes).concat(); // from bit 0
    [&[0x10, u8::from(signed) * 8, 0, 0][..], &size.to_le_bytes(), &bits].concat()
}

/// A number of IEEE 754: the sign, the exponent, and the mantissa with an implied bit.
fn float(size: u32, exponent: u8, mantissa: u8) -> Vec<u8> {
    let bits = [0u16, size as u16 * 8].map(u16::to_le_bytes).concat();
    let bias = (1u32 << (exponent - 1)) - 1;
    let sign = exponent + mantissa;
    let places = [mantissa, exponent, 0, mantissa];
    [&[0x11, 0x20, sign, 0][..], &size.to_le_bytes(), &bits, &places, &bias.to_le_bytes()].concat()
}

/// A collection of the strings of attributes, with the objects that they belong to.
pub(super) struct GlobalHeap<'a>(Vec<(usize, &'a str)>);

impl<'a> GlobalHeap<'a> {
    /// The heaps of these strings of objects.
    pub(super) fn of(strings: impl Iterator<Item = Option<&'a str>>) -> Vec<Self> {
        let mut heaps: Vec<Self> = Vec::new();
        for (object, string) in strings.enumerate().filter_map(|(object, string)| Some((object, string?))) {
            match heaps.last_mut().filter(|heap| heap.used() + used_by(string) <= HEAP) {
                Some(heap) => heap.0.push((object, string)),
                None => heaps.push(Self(vec![(object, string)])),
            }
        }
        heaps
    }

    fn used(&self) -> usize {
        OBJECT_HEADER + self.0.iter().map(|(_, string)| used_by(string)).sum::<usize>()
    }

    /// The objects with the indices of their strings.
    pub(super) fn objects(&self) -> impl Iterator<Item = (usize, u32)> {
        self.0.iter().zip(1..).map(|((object, _), index)| (*object, index))
    }

    pub(super) fn len(&self) -> u64 {
        self.used().max(HEAP) as u64
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let len = self.len();
        let mut bytes = [&b"GCOL"[..], &[1, 0, 0, 0], &len.to_le_bytes()].concat();
        for ((_, string), index) in self.0.iter().zip(1u16..) {
            bytes.extend(index.to_le_bytes());
            bytes.extend([1, 0, 0, 0, 0, 0]); // one reference
            bytes.extend((string.len() as u64).to_le_bytes());
            bytes.extend(string.as_bytes());
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        }
        // What is left is object 0, if there is room for its header.
        let free = len as usize - bytes.len();
        if free >= OBJECT_HEADER {
            bytes.extend([0; 8]);
            bytes.extend((free as u64).to_le_bytes());
        }
        bytes.resize(len as usize, 0);
        bytes
    }
}

fn used_by(string: &str) -> usize {
    OBJECT_HEADER + string.len().next_multiple_of(8)
}

/// The checksum of HDF5's metadata: Bob Jenkins's hash "lookup3" (`hashlittle`), from 0.
fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let (mut a, mut b, mut c) = (start, start, start);
    let word = |bytes: &[u8], i: usize| {
        (0..4).fold(0, |word, k| word | u32::from(bytes.get(4 * i + k).copied().unwrap_or(0)) << (8 * k))
    };
    let mut left = bytes;
    while left.len() > 12 {
        a = a.wrapping_add(word(left, 0));
        b = b.wrapping_add(word(left, 1));
        c = c.wrapping_add(word(left, 2));
        a = a.wrapping_sub(c) ^ c.rotate_left(4);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(6);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(8);
        b = b.wrapping_add(a);
        a = a.wrapping_sub(c) ^ c.rotate_left(16);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(19);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(4);
        b = b.wrapping_add(a);
        left = &left[12..];
    }
    if left.is_empty() {
        return c;
    }
    a = a.wrapping_add(word(left, 0));
    b = b.wrapping_add(word(left, 1));
    c = c.wrapping_add(word(left, 2));
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that the author of the hash gives.
    #[test]
    fn checksums_are_right() {
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }
}
