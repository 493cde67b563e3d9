//! One sequence becomes another: dates as people write them become dates of ISO 8601, letter by letter. An encoder reads the date, and a
//! decoder writes it and looks at the letters that matter for the next one (attention, after Luong et al., 2015).

#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::{Attention, Bidirectional, Call, Concatenate, Dense, Embedding, GRU};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Learns to write dates in another form.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<5>,
    /// A date to translate, such as "4 july 1976"
    #[arg(long, value_name = "DATE")]
    date: Vec<String>,
}

/// The letters of both languages: the first is the padding, the second begins what the decoder writes.
const LETTERS: &str = "_^ ,-0123456789abcdefghijklmnopqrstuvwxyz";
/// The longest date that is read, and the length of those that are written.
const LONG: usize = 22;
const ISO: usize = 10;
const DIM: usize = 64;

fn main() -> Result<()> {
    let Args { run, date } = training::parse();
    run.start()?;
    let wanted = date.iter().map(|date| encoded(date, LONG)).collect::<Result<Vec<_>>>()?;
    let mut stream = Stream::new(run.seed(), 1);
    let [training, validation] = [8_000, 500].map(|count| dates(&mut stream, count));
    // The decoder is trained with the letters that were right before (teacher forcing): its input is the target, one letter later.
    let arrays = |dates: &[(String, String)]| -> Result<_> {
        let read = dates.iter().map(|(date, _)| encoded(date, LONG)).collect::<Result<Vec<_>>>()?;
        let begun = dates.iter().map(|(_, iso)| encoded(&format!("^{}", &iso[..ISO - 1]), ISO));
        let begun = begun.collect::<Result<Vec<_>>>()?;
        let target = dates.iter().map(|(_, iso)| encoded(iso, ISO)).collect::<Result<Vec<_>>>()?;
        Ok((read, begun, target))
    };

    let (read, begun) = (Input::shape([LONG]).dtype("int32"), Input::shape([ISO]).dtype("int32"));
    let letters = Embedding::new(LETTERS.len(), DIM).mask_zero(true);
    let [memory, forward, backward] = Bidirectional::new(GRU::new(DIM / 2).return_sequences(true).return_state(true))
        .call_multiple(letters.call(&read));
    let state = Concatenate::new().call([&forward, &backward]);
    let decoder = GRU::new(DIM).return_sequences(true);
    let h = decoder.call_with(Embedding::new(LETTERS.len(), DIM).call(&begun), Call::new().initial_state([&state]));
    // Where the decoder's state is most like what the encoder kept of a letter, it looks.
    let looked = Attention::new().call([&h, &memory]);
    let next = Dense::new(LETTERS.len()).activation("softmax").call(Concatenate::new().call([&h, &looked]));
    let mut model = Model::new([read, begun], next)?;
    model
        .compile(Adam::new().learning_rate(4e-3), Compile::loss("sparse_categorical_crossentropy").metrics(["acc"]))?;

    let (read, begun, target) = arrays(&training)?;
    let (val_read, val_begun, val_target) = arrays(&validation)?;
    let fit = run.fit("seq2seq").batch_size(64).validation_data([&val_read, &val_begun], &val_target);
    model.fit([&read, &begun], &target, fit)?;

    // Without the right letters at hand, the decoder goes on from its own: the likeliest at each place.
    let written = translate(&model, &val_read)?;
    println!();
    for ((date, _), iso) in validation.iter().zip(&written).take(5) {
        println!("{date:<LONG$} {iso}");
    }
    let right = validation.iter().zip(&written).filter(|((_, iso), written)| iso == *written).count();
    let part = right as f64 / validation.len() as f64;
    println!("{:.1} % of {} new dates are right in every letter", 100.0 * part, validation.len());
    if !wanted.is_empty() {
        for (date, iso) in date.iter().zip(translate(&model, &wanted)?) {
            println!("{date:<LONG$} {iso}");
        }
    }
    run.claim(part >= 0.95, "at least 95 % of the dates are right in every letter")?;
    run.finish()
}

/// What the model writes for these dates.
fn translate(model: &Model, read: &[Vec<u32>]) -> Result<Vec<String>> {
    let mut begun = vec![[vec![1], vec![0; ISO - 1]].concat(); read.len()];
    let mut written = vec![String::new(); read.len()];
    for place in 0..ISO {
        let p = model.predict_with([&read.to_vec(), &begun], Predict::new().batch_size(256).verbose(0))?;
        let ids = p.narrow(1, place, 1)?.squeeze(1)?.argmax(1)?.to_vec1::<u32>()?;
        for (i, id) in ids.into_iter().enumerate() {
            written[i].extend(LETTERS.chars().nth(id as usize));
            if place + 1 < ISO {
                begun[i][place + 1] = id;
            }
        }
    }
    Ok(written)
}

/// The numbers of the letters of a text, with padding at the end.
fn encoded(text: &str, length: usize) -> Result<Vec<u32>> {
    let mut ids = Vec::with_capacity(length);
    for letter in text.to_lowercase().chars() {
        let id = LETTERS.find(letter);
        ids.push(id.ok_or_else(|| anyhow::anyhow!("{text:?}: {letter:?} is none of {LETTERS:?}"))? as u32);
    }
    anyhow::ensure!(ids.len() <= length, "{text:?} is longer than {length} letters");
    ids.resize(length, 0);
    Ok(ids)
}

/// Dates in one of several forms, and in that of ISO 8601.
fn dates(stream: &mut Stream, count: usize) -> Vec<(String, String)> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let date = |_| {
        let [year, month, day, form] = [200, 12, 28, 4].map(|n| stream.below(n) as usize);
        let (year, day, name) = (1900 + year, day + 1, MONTHS[month]);
        let written = match form {
            0 => format!("{day} {name} {year}"),
            1 => format!("{name} {day}, {year}"),
            2 => format!("{} {day} {year}", &name[..3]),
            _ => format!("{day}-{}-{year}", month + 1),
        };
        (written, format!("{year}-{:02}-{day:02}", month + 1))
    };
    (0..count).map(date).collect()
}
