//! Writes HDF5 files from front to back: the metadata, and then the tensors one after another, so that no copy of them is needed.
//!
//! The metadata is laid out first, since the sizes of tensors are known. It is that of HDF5 1.8: a superblock of version 2, object headers
//! of version 2 with links in them, contiguous data, and strings in global heaps. "HDF5 File Format Specification Version 3.0" describes
//! the bytes.

mod encode;
mod tensors;

pub(crate) use tensors::write_tensor;

use crate::Result;
use candle_core::{DType, Tensor};
use candle_keras_ops::Error;
use encode::{GlobalHeap, Header, SUPERBLOCK_LEN, superblock};
use std::collections::BTreeMap;
use std::io::Write;

/// A file to write: groups with their names, and tensors.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    name: Option<String>,
    datasets: Vec<(String, Tensor)>,
    children: BTreeMap<String, Node>,
}

/// A group or a dataset, in the order of the file.
enum Object<'a> {
    Group { name: Option<&'a str>, links: Vec<(&'a str, usize)> },
    Dataset(&'a Tensor),
}

/// Where everything is: the headers and data of the objects, and the strings in their attributes as the address of a heap and an index in it.
struct Places {
    headers: Vec<u64>,
    data: Vec<u64>,
    strings: Vec<(u64, u32)>,
}

impl Writer {
    /// A group with its attribute `name` and the tensors in it, named by their numbers.
    pub(crate) fn group(&mut self, path: &str, name: &str, tensors: Vec<Tensor>) {
        let node = self.node(path);
        node.name = Some(name.into());
        node.datasets = tensors.into_iter().enumerate().map(|(i, tensor)| (i.to_string(), tensor)).collect();
    }

    /// A tensor in a group, by its name.
    pub(crate) fn dataset(&mut self, group: &str, name: &str, tensor: Tensor) {
        self.node(group).datasets.push((name.into(), tensor));
    }

    fn node(&mut self, path: &str) -> &mut Node {
        path.split('/').fold(&mut self.root, |node, part| node.children.entry(part.into()).or_default())
    }

    /// Writes the file sequentially.
    pub(crate) fn write(&self, mut to: impl Write) -> Result<()> {
        let failed = |cause| Error::new(format!("the weights could not be written: {cause}"));
        let objects = self.objects();
        let heaps = GlobalHeap::of(objects.iter().map(Object::string));
        // The length of a header does not depend on the addresses in it.
        let none = || vec![0; objects.len()];
        let mut places = Places { headers: none(), data: none(), strings: vec![(0, 0); objects.len()] };
        let mut end = SUPERBLOCK_LEN;
        for (i, object) in objects.iter().enumerate() {
            let header = object.header(i, &places)?;
            places.headers[i] = end;
            end += header.len() as u64;
        }
        for heap in &heaps {
            heap.objects().for_each(|(object, index)| places.strings[object] = (end, index));
            end += heap.len();
        }
        for (i, object) in objects.iter().enumerate() {
            if let Object::Dataset(tensor) = object {
                end = end.next_multiple_of(8);
                places.data[i] = end;
                end += len(tensor);
            }
        }
        let mut position = 0;
        let mut put = |bytes: &[u8]| {
            position += bytes.len() as u64;
            to.write_all(bytes).map_err(failed)
        };
        put(&superblock(end, places.headers[0]))?;
        objects.iter().enumerate().try_for_each(|(i, object)| put(&object.header(i, &places)?))?;
        heaps.iter().try_for_each(|heap| put(&heap.bytes()))?;
        for (object, &at) in objects.iter().zip(&places.data) {
            if let Object::Dataset(tensor) = object {
                to.write_all(&[0; 8][..(at - position) as usize]).map_err(failed)?;
                write_tensor(&mut to, tensor)?;
                position = at + len(tensor);
            }
        }
        to.flush().map_err(failed)
    }

    /// All objects, the root first.
    fn objects(&self) -> Vec<Object<'_>> {
        let mut objects = Vec::new();
        self.root.list(&mut objects);
        objects
    }
}

impl Node {
    fn list<'a>(&'a self, objects: &mut Vec<Object<'a>>) {
        let own = objects.len();
        objects.push(Object::Group { name: self.name.as_deref(), links: Vec::new() });
        let mut own_links = Vec::new();
        for (name, tensor) in &self.datasets {
            own_links.push((name.as_str(), objects.len()));
            objects.push(Object::Dataset(tensor));
        }
        for (name, child) in &self.children {
            own_links.push((name, objects.len()));
            child.list(objects);
        }
        if let Object::Group { links, .. } = &mut objects[own] {
            *links = own_links;
        }
    }
}

fn len(tensor: &Tensor) -> u64 {
    (tensor.elem_count() * tensor.dtype().size_in_bytes()) as u64
}

impl Object<'_> {
    /// The string in its attribute.
    fn string(&self) -> Option<&str> {
        match self {
            Object::Group { name, .. } => *name,
            // Keras's form of bfloat16, which HDF5 does not have: opaque bytes with this attribute.
            Object::Dataset(tensor) => (tensor.dtype() == DType::BF16).then_some("bfloat16"),
        }
    }

    fn header(&self, i: usize, places: &Places) -> Result<Vec<u8>> {
        let mut header = Header::new();
        let attribute = match self {
            Object::Group { links, .. } => {
                header.group()?;
                links.iter().try_for_each(|(name, object)| header.link(name, places.headers[*object]))?;
                "name"
            }
            Object::Dataset(tensor) => {
                header.dataset(tensor.dims(), tensor.dtype(), places.data[i], len(tensor))?;
                "dtype"
            }
        };
        if let Some(string) = self.string() {
            header.attribute(attribute, string.len(), places.strings[i])?;
        }
        Ok(header.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saving::hdf5::Hdf5;
    use crate::saving::section::Section;
    use candle_core::Device;

    fn written(writer: &Writer) -> Hdf5 {
        let mut bytes = Vec::new();
        writer.write(&mut bytes).expect("a file");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f.h5");
        std::fs::write(&path, bytes).expect("a file");
        Hdf5::open(Section::open(&path).expect("a section")).expect("HDF5")
    }

    #[test]
    fn all_dtypes_and_shapes_are_read_again() {
        let dtypes = [
            DType::F32,
            DType::F64,
            DType::F16,
            DType::BF16,
            DType::I16,
            DType::I32,
            DType::I64,
            DType::U8,
            DType::U32,
        ];
        let shapes: [&[usize]; 5] = [&[], &[3], &[2, 3], &[0, 2], &[70_000]];
        for dtype in dtypes {
            let mut writer = Writer::default();
            let of = |shape: &&[usize]| -> candle_core::Result<Tensor> {
                let count = shape.iter().product::<usize>() as i64;
                Tensor::arange(0, count, &Device::Cpu)?.reshape(*shape)?.to_dtype(dtype)
            };
            let tensors: Vec<_> = shapes.iter().map(|shape| of(shape).expect("a tensor")).collect();
            writer.group("layers/äß/vars", "ünï", tensors.clone());
            // Not contiguous.
            let turned = of(&shapes[2]).and_then(|x| x.t()).expect("a tensor");
            writer.group("other", "", vec![turned.clone()]);
            let file = written(&writer);
            assert_eq!(file.string("layers/äß/vars", "name").as_deref(), Some("ünï"));
            let read = |group: &str| {
                file.numbered(group).iter().map(|stored| stored.read().expect("read")).collect::<Vec<_>>()
            };
            let text = |tensor: &Tensor| format!("{:?} {:?} {tensor}", tensor.dtype(), tensor.dims());
            assert_eq!(
                read("layers/äß/vars").iter().map(text).collect::<Vec<_>>(),
                tensors.iter().map(text).collect::<Vec<_>>()
            );
            assert_eq!(text(&read("other")[0]), text(&turned));
        }
    }

    #[test]
    fn groups_may_have_thousands_of_members_and_long_names() {
        let mut writer = Writer::default();
        let name = |i: usize| format!("layer_{i}_{}", "x".repeat(i % 400));
        for i in 0..5000 {
            let tensor = Tensor::new(&[i as f32], &Device::Cpu).expect("a tensor");
            writer.group(&format!("layers/{}/vars", name(i)), &name(i), vec![tensor]);
        }
        let file = written(&writer);
        for i in [0, 399, 4999] {
            assert_eq!(file.group_named(&name(i)), Some(format!("layers/{}/vars", name(i)).as_str()));
            let stored = file.numbered(&format!("layers/{}/vars", name(i)))[0].read().expect("read");
            assert_eq!(stored.to_vec1::<f32>().expect("f32"), [i as f32]);
        }
        writer.group(&"x".repeat(70_000), "long", Vec::new());
        let error = writer.write(std::io::sink()).unwrap_err().to_string();
        assert!(error.contains("too long") && error.contains("70013 bytes"), "{error}");
    }
}
