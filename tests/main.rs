//! The tests of the whole framework, in one binary so that they link once.

#![allow(clippy::unwrap_used)]

mod backup;
mod candle_pins;
mod coverage;
mod custom_layer;
mod custom_metrics;
mod custom_objects;
mod custom_steps;
mod errors;
mod fixtures;
mod hostile_files;
mod keras_anchors;
mod layers_in_layers;
mod models;
mod optimizers;
mod pretrained;
mod saving;
mod skipgram;
mod streams;
mod threads;
mod training;
mod word_distance;
