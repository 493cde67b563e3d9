//! The files of a folder and their labels.

use super::{Folder, Part};
use crate::numpy::random::RandomState;
use candle_keras_ops::{Error, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The labels of the files of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Labels {
    /// From the names of the subfolders.
    Inferred,
    /// None.
    None,
    /// The class of each file, in the order of the paths.
    Given(Vec<u32>),
    /// An unknown name.
    Unknown(String),
}

impl From<&str> for Labels {
    fn from(name: &str) -> Self {
        match name {
            "inferred" => Self::Inferred,
            other => Self::Unknown(other.into()),
        }
    }
}

impl From<Option<Vec<u32>>> for Labels {
    fn from(labels: Option<Vec<u32>>) -> Self {
        labels.map_or(Self::None, Self::Given)
    }
}

impl From<Vec<u32>> for Labels {
    fn from(labels: Vec<u32>) -> Self {
        Self::Given(labels)
    }
}

/// The files, with a label for each, unless there are none.
pub(super) struct Files {
    pub(super) paths: Vec<PathBuf>,
    pub(super) labels: Option<Vec<u32>>,
    pub(super) class_names: Vec<String>,
}

impl Files {
    /// The files with these extensions, in the order of their classes and paths.
    pub(super) fn find(folder: &Path, arguments: &Folder, extensions: &[&str]) -> Result<Self> {
        let list = |path: &Path| files_below(path, arguments.follow_links, extensions);
        // As in Keras, all files of a folder count where none has a label.
        let labels = if arguments.label_mode.is_none() { &Labels::None } else { &arguments.labels };
        if *labels != Labels::Inferred && arguments.class_names.is_some() {
            return Err(Error::new("class_names choose subfolders, whose names are the labels")
                .received("class_names, and labels that are not inferred"));
        }
        let files = match labels {
            Labels::Unknown(name) => return Err(Error::unknown("labels", name, &["inferred"])),
            Labels::None => Self { paths: list(folder)?, labels: None, class_names: Vec::new() },
            Labels::Given(labels) => {
                let paths = list(folder)?;
                if labels.len() != paths.len() {
                    return Err(Error::new(format!("{}: each file needs a label", folder.display()))
                        .expected(format!("{} labels", paths.len()))
                        .received(labels.len().to_string()));
                }
                let classes: BTreeSet<u32> = labels.iter().copied().collect();
                if let Some(outside) = classes.iter().find(|label| **label as usize >= classes.len()) {
                    return Err(Error::new("the labels of files are the numbers of classes, from 0 on")
                        .expected(format!("all of 0..{}, for {} classes", classes.len(), classes.len()))
                        .received(outside.to_string()));
                }
                let class_names = classes.iter().map(u32::to_string).collect();
                Self { paths, labels: Some(labels.clone()), class_names }
            }
            Labels::Inferred => {
                let class_names = chosen(folder, subfolders(folder)?, arguments.class_names.as_ref())?;
                let (mut paths, mut labels) = (Vec::new(), Vec::new());
                for (label, name) in class_names.iter().enumerate() {
                    paths.extend(list(&folder.join(name))?);
                    labels.resize(paths.len(), label as u32);
                }
                Self { paths, labels: Some(labels), class_names }
            }
        };
        if files.paths.is_empty() {
            let expected = format!("files that end in {}", extensions.join(" or "));
            let error = Error::new(format!("{}: there are no files to read", folder.display())).expected(expected);
            return Err(match labels {
                Labels::Inferred => error.help("a subfolder for each class; labels(None) reads files without labels"),
                _ => error,
            });
        }
        Ok(files)
    }

    /// The order that Keras gives them for this seed.
    pub(super) fn shuffle(&mut self, seed: u32) {
        RandomState::new(seed).shuffle(&mut self.paths);
        if let Some(labels) = &mut self.labels {
            RandomState::new(seed).shuffle(labels);
        }
    }

    /// One of two parts, of which the last files are for validation.
    pub(super) fn part(&self, part: Part, validation_split: Option<f64>) -> Result<Self> {
        let fraction = validation_split.unwrap_or(0.0);
        if validation_split.is_some() && !(fraction > 0.0 && fraction < 1.0) {
            return Err(Error::new("validation_split is a fraction of the files")
                .expected("more than 0, less than 1")
                .received(fraction.to_string()));
        }
        let count = self.paths.len();
        let training = count - (fraction * count as f64) as usize;
        let range = match part {
            Part::All => 0..count,
            Part::Training => 0..training,
            Part::Validation => training..count,
        };
        if range.is_empty() {
            return Err(Error::new("validation_split leaves no files for a part")
                .received(format!("{fraction} of {count} files")));
        }
        let labels = self.labels.as_ref().map(|labels| labels[range.clone()].to_vec());
        Ok(Self { paths: self.paths[range].to_vec(), labels, class_names: self.class_names.clone() })
    }
}

/// The names of the subfolders that are not hidden, in order.
pub(crate) fn subfolders(folder: &Path) -> Result<Vec<String>> {
    let failed = |cause| Error::io(folder, cause);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A link to a folder is one.
        if !entry.path().is_dir() {
            continue;
        }
        let name = entry.file_name().into_string().map_err(|name| {
            Error::new(format!("{}: the name of a class is not Unicode", folder.display()))
                .received(format!("{name:?}"))
        })?;
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn chosen(folder: &Path, found: Vec<String>, wanted: Option<&Vec<String>>) -> Result<Vec<String>> {
    let Some(wanted) = wanted else { return Ok(found) };
    for (i, name) in wanted.iter().enumerate() {
        let wrong = match () {
            () if !found.contains(name) => "a class has no subfolder",
            () if wanted[..i].contains(name) => "a class is given twice",
            () => continue,
        };
        return Err(Error::new(format!("{}: {wrong}", folder.display())).expected(found.join(", ")).received(name));
    }
    Ok(wanted.clone())
}

/// The files below a folder that have one of these extensions, in Keras's order: by their folders, then by their names.
pub(crate) fn files_below(folder: &Path, follow_links: bool, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).follow_links(follow_links) {
        let entry = entry.map_err(|error| {
            let at = error.path().unwrap_or(folder).to_path_buf();
            Error::io(at, error.into())
        })?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        // A link to a file is read in any case.
        if !entry.path().is_dir() && extensions.iter().any(|extension| name.ends_with(extension)) {
            files.push(entry.into_path());
        }
    }
    files.sort_by_cached_key(|path| {
        (path.parent().map(Path::to_path_buf).unwrap_or_default().into_os_string(), path.clone())
    });
    Ok(files)
}
