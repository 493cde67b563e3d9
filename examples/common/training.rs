//! What the examples of training share: their arguments, backups of each phase of a training, and claims that must hold.

use anyhow::{Context, Result, ensure};
use candle_keras::callbacks::BackupAndRestore;
use candle_keras::{Fit, utils};
use std::cell::RefCell;
use std::path::PathBuf;

/// The arguments that all examples of training have; `EPOCHS` is the default of `--epochs`.
#[derive(clap::Args)]
pub struct Training<const EPOCHS: u16> {
    /// The number of epochs; with fewer than the default, what the example claims is printed and not asserted
    #[arg(long, default_value_t = EPOCHS, value_parser = clap::value_parser!(u16).range(1..))]
    epochs: u16,
    /// The seed of all random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Backs up the training in this folder; the same command resumes it if it was interrupted
    #[arg(long, value_name = "FOLDER")]
    backup: Option<PathBuf>,
    /// The folders of the phases that have run.
    #[arg(skip)]
    phases: RefCell<Vec<PathBuf>>,
}

/// The arguments of the command line. What they must not be ends with status 1 and a message, as every other error does.
pub fn parse<A: clap::Parser>() -> A {
    A::try_parse().unwrap_or_else(|error| {
        // The message is for a terminal that may be gone.
        let _ = error.print();
        std::process::exit(error.use_stderr().into())
    })
}

#[allow(dead_code, reason = "not every example needs all of it")]
impl<const EPOCHS: u16> Training<EPOCHS> {
    /// Sets the seed, and creates the folder of the backups.
    pub fn start(&self) -> Result<()> {
        utils::set_random_seed(self.seed);
        if let Some(folder) = &self.backup {
            std::fs::create_dir_all(folder).with_context(|| format!("no backups in {}", folder.display()))?;
        }
        Ok(())
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The number of epochs.
    pub fn epochs(&self) -> usize {
        self.epochs.into()
    }

    /// The arguments of `fit` for one phase: the epochs, a line for each, and the backup. The backup of a phase stays until the
    /// end of the example, so that a phase that was complete is restored, not trained again.
    pub fn fit(&self, phase: &str) -> Fit<'static> {
        let fit = Fit::new().epochs(self.epochs()).verbose(2);
        match &self.backup {
            None => fit,
            Some(folder) => {
                let folder = folder.join(phase);
                self.phases.borrow_mut().push(folder.clone());
                fit.callback(BackupAndRestore::new(folder).delete_checkpoint(false))
            }
        }
    }

    /// Prints what the example claims; an error if it does not hold after all epochs.
    pub fn claim(&self, holds: bool, what: impl std::fmt::Display) -> Result<()> {
        ensure!(holds || self.epochs < EPOCHS, "this does not hold: {what}");
        println!("{}: {what}", if holds { "it holds" } else { "with so few epochs it does not hold yet" });
        Ok(())
    }

    /// Removes the backups: the training is complete.
    pub fn finish(&self) -> Result<()> {
        for folder in self.phases.borrow().iter().filter(|folder| folder.exists()) {
            let file = folder.join("latest.safetensors");
            if file.exists() {
                std::fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
            }
            // A folder with something else in it stays.
            let _ = std::fs::remove_dir(folder);
        }
        Ok(())
    }
}
