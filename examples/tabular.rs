//! A table with numbers, categories and words: a FeatureSpace makes one vector of a row, and crosses let a linear model see what two
//! columns mean together.

#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::data::ToTensor;
use candle_keras::layers::Dense;
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::utils::{Feature, FeatureSpace};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Predicts from a table of orders which of them are returned.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<12>,
    /// The number of orders to train on
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(10..))]
    rows: u32,
}

/// The columns of a table, by their names.
type Table = [(&'static str, Tensor); 5];

fn main() -> Result<()> {
    let Args { run, rows } = training::parse();
    run.start()?;
    let mut stream = Stream::new(run.seed(), 1);
    let (table, returned) = orders(&mut stream, rows as usize)?;
    let test = orders(&mut stream, 2_000)?;

    let mut accuracies = Vec::new();
    for crossed in [false, true] {
        println!("== {} crosses", if crossed { "with" } else { "without" });
        let features = FeatureSpace::new([
            ("price", "float_normalized".into()),
            ("age", Feature::float_discretized(8)),
            ("month", "integer_categorical".into()),
            ("country", "string_categorical".into()),
            ("article", Feature::string_categorical().max_tokens(20)),
        ]);
        let features = if crossed { features.crosses([["country", "article"]]).crossing_dim(512) } else { features };
        features.adapt(table.clone())?;
        let p = Dense::new(1).activation("sigmoid").call(features.encoded_features()?);
        let mut model = Model::new(features.inputs()?, p)?;
        model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["acc", "auc"]))?;
        let phase = if crossed { "crosses" } else { "columns" };
        model.fit(table.clone(), &returned, run.fit(phase).batch_size(64))?;
        let logs = model.evaluate_with(test.0.clone(), &test.1, Evaluate::new().verbose(0))?;
        println!("{phase}: accuracy {:.3}, AUC {:.3}\n", logs["acc"], logs["auc"]);
        accuracies.push(logs["acc"]);

        if crossed {
            // The model takes the columns as they are, in Rust and in a file.
            let order = |article: &str| -> Result<f32> {
                let row: Table = [
                    ("price", vec![30f32].to_tensor()?),
                    ("age", vec![35f32].to_tensor()?),
                    ("month", vec![5i64].to_tensor()?),
                    ("country", vec!["Norway"].to_tensor()?),
                    ("article", vec![article].to_tensor()?),
                ];
                Ok(model.predict_with(row, Predict::new().verbose(0))?.flatten_all()?.to_vec1::<f32>()?[0])
            };
            println!(
                "a shoe to Norway: {:.2}, a hat: {:.2}, a book, which is unknown: {:.2}",
                order("shoe")?,
                order("hat")?,
                order("book")?
            );
        }
    }
    run.claim(accuracies[1] > accuracies[0] + 0.1, "the crosses make the accuracy 0.1 better")?;
    run.finish()
}

/// Orders, and whether they are returned. That depends on the month and the age, and on which article goes to which country.
fn orders(stream: &mut Stream, count: usize) -> Result<(Table, Vec<f32>)> {
    const COUNTRIES: [&str; 10] =
        ["Chile", "Fiji", "Ghana", "India", "Japan", "Kenya", "Norway", "Peru", "Spain", "Turkey"];
    const ARTICLES: [&str; 10] = ["belt", "coat", "dress", "glove", "hat", "scarf", "shirt", "shoe", "sock", "tie"];
    let (mut prices, mut ages, mut months) = (Vec::new(), Vec::new(), Vec::new());
    let (mut countries, mut articles, mut returned) = (Vec::new(), Vec::new(), Vec::new());
    // Sizes differ between countries: some articles fit in some of them alone.
    let misfits = Stream::new(7, 0).uniform(100);
    for _ in 0..count {
        let [country, article, month] = [10, 10, 12].map(|n| stream.below(n) as usize);
        let (random, normal) = (stream.uniform(2), stream.normal(1)[0]);
        let age = 18.0 + 60.0 * random[0];
        let misfit = if misfits[10 * country + article] < 0.5 { 2.0 } else { -2.0 };
        let season = if month > 9 { 1.0 } else { -0.3 };
        let score = misfit + season + 0.5 * normal - 0.03 * (age - 48.0).abs() + 0.3;
        returned.push(f32::from(u8::from(random[1] < 1.0 / (1.0 + (-score).exp()))));
        prices.push((3.0 + 0.5 * normal).exp() as f32);
        ages.push(age as f32);
        months.push(month as i64 + 1);
        countries.push(COUNTRIES[country]);
        articles.push(ARTICLES[article]);
    }
    let table = [
        ("price", prices.to_tensor()?),
        ("age", ages.to_tensor()?),
        ("month", months.to_tensor()?),
        ("country", countries.to_tensor()?),
        ("article", articles.to_tensor()?),
    ];
    Ok((table, returned))
}
