//! Images of the files of a folder. Keras: `ImageDataGenerator.flow_from_directory`.

use super::flow::{Flow, Images, Inner, Targets, flow_arguments};
use super::{ImageDataGenerator, ImageFlow, part};
use crate::folder::{files_below, subfolders};
use crate::images::ColorMode;
use crate::{LoadImg, ToTensor, to_categorical};
use candle_keras_ops::console::print_line;
use candle_keras_ops::{Error, Result};
use std::path::Path;
use std::sync::Mutex;

const EXTENSIONS: [&str; 7] = [".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff"];

/// The arguments of [`ImageDataGenerator::flow_from_directory`].
#[derive(Debug, Clone)]
#[must_use]
pub struct FlowFromDirectory {
    flow: Flow,
    target_size: [usize; 2],
    color_mode: String,
    classes: Option<Vec<String>>,
    class_mode: Option<String>,
    follow_links: bool,
    interpolation: String,
    keep_aspect_ratio: bool,
}

impl Default for FlowFromDirectory {
    fn default() -> Self {
        Self {
            flow: Flow::default(),
            target_size: [256, 256],
            color_mode: "rgb".into(),
            classes: None,
            class_mode: Some("categorical".into()),
            follow_links: false,
            interpolation: "nearest".into(),
            keep_aspect_ratio: false,
        }
    }
}

flow_arguments!(FlowFromDirectory, flow);

impl FlowFromDirectory {
    /// The height and the width of the images. Default: 256 and 256.
    pub fn target_size(mut self, size: [usize; 2]) -> Self {
        self.target_size = size;
        self
    }

    /// `"grayscale"`, `"rgb"`, by default, or `"rgba"`.
    pub fn color_mode(mut self, mode: &str) -> Self {
        self.color_mode = mode.into();
        self
    }

    /// The subfolders that are classes, in the order of their numbers. Default: all, in the order of their names.
    pub fn classes<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.classes = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The targets: `"categorical"`, one-hot rows, by default; `"binary"` or `"sparse"`, the numbers of the classes; `"input"`, the images; `None`: none.
    pub fn class_mode<'a>(mut self, mode: impl Into<Option<&'a str>>) -> Self {
        self.class_mode = mode.into().map(str::to_string);
        self
    }

    /// Whether links to folders are followed. Default: false.
    pub fn follow_links(mut self, follow: bool) -> Self {
        self.follow_links = follow;
        self
    }

    /// How files of another size are resized, as in [`LoadImg::interpolation`]. Default: `"nearest"`.
    pub fn interpolation(mut self, interpolation: &str) -> Self {
        self.interpolation = interpolation.into();
        self
    }

    /// Whether the largest part in the middle with the new aspect ratio is resized. Default: false.
    pub fn keep_aspect_ratio(mut self, keep: bool) -> Self {
        self.keep_aspect_ratio = keep;
        self
    }
}

impl ImageDataGenerator {
    /// Batches of the images of a folder, with the names of its subfolders as classes. Keras: `flow_from_directory`.
    ///
    /// ```no_run
    /// use candle_keras_data::{FlowFromDirectory, ImageDataGenerator};
    /// let generator = ImageDataGenerator::new().rescale(1.0 / 255.0).zoom_range(0.2).validation_split(0.2);
    /// let arguments = FlowFromDirectory::new().target_size([150, 150]).class_mode("binary").subset("training");
    /// let train = generator.flow_from_directory("photos", arguments)?;
    /// println!("{:?}: {} images", train.class_names(), train.samples());
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are no images, or an argument is invalid. A file that is no image is an error when its batch is read.
    pub fn flow_from_directory(&self, directory: impl AsRef<Path>, arguments: FlowFromDirectory) -> Result<ImageFlow> {
        let (fill, directory) = (self.check()?, directory.as_ref());
        let channels = ColorMode::by_name(&arguments.color_mode)?.channels();
        let class_names = match &arguments.classes {
            Some(names) => names.clone(),
            None => subfolders(directory)?,
        };
        let (mut paths, mut classes) = (Vec::new(), Vec::new());
        for (class, name) in class_names.iter().enumerate() {
            let files = files_below(&directory.join(name), arguments.follow_links, &EXTENSIONS)?;
            let range = part(self, arguments.flow.subset.as_deref(), files.len())?;
            paths.extend_from_slice(&files[range]);
            classes.resize(paths.len(), class as u32);
        }
        print_line(&format!("Found {} images belonging to {} classes.", paths.len(), class_names.len()));
        let targets = match arguments.class_mode.as_deref() {
            None => Targets::None,
            Some("input") => Targets::Input,
            Some("binary" | "sparse") => {
                Targets::Arrays(vec![classes.iter().map(|class| *class as f32).collect::<Vec<_>>().to_tensor()?])
            }
            Some("categorical") => Targets::Arrays(vec![to_categorical(&classes, class_names.len())?]),
            Some(other) => {
                return Err(Error::unknown("class_mode", other, &["categorical", "binary", "sparse", "input"]));
            }
        };
        let load = LoadImg::new()
            .color_mode(&arguments.color_mode)
            .target_size(arguments.target_size)
            .interpolation(&arguments.interpolation)
            .keep_aspect_ratio(arguments.keep_aspect_ratio);
        let [height, width] = arguments.target_size;
        ImageFlow::new(Inner {
            generator: self.clone(),
            fill,
            size: [height, width, channels],
            samples: paths.len(),
            images: Images::Files { paths, load },
            targets,
            class_names,
            classes,
            arguments: arguments.flow,
            state: Mutex::default(),
        })
    }
}
