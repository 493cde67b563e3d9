//! The right answer of a window and wrong ones beside it, with their output rows cached.

use crate::sampling::Random;
use crate::train::{Kernel, OUTPUTS};
use candle_keras_data::AliasTable;
use candle_keras_ops::SharedRows;

/// How many words are drawn at once, so that the looks into the table do not wait for each other.
const DRAWN: usize = 256;

/// For one thread: the first place is for the centre, those behind it for words that are drawn.
pub(super) struct Negatives<'a> {
    table: &'a AliasTable,
    outputs: &'a SharedRows,
    /// The cached rows, that of the centre first.
    rows: Vec<f32>,
    labels: Vec<f32>,
    negative: usize,
    /// The words that are held behind the centre.
    words: Vec<u32>,
    /// For how many windows one draw is used, and for how many more the current words are.
    windows: usize,
    left: usize,
    /// Words to come, of which the first `used` have been.
    drawn: Vec<u32>,
    used: usize,
    /// The words whose rows are needed next.
    ahead: Vec<u32>,
}

impl<'a> Negatives<'a> {
    pub(super) fn new((table, outputs): &'a (AliasTable, SharedRows), negative: usize, windows: usize) -> Self {
        let mut labels = vec![0.0; negative + 1];
        labels[0] = 1.0;
        Self {
            table,
            outputs,
            rows: vec![0.0; (negative + 1) * outputs.stride()],
            labels,
            negative,
            words: Vec::with_capacity(negative),
            windows: windows.max(1),
            left: 0,
            drawn: vec![0; DRAWN.max(2 * negative)],
            used: usize::MAX,
            ahead: Vec::with_capacity(negative + 1),
        }
    }

    /// Trains input rows to answer with `centre`, and not with the words that were drawn; `next` is the centre after it.
    #[inline]
    pub(super) fn answer(
        &mut self,
        kernel: &mut Kernel,
        inputs: (&mut [f32], &[usize]),
        (centre, next): (u32, Option<u32>),
        alpha: f32,
        random: &mut Random,
    ) {
        if self.left == 0 {
            self.write_back();
            self.draw(random);
        }
        self.left -= 1;
        // As in word2vec: a right answer that was drawn as a wrong one is left out.
        while let Some(place) = self.words.iter().position(|&word| word == centre) {
            self.release(place);
        }
        self.read(0, centre);
        let (stride, count) = (self.outputs.stride(), self.words.len() + 1);
        let outputs = (&mut self.rows[..count * stride], &self.labels[..count]);
        match count <= OUTPUTS {
            true => {
                self.ahead.clear();
                self.ahead.extend(next);
                if self.left == 0 {
                    self.ahead.extend(self.drawn[self.used..].iter().take(self.negative));
                }
                kernel.step_with_prefetch(inputs, outputs, stride, alpha, (self.outputs, &self.ahead));
            }
            false => kernel.step(inputs, outputs, stride, alpha),
        }
        self.write(0, centre);
    }

    /// Puts all changes into the table.
    pub(super) fn write_back(&mut self) {
        for i in 0..self.words.len() {
            self.write(i + 1, self.words[i]);
        }
        self.words.clear();
        self.left = 0;
    }

    /// What is drawn from here on depends on the random bits from here on.
    pub(super) fn forget_draws(&mut self) {
        self.used = usize::MAX;
    }

    fn draw(&mut self, random: &mut Random) {
        if self.used > self.drawn.len() - self.negative {
            self.drawn.iter_mut().for_each(|word| *word = self.table.draw(random.bits()));
            self.used = 0;
        }
        for _ in 0..self.negative {
            let word = self.drawn[self.used];
            self.used += 1;
            // A word that is drawn twice has one row, and counts once.
            if !self.words.contains(&word) {
                self.words.push(word);
                self.read(self.words.len(), word);
            }
        }
        self.left = self.windows;
    }

    /// Gives a word back; the last one takes its place.
    #[cold]
    fn release(&mut self, place: usize) {
        self.write(place + 1, self.words[place]);
        let (last, stride) = (self.words.len(), self.outputs.stride());
        self.rows.copy_within(last * stride..(last + 1) * stride, (place + 1) * stride);
        self.words.swap_remove(place);
    }

    #[inline]
    fn read(&mut self, place: usize, word: u32) {
        let stride = self.outputs.stride();
        self.outputs.load(word as usize, &mut self.rows[place * stride..(place + 1) * stride]);
    }

    /// Replaces a row of the table: what another thread has changed in it since it was read is lost, as with any SGD without locks.
    #[inline]
    fn write(&mut self, place: usize, word: u32) {
        let stride = self.outputs.stride();
        self.outputs.store(word as usize, &self.rows[place * stride..(place + 1) * stride]);
    }
}
