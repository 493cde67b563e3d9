//! PlotLosses: a page with the curves of a training, which is there while it runs.

use super::chart::{self, Curve};
use super::{Callback, CallbackState, Params, words};
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::Error;
use candle_keras_ops::markup::escaped;
use std::fs;
use std::path::PathBuf;

/// Draws the loss and each metric over the epochs, with those of the validation: in an HTML page that reloads itself while the training runs, and in an SVG file beside it.
///
/// Both are written after each epoch, and need nothing but a browser: no server, and nothing from the net. Keras has no such callback. A training that
/// [`BackupAndRestore`](super::BackupAndRestore) resumes continues its curves.
///
/// ```
/// use candle_keras_models::callbacks::PlotLosses;
/// let plot = PlotLosses::new("training.html").refresh(2); // and training.svg
/// # drop(plot);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct PlotLosses {
    path: PathBuf,
    refresh: usize,
    epochs: usize,
    curves: Vec<Curve>,
}

impl PlotLosses {
    /// To this page; the drawing has the same name and ends in `.svg`. A folder that is missing is made.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), refresh: 5, epochs: 0, curves: Vec::new() }
    }

    /// The seconds after which the page reloads itself. Default: 5.
    pub fn refresh(mut self, seconds: usize) -> Self {
        self.refresh = seconds.max(1);
        self
    }

    fn add(&mut self, epoch: usize, logs: &Logs) {
        for (name, value) in logs.iter() {
            match self.curves.iter_mut().find(|curve| curve.name == name) {
                Some(curve) => curve.points.push((epoch, value)),
                None => self.curves.push(Curve { name: name.into(), points: vec![(epoch, value)] }),
            }
        }
    }

    fn page(&self, model: &Model, runs: bool, svg: &str) -> String {
        let done = self.curves.iter().flat_map(|curve| &curve.points).map(|(epoch, _)| epoch + 1).max().unwrap_or(0);
        let (reload, state) = match runs {
            true => (format!("<meta http-equiv=\"refresh\" content=\"{}\">", self.refresh), "running"),
            false => (String::new(), "finished"),
        };
        let title = escaped(&model.base.name());
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">{reload}\n\
             <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}: epoch {done} of {epochs}</title>\n\
             <style>body{{font:15px system-ui,sans-serif;margin:1.5rem}}svg{{max-width:100%;height:auto}}</style></head>\n\
             <body><h1>{title}</h1><p>Epoch {done} of {epochs}, {state}</p>\n{svg}</body></html>\n",
            epochs = self.epochs.max(done),
        )
    }

    fn write(&self, model: &Model, runs: bool) -> Result<()> {
        let svg = chart::svg(&self.curves);
        let files = [(self.path.with_extension("svg"), &svg), (self.path.clone(), &self.page(model, runs, &svg))];
        for (path, text) in files {
            // A browser that reloads meanwhile gets a whole page.
            let mut part = path.clone().into_os_string();
            part.push(".part");
            fs::write(&part, text).and_then(|()| fs::rename(&part, &path)).map_err(|cause| Error::io(&path, cause))?;
        }
        Ok(())
    }
}

impl Callback for PlotLosses {
    fn set_params(&mut self, params: &Params) {
        self.epochs = params.epochs;
    }

    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        let is_page = self.path.extension().is_some_and(|extension| extension == "html" || extension == "htm");
        if !is_page {
            return Err(Error::new("the file of PlotLosses must be a page")
                .expected("a name that ends in .html")
                .received(self.path.display().to_string())
                .help("the SVG file is written beside it"));
        }
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(|cause| Error::io(folder, cause))?;
        }
        self.curves.clear();
        Ok(())
    }

    // A browser can be opened before the first epoch is over.
    fn on_epoch_begin(&mut self, model: &mut Model, _: usize, _: &Logs) -> Result<()> {
        if self.curves.is_empty() { self.write(model, true) } else { Ok(()) }
    }

    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        self.add(epoch, logs);
        self.write(model, true)
    }

    fn on_train_end(&mut self, model: &mut Model, _: &Logs) -> Result<()> {
        self.write(model, false)
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        false
    }

    /// The number of curves and the number of points of each; the epochs; the names.
    fn state(&self) -> CallbackState {
        let lengths = self.curves.iter().map(|curve| curve.points.len());
        let points = || self.curves.iter().flat_map(|curve| curve.points.iter().copied());
        let counts = std::iter::once(self.curves.len()).chain(lengths).chain(points().map(|(epoch, _)| epoch));
        let names = words::to_counts(self.curves.iter().map(|curve| curve.name.as_str()));
        CallbackState {
            counts: counts.map(|count| count as u64).chain(names).collect(),
            numbers: points().map(|(_, value)| value).collect(),
            tensors: Vec::new(),
        }
    }

    fn set_state(&mut self, state: CallbackState) {
        let [curves, rest @ ..] = state.counts.as_slice() else { return };
        let Some((lengths, rest)) = rest.split_at_checked(*curves as usize) else { return };
        let Some((epochs, names)) = rest.split_at_checked(state.numbers.len()) else { return };
        let mut points = epochs.iter().map(|epoch| *epoch as usize).zip(state.numbers);
        let curve =
            |(name, length): (String, &u64)| Curve { name, points: points.by_ref().take(*length as usize).collect() };
        self.curves = words::of_counts(names).into_iter().zip(lengths).map(curve).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sequential;

    #[test]
    fn a_page_reloads_itself_until_the_training_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/run.html");
        let (mut model, mut plot) = (Sequential::new(Vec::new()), PlotLosses::new(&path).refresh(2));
        let none = Logs::default();
        plot.on_train_begin(&mut model, &none).unwrap();
        plot.on_epoch_begin(&mut model, 0, &none).unwrap();
        plot.on_epoch_end(&mut model, 0, &Logs::from([("loss", 2.0)])).unwrap();
        plot.on_epoch_end(&mut model, 1, &Logs::from([("loss", 1.0), ("val_loss", 1.5)])).unwrap();
        let running = fs::read_to_string(&path).unwrap();
        assert!(running.contains("http-equiv=\"refresh\" content=\"2\"") && running.contains("Epoch 2 of 2, running"));
        let mut resumed = PlotLosses::new(&path);
        resumed.set_state(plot.state());
        assert_eq!(resumed.curves, plot.curves);
        resumed.on_train_end(&mut model, &none).unwrap();
        let page = fs::read_to_string(&path).unwrap();
        assert!(!page.contains("http-equiv") && page.contains("finished"));
        // Nothing comes from elsewhere: the only address is the name of the format.
        assert_eq!(page.replace("http://www.w3.org/2000/svg", "").matches("://").count(), 0);
        let svg = fs::read_to_string(path.with_extension("svg")).unwrap();
        assert!(page.contains(&svg) && svg.contains("validation, epoch 2: 1.5"));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
        let error = PlotLosses::new("run.png").on_train_begin(&mut model, &none).unwrap_err().to_string();
        assert!(error.contains("PlotLosses") && error.contains(".html"), "{error}");
    }
}
