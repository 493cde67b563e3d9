//! Word vectors as what an Embedding can be filled from.

use crate::{FastTextModel, KeyedVectors};
use candle_keras_layers::WordTable;

impl WordTable for KeyedVectors {
    fn vector_size(&self) -> usize {
        self.vector_size()
    }

    fn fill(&self, word: &str, row: &mut [f32]) -> bool {
        self.words().get(word).is_some_and(|number| {
            row.copy_from_slice(self.row(number as usize));
            true
        })
    }

    fn contains(&self, word: &str) -> bool {
        self.words().get(word).is_some()
    }

    fn some_words(&self, count: usize) -> Vec<String> {
        self.words().iter().take(count).map(String::from).collect()
    }
}

/// Words of the vocabulary, and all others that have n-grams which the model knows: their vectors are made of those.
impl WordTable for FastTextModel {
    fn vector_size(&self) -> usize {
        self.vector_size()
    }

    fn fill(&self, word: &str, row: &mut [f32]) -> bool {
        self.write_vector(word, row)
    }

    fn contains(&self, word: &str) -> bool {
        self.words().get(word).is_some()
    }

    fn some_words(&self, count: usize) -> Vec<String> {
        self.words().iter().take(count).map(String::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{FastText, Text};
    use candle_keras_layers::Pretrained;

    /// Words of the vocabulary, as they are or in lower case, are found before a vector is made of n-grams.
    #[test]
    fn vectors_from_ngrams_come_last() {
        let text = Text::lines(["kitten whisker purring"; 20]);
        let model = FastText::new().vector_size(8).bucket(50).min_count(1).epochs(1).fit(text).unwrap();
        let vocabulary = ["", "[UNK]", "kitten", "Whisker", "qzxw"];
        let rows = Pretrained::new(&model).counts(&[0, 0, 6, 3, 1]).lowercase(true).rows(vocabulary).unwrap();
        assert_eq!((rows.coverage(), rows.token_coverage()), (2.0 / 3.0, Some(0.9)));
        assert_eq!((rows.from_subwords(), rows.missing().len()), (&["qzxw".to_string()][..], 0));
        let table: Vec<Vec<f32>> = rows.table().unwrap().to_vec2().unwrap();
        assert_eq!(table[2..], ["kitten", "whisker", "qzxw"].map(|word| model.vector(word)));
        // As they are written, there is one word; n-grams make the others.
        let exact = Pretrained::new(&model).rows(vocabulary).unwrap();
        assert_eq!((exact.coverage(), exact.from_subwords().len()), (1.0 / 3.0, 2));
        assert_eq!(exact.table().unwrap().to_vec2::<f32>().unwrap()[3], model.vector("Whisker"));
        // A word of which no n-gram is long enough has no vector.
        let long = FastText::new().vector_size(8).bucket(50).min_n(5).min_count(1).epochs(1);
        let long = long.fit(Text::lines(["kitten whisker"; 20])).unwrap();
        assert_eq!(Pretrained::new(&long).rows(["kitten", "ab"]).unwrap().missing(), ["ab"]);
        let vectors = model.into_vectors();
        let rows = Pretrained::new(&vectors).lowercase(true).rows(vocabulary).unwrap();
        assert_eq!((rows.coverage(), rows.from_subwords().len(), rows.missing().len()), (2.0 / 3.0, 0, 1));
    }
}
