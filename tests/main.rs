//! The tests of the whole framework, in one binary so that they link once.

#![allow(clippy::unwrap_used)]

mod backup;
mod candle_pins;
mod coverage;
mod errors;
mod fixtures;
mod hostile_files;
mod keras_anchors;
mod layers_in_layers;
mod models;
mod optimizers;
mod own_layer;
mod own_metrics;
mod own_objects;
mod own_steps;
mod pretrained;
mod saving;
mod skipgram;
mod streams;
mod threads;
mod training;
mod word_distance;
