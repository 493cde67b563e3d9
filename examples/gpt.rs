//! A small GPT (Radford et al., 2018) writes text letter by letter: embeddings of letters and of their positions, blocks of causal
//! attention, and sampling with a temperature from the likeliest letters.

#[path = "common/grammar.rs"]
mod grammar;
#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::{
    Add, Build, Call, Context, Dense, Embedding, KerasTensor, LayerNormalization, MultiHeadAttention, Shape, Weight,
    layer, single,
};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::{AdamW, schedules::CosineDecay};
use candle_keras::prelude::*;
use clap::Parser;
use std::collections::HashSet;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains a small GPT on made-up sentences, and lets it write some.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<2>,
    /// How freely it writes: near 0 the likeliest letters alone, at 1 as often as it thinks them likely
    #[arg(long, default_value_t = 0.8, value_parser = positive)]
    temperature: f64,
    /// The number of sentences to train on
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(20..))]
    sentences: u32,
    /// The number of the likeliest letters that are sampled from
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    top_k: u8,
}

/// The letters that the model sees, and the number of features of each.
const CONTEXT: usize = 48;
const DIM: usize = 48;

layer! {
    /// Adds a learned vector for each position.
    pub struct Positions() {}
}

impl Layer for Positions {
    fn compute_output_shape(&self, inputs: &[Shape]) -> candle_keras::Result<Vec<Shape>> {
        Ok(vec![single(inputs)?.clone()])
    }

    fn build(&self, _: &[Shape], build: &mut Build) -> candle_keras::Result<()> {
        let (length, features) = (build.input_size(-2)?, build.input_size(-1)?);
        build.add_weight(Weight::new("positions", [length, features], &"uniform".into()));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> candle_keras::Result<Vec<Tensor>> {
        Ok(vec![single(inputs)?.broadcast_add(&self.weight("positions", ctx)?)?])
    }
}

/// Attention to what came before, and a network for each letter, both added to their input.
fn block(x: &KerasTensor) -> KerasTensor {
    let normal = LayerNormalization::new().call(x);
    let attended = MultiHeadAttention::new(4, DIM / 4).call_with([&normal, &normal], Call::new().use_causal_mask(true));
    let x = Add::new().call([x, &attended]);
    let hidden = Dense::new(4 * DIM).activation("gelu").call(LayerNormalization::new().call(&x));
    Add::new().call([&x, &Dense::new(DIM).call(&hidden)])
}

fn main() -> Result<()> {
    let Args { run, temperature, sentences, top_k } = training::parse();
    run.start()?;
    let text = grammar::sentences(&mut Stream::new(run.seed(), 1), sentences as usize);
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    let id = |letter: char| letters.iter().position(|&l| l == letter).unwrap_or(0) as u32;
    let ids: Vec<u32> = text.chars().map(id).collect();
    println!("{} letters of text, {} different ones\n", ids.len(), letters.len());

    let x = Input::shape([CONTEXT]).dtype("int32");
    let mut h = Positions::new().call(Embedding::new(letters.len(), DIM).call(&x));
    for _ in 0..2 {
        h = block(&h);
    }
    let logits = Dense::new(letters.len()).call(LayerNormalization::new().call(&h));
    let mut model = Model::new(&x, logits)?;

    // Each window of letters has its own, one later, as its targets; windows begin at every twelfth letter.
    let count = (ids.len() - CONTEXT - 1) / 12;
    let window = {
        let ids = ids.clone();
        move |i: usize| (ids[12 * i..12 * i + CONTEXT].to_vec(), ids[12 * i + 1..12 * i + CONTEXT + 1].to_vec())
    };
    let windows = Dataset::from_fn(count, window).shuffle(count).batch(32).prefetch(2);
    let steps = (count.div_ceil(32) * run.epochs()) as u64;
    let rate = CosineDecay::new(0.0, steps).warmup_target(4e-3).warmup_steps(steps / 10 + 1);
    let loss = candle_keras::losses::SparseCategoricalCrossentropy::new().from_logits(true);
    model.compile(AdamW::new().learning_rate(rate).global_clipnorm(1.0), Compile::loss(loss).metrics(["acc"]))?;
    model.fit(&windows, (), run.fit("gpt"))?;

    // It begins after a full stop, and each letter that it writes is the last one of its context when it chooses the next.
    let mut stream = Stream::new(run.seed(), 2);
    let mut written: Vec<u32> = ids[..CONTEXT].to_vec();
    for _ in 0..600 {
        let seen = written[written.len() - CONTEXT..].to_vec();
        let logits = model.predict_with((seen, [1, CONTEXT]), Predict::new().verbose(0))?;
        let last = logits.get(0)?.get(CONTEXT - 1)?.to_vec1::<f32>()?;
        written.push(sample(&last, temperature, top_k.into(), &mut stream));
    }
    let written: String = written[CONTEXT..].iter().map(|&id| letters[id as usize]).collect();
    println!("\n{}\n", written.replace(". ", ".\n"));

    // The first and the last sentence are not whole.
    let whole: Vec<&str> = written.split_inclusive(". ").skip(1).filter(|s| s.ends_with(". ")).collect();
    let right = whole.iter().filter(|sentence| grammar::is_right(sentence)).count();
    let known: HashSet<&str> = text.split_inclusive(". ").collect();
    let new = whole.iter().filter(|sentence| !known.contains(*sentence)).count();
    println!("{right} of {} sentences follow the grammar, {new} were not in the text", whole.len());
    run.claim(
        right * 10 >= whole.len() * 7 && !whole.is_empty(),
        "at least seven of ten sentences follow the grammar",
    )?;
    run.finish()
}

/// An id of the `k` with the largest logits; a low temperature makes the largest ones likelier.
fn sample(logits: &[f32], temperature: f64, k: usize, stream: &mut Stream) -> u32 {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    order.truncate(k);
    let weights: Vec<f64> =
        order.iter().map(|&i| (f64::from(logits[i] - logits[order[0]]) / temperature).exp()).collect();
    let mut rest = stream.uniform(1)[0] * weights.iter().sum::<f64>();
    let chosen = weights.iter().position(|weight| {
        rest -= weight;
        rest <= 0.0
    });
    order[chosen.unwrap_or(0)] as u32
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|&x: &f64| x > 0.0 && x.is_finite()).ok_or_else(|| "a number above 0 is needed".into())
}
