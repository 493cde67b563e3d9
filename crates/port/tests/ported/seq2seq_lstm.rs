// Ported from seq2seq_lstm.py.
// Character-level sequence-to-sequence: English words to a made-up language.
//
// The encoder's states start the decoder, which is trained with teacher forcing.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Call, Dense, LSTM};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};
use indexmap::IndexMap;
use ndarray::Array3;
use std::collections::BTreeSet;

fn main() -> Result<()> {
    utils::set_random_seed(8);
    numpy::random::seed(8);

    let batch_size = 8;
    let (epochs, latent_dim) = (30, 24);
    let words = "go run stop wait look jump hello fire help read open shut come sing walk talk write sleep drink think".split_whitespace().map(str::to_string).collect::<Vec<_>>();

    // The "translation" is the word backwards with an ending. \t starts it, \n ends it.
    let mut input_texts = vec![];
    let mut target_texts = vec![];
    let mut input_characters = BTreeSet::new();
    let mut target_characters = BTreeSet::new();
    for word in &words {
        let target_text = format!("{}{}", format!("{}{}", format!("{}{}", "\t", word.chars().rev().collect::<String>()), "ay"), "\n");
        input_texts.push(word.to_string());
        target_texts.push(target_text.clone());
        input_characters.extend(word.chars());
        target_characters.extend(target_text.chars());
    }
    let (input_characters, target_characters) = (input_characters.iter().copied().collect::<Vec<char>>(), target_characters.iter().copied().collect::<Vec<char>>());
    let (num_encoder_tokens, num_decoder_tokens) = (input_characters.len(), target_characters.len());
    let max_encoder_seq_length = input_texts.iter().map(|txt| txt.chars().count()).collect::<Vec<usize>>().into_iter().max().ok_or_else(|| Error::new("max of nothing"))?;
    let max_decoder_seq_length = target_texts.iter().map(|txt| txt.chars().count()).collect::<Vec<usize>>().into_iter().max().ok_or_else(|| Error::new("max of nothing"))?;
    println!("Samples: {} tokens: {num_encoder_tokens} {num_decoder_tokens} longest: {max_encoder_seq_length} {max_decoder_seq_length}", input_texts.len());

    let input_token_index = input_characters.iter().enumerate().map(|(i, &char)| (char, i)).collect::<IndexMap<char, usize>>();
    let target_token_index = target_characters.iter().enumerate().map(|(i, &char)| (char, i)).collect::<IndexMap<char, usize>>();
    let reverse_target_char_index = target_token_index.iter().map(|(&char, &i)| (i, char)).collect::<IndexMap<usize, char>>();

    let mut encoder_input_data = Array3::<f32>::zeros((input_texts.len(), max_encoder_seq_length, num_encoder_tokens));
    let mut decoder_input_data = Array3::<f32>::zeros((input_texts.len(), max_decoder_seq_length, num_decoder_tokens));
    let mut decoder_target_data = Array3::<f32>::zeros((input_texts.len(), max_decoder_seq_length, num_decoder_tokens));
    for (i, (input_text, target_text)) in input_texts.iter().zip(&target_texts).enumerate() {
        for (t, char) in input_text.chars().enumerate() {
            encoder_input_data[[i, t, input_token_index[&char]]] = 1.0;
        }
        for (t, char) in target_text.chars().enumerate() {
            decoder_input_data[[i, t, target_token_index[&char]]] = 1.0;
            if t > 0 {
                decoder_target_data[[i, t - 1, target_token_index[&char]]] = 1.0;
            }
        }
    }

    let encoder_inputs = Input::shape((None, num_encoder_tokens));
    let encoder = LSTM::new(latent_dim).return_state(true);
    let [_encoder_outputs, state_h, state_c] = encoder.call_multiple(&encoder_inputs);
    let encoder_states = vec![state_h.clone(), state_c.clone()];
    let decoder_inputs = Input::shape((None, num_decoder_tokens));
    let decoder_lstm = LSTM::new(latent_dim).return_sequences(true).return_state(true);
    let [decoder_outputs, _, _] = decoder_lstm.call_multiple_with(&decoder_inputs, Call::new().initial_state(&encoder_states));
    let decoder_dense = Dense::new(num_decoder_tokens).activation("softmax");
    let decoder_outputs = decoder_dense.call(&decoder_outputs);
    let mut model = Model::new([&encoder_inputs, &decoder_inputs], &decoder_outputs)?;
    model.compile(Adam::new().learning_rate(0.02), "categorical_crossentropy")?;
    let history = model.fit([&encoder_input_data.to_tensor()?, &decoder_input_data.to_tensor()?], &decoder_target_data, Fit::new().batch_size(batch_size).epochs(epochs).verbose(0))?;
    for epoch in (0..epochs).step_by(5) {
        println!("epoch {} loss {:?}", epoch + 1, python::round(history["loss"][epoch], 4));
    }

    let encoder_model = Model::new(&encoder_inputs, encoder_states.clone())?;
    let decoder_states_inputs = vec![Input::shape([latent_dim]), Input::shape([latent_dim])];
    let [decoder_outputs, state_h, state_c] = decoder_lstm.call_multiple_with(&decoder_inputs, Call::new().initial_state(&decoder_states_inputs));
    let decoder_outputs = decoder_dense.call(&decoder_outputs);
    let decoder_model = Model::new([&vec![decoder_inputs.clone()][..], &decoder_states_inputs[..]].concat(), [&decoder_outputs, &state_h, &state_c])?;

    for seq_index in 0..3 {
        println!("{} -> {}", input_texts[seq_index], decode_sequence(&encoder_input_data.to_tensor()?.i(seq_index..usize::min(seq_index + 1, encoder_input_data.to_tensor()?.dim(0)?))?, &encoder_model, num_decoder_tokens, &target_token_index, &decoder_model, &reverse_target_char_index, max_decoder_seq_length)?.trim().to_string());
    }
    Ok(())
}

fn decode_sequence(input_seq: &Tensor, encoder_model: &Model, num_decoder_tokens: usize, target_token_index: &IndexMap<char, usize>, decoder_model: &Model, reverse_target_char_index: &IndexMap<usize, char>, max_decoder_seq_length: usize) -> Result<String> {
    let mut states_value = encoder_model.predict_multiple_with(input_seq, Predict::new().verbose(0))?;
    let mut target_seq = Array3::<f64>::zeros((1, 1, num_decoder_tokens));
    target_seq[[0, 0, target_token_index[&'\t']]] = 1.0;
    let mut decoded_sentence = "".to_string();
    loop {
        let parts = decoder_model.predict_multiple_with(&[&vec![target_seq.to_tensor()?][..], &states_value[..]].concat(), Predict::new().verbose(0))?;
        let (output_tokens, h, c) = (parts[0].clone(), parts[1].clone(), parts[2].clone());
        let sampled_token_index = ops::argmax(&output_tokens.i((0, output_tokens.dim(1)? - 1, ..))?.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize;
        let sampled_char = reverse_target_char_index[&sampled_token_index];
        decoded_sentence.push(sampled_char);
        if sampled_char == '\n' || decoded_sentence.chars().count() >= max_decoder_seq_length {
            return Ok(decoded_sentence);
        }
        target_seq = Array3::<f64>::zeros((1, 1, num_decoder_tokens));
        target_seq[[0, 0, sampled_token_index]] = 1.0;
        states_value = vec![h.clone(), c.clone()];
    }
}
