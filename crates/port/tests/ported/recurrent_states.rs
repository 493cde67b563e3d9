// Ported from recurrent_states.py.
// The states of recurrent layers: kept in one variable, taken apart, passed on, and found again in a model that was saved.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Call, Dense, GRU, LSTM, RepeatVector, TimeDistributed};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};

fn main() -> Result<()> {
    utils::set_random_seed(8);
    numpy::random::seed(8);

    let (steps, ahead, units) = (12, 4, 10);

    let series = ops::add(&ops::sin(&(ops::arange(0.0, 400.0, 1.0, "int64")?.to_dtype(DType::F64)? * 0.3)?)?, &(0.1 * &numpy::random::normal(0.0, 1.0, 400)?)?)?;

    let (x, y) = windows(&series, steps, ahead)?;
    let (x_train, y_train) = (x.i(..300)?, y.i(..300)?);
    let (x_test, y_test) = (x.i(300..)?, y.i(300..)?);
    println!("{:?} {:?}", x_train.dims(), y_test.dims());

    // All outputs of the encoder in one variable
    let encoder_inputs = Input::shape((steps, 1));
    let encoder = LSTM::new(units).return_state(true);
    let encoder_outputs = encoder.call_multiple::<3, _>(&encoder_inputs);
    let encoder_states = encoder_outputs[1..3].to_vec();
    let repeated = RepeatVector::new(ahead).call(&encoder_outputs[0]);
    let decoded = LSTM::new(units).return_sequences(true).call_with(&repeated, Call::new().initial_state(&encoder_states));
    let mut model = Model::new(&encoder_inputs, &TimeDistributed::new(Dense::new(1)).call(&decoded))?;
    model.compile(Adam::new().learning_rate(0.01), "mse")?;
    let history = model.fit(&x_train, &y_train, Fit::new().epochs(2).batch_size(30).shuffle(false).validation_data(&x_test, &y_test).verbose(0))?;
    for epoch in 0..2 {
        println!("epoch {epoch}: {:.4} {:.4}", history["loss"][epoch], history["val_loss"][epoch]);
    }

    // A model with two inputs, saved and taken apart
    let source = Input::shape((None, 1));
    let [_, state] = GRU::new(units).return_state(true).call_multiple(&source);
    let known = Input::shape((None, 1));
    let gru = GRU::new(units).return_sequences(true).return_state(true);
    let [sequence, _] = gru.call_multiple_with(&known, Call::new().initial_state(&state));
    let predicted = Dense::new(1).call(&sequence);
    let mut both = Model::new([&source, &known], &predicted)?;
    both.compile("rmsprop", "mae")?;
    let shifted = ops::concatenate(&[&x_train.i((.., x_train.dim(1)? - 1..))?, &y_train.i((.., ..y_train.dim(1)? - 1))?], 1)?;
    let losses = &both.fit([&x_train, &shifted], &y_train, Fit::new().epochs(2).batch_size(50).verbose(0))?["loss"];
    println!("teacher forcing: {}", losses.iter().map(|&loss| format!("{loss:.4}")).collect::<Vec<String>>().join(" "));

    both.save("states.keras")?;
    let loaded = load_model("states.keras")?;
    let inputs = loaded.inputs()?[0].clone();
    let parts = loaded.layers()[2].outputs()?;
    let (outputs, code) = (parts[0].clone(), parts[1].clone());
    let coder = Model::new(&inputs, [&outputs, &code])?;
    let step_input = loaded.inputs()?[1].clone();
    let step_state = Input::shape([units]);
    let [step_outputs, step_code] = loaded.layers()[3].call_multiple_with(&step_input, Call::new().initial_state(&step_state));
    let stepper = Model::new([&step_input, &step_state], [&loaded.layers()[4].call(&step_outputs), &step_code])?;

    let parts = coder.predict_multiple_with(&x_test.i(..3)?, Predict::new().verbose(0))?;
    let (_, mut state_value) = (parts[0].clone(), parts[1].clone());
    let mut value = x_test.i((..3, x_test.dim(1)? - 1..))?;
    for step in 0..ahead {
        let parts = stepper.predict_multiple_with([&value, &state_value], Predict::new().verbose(0))?;
        (value, state_value) = (parts[0].clone(), parts[1].clone());
        println!("step {step} {} state {:.4}", numpy::array_str(&ops::round(&value.flatten_all()?, 3)?)?, ops::mean(&state_value, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }

    // A stateful model goes on where it ended
    let stateful = Sequential::new(layers![
        Input::shape((6, 1)).batch_size(1),
        LSTM::new(4).stateful(true),
        Dense::new(1),
    ]);
    let first = stateful.predict_with(&x.i((..1, ..6))?, Predict::new().verbose(0))?;
    let second = stateful.predict_with(&x.i((..1, ..6))?, Predict::new().verbose(0))?;
    stateful.layers()[0].reset_states()?;
    let third = stateful.predict_with(&x.i((..1, ..6))?, Predict::new().verbose(0))?;
    println!("again: {:.5} {:.5} {:.5}", first.i((0, 0))?.to_dtype(DType::F64)?.to_scalar::<f64>()?, second.i((0, 0))?.to_dtype(DType::F64)?.to_scalar::<f64>()?, third.i((0, 0))?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    Ok(())
}

fn windows(data: &Tensor, steps: usize, ahead: usize) -> Result<(Tensor, Tensor)> {
    let (mut x, mut y) = (vec![], vec![]);
    for i in 0..data.dim(0)? - steps - ahead {
        x.push(data.i(i..usize::min(i + steps, data.dim(0)?))?);
        y.push(data.i(usize::min(i + steps, data.dim(0)?)..usize::min(i + steps + ahead, data.dim(0)?))?);
    }
    Ok((ops::expand_dims(&Tensor::stack(&x, 0)?, 2)?, ops::expand_dims(&Tensor::stack(&y, 0)?, 2)?))
}
