//! Tables for an [`Embedding`] from word vectors that were trained elsewhere.

use super::missing_words::{Kind, MissingWords, fill_others};
use super::word_table::WordTable;
use crate::Embedding;
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};

/// How the table of an [`Embedding`] is filled from word vectors: a row for each word of a vocabulary, in its order.
///
/// The row of padding (`""` or `"[PAD]"`) is zeros, the row of unknown words (`"[UNK]"`) by default the mean of the vectors that were
/// found. A missing word whose vector can be computed from its n-grams, as with fastText, gets that vector, and is among
/// [`from_subwords`](PretrainedRows::from_subwords). Padding and unknown words are rows 0 and 1 in the vocabularies of TextVectorization
/// and WordTokenizer, so that ids fit without a change.
///
/// ```
/// # use candle_keras_layers::WordTable;
/// # struct Glove;
/// # impl WordTable for Glove {
/// #     fn vector_size(&self) -> usize { 2 }
/// #     fn fill(&self, word: &str, row: &mut [f32]) -> bool { row.fill(1.0); word == "cat" }
/// # }
/// # let glove = Glove;
/// use candle_keras_layers::{Layer, Pretrained};
/// let vocabulary = ["", "[UNK]", "cat", "cta"];
/// let rows = Pretrained::new(&glove).missing("random").seed(1).rows(vocabulary)?;
/// assert_eq!((rows.coverage(), rows.missing()), (0.5, ["cta".to_string()].as_slice()));
/// let embedding = rows.embedding()?.mask_zero(true).trainable(false);
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
#[derive(Clone)]
pub struct Pretrained<'a> {
    vectors: &'a dyn WordTable,
    missing: MissingWords,
    unknown: MissingWords,
    mask_token: Option<String>,
    oov_token: String,
    lowercase: bool,
    counts: Option<&'a [u64]>,
    seed: Option<u64>,
}

impl std::fmt::Debug for Pretrained<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pretrained")
            .field("missing", &self.missing)
            .field("unknown", &self.unknown)
            .finish_non_exhaustive()
    }
}

impl<'a> Pretrained<'a> {
    /// From these vectors.
    pub fn new(vectors: &'a impl WordTable) -> Self {
        Self {
            vectors,
            missing: MissingWords::Zeros,
            unknown: MissingWords::Mean,
            mask_token: None,
            oov_token: "[UNK]".into(),
            lowercase: false,
            counts: None,
            seed: None,
        }
    }

    /// The row of a word without a vector: `"zeros"`, `"random"` or `"mean"`; default `"zeros"`, as in Keras's examples.
    pub fn missing(mut self, missing: impl Into<MissingWords>) -> Self {
        self.missing = missing.into();
        self
    }

    /// The row of unknown words: `"zeros"`, `"random"` or `"mean"`; default `"mean"`.
    pub fn unknown(mut self, unknown: impl Into<MissingWords>) -> Self {
        self.unknown = unknown.into();
        self
    }

    /// The padding word, whose row is zeros; `""` and `"[PAD]"` by default.
    pub fn mask_token(mut self, token: impl Into<String>) -> Self {
        self.mask_token = Some(token.into());
        self
    }

    /// The word for unknown words, default `"[UNK]"`.
    pub fn oov_token(mut self, token: impl Into<String>) -> Self {
        self.oov_token = token.into();
        self
    }

    /// Whether a word that has no vector gets that of its lower-case form, default false. The lower-case form comes before n-grams: these
    /// are used only if neither form has a vector, and then those of the lower-case form.
    pub fn lowercase(mut self, lowercase: bool) -> Self {
        self.lowercase = lowercase;
        self
    }

    /// The count of each word of the vocabulary, for the share of the text that is covered.
    pub fn counts(mut self, counts: &'a [u64]) -> Self {
        self.counts = Some(counts);
        self
    }

    /// The seed of `"random"`.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The rows for this vocabulary: the words in the order of their ids, from 0 on.
    ///
    /// # Errors
    /// If no word has a vector, found or from n-grams (the error shows words of both sides); if the vocabulary is empty or has another
    /// length than `counts`; if a policy is misspelled.
    pub fn rows<S: AsRef<str>>(&self, vocabulary: impl IntoIterator<Item = S>) -> Result<PretrainedRows> {
        let policies = [self.missing.known()?, self.unknown.known()?];
        let size = self.vectors.vector_size();
        let (mut values, mut kinds) = (Vec::new(), Vec::new());
        let (mut missing, mut from_subwords) = (Vec::new(), Vec::new());
        for word in vocabulary {
            let word = word.as_ref();
            let start = values.len();
            values.resize(start + size, 0f32);
            let kind = self.look_up(word, &mut values[start..]);
            kinds.push(kind);
            match kind {
                Kind::Missing => missing.push(word.to_string()),
                Kind::Subwords => from_subwords.push(word.to_string()),
                Kind::Found | Kind::OutOfVocabulary | Kind::Padding => {}
            }
        }
        let found = kinds.iter().filter(|&&kind| kind == Kind::Found).count();
        if found + from_subwords.len() == 0 {
            return Err(self.nothing_found(&missing));
        }
        let token_coverage = self.counts.map(|counts| covered(&kinds, counts)).transpose()?;
        fill_others(&mut values, size, &kinds, policies, self.seed);
        let coverage = found as f64 / (found + from_subwords.len() + missing.len()) as f64;
        Ok(PretrainedRows { values, size, rows: kinds.len(), coverage, token_coverage, from_subwords, missing })
    }

    /// Fills the row of a word, if it has a vector.
    fn look_up(&self, word: &str, row: &mut [f32]) -> Kind {
        let is_padding = match &self.mask_token {
            Some(token) => word == token,
            None => word.is_empty() || word == "[PAD]",
        };
        if is_padding {
            return Kind::Padding;
        }
        if word == self.oov_token {
            return Kind::OutOfVocabulary;
        }
        let vectors = self.vectors;
        if vectors.contains(word) && vectors.fill(word, row) {
            return Kind::Found;
        }
        let small = if self.lowercase { word.to_lowercase() } else { word.to_string() };
        match vectors.fill(&small, row) {
            true if vectors.contains(&small) => Kind::Found,
            true => Kind::Subwords,
            false => Kind::Missing,
        }
    }

    fn nothing_found(&self, missing: &[String]) -> Error {
        let quoted = |words: &[String]| words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
        if missing.is_empty() {
            return Error::new("the vocabulary has no words").expected("the words in the order of their ids");
        }
        let small = missing.iter().filter(|word| self.vectors.contains(&word.to_lowercase())).count();
        let help = match small {
            0 => "words must be written alike on both sides: capitals, accents, punctuation".to_string(),
            found => format!("lowercase(true) would find {found} of them in small letters"),
        };
        let error = Error::new(format!("none of the {} words of the vocabulary has a vector", missing.len()));
        let error =
            error.received(format!("words such as {}", quoted(&missing[..missing.len().min(SHOWN)]))).help(help);
        match self.vectors.some_words(SHOWN).as_slice() {
            [] => error,
            words => error.expected(format!("words such as {}", quoted(words))),
        }
    }
}

/// How many words an error shows.
const SHOWN: usize = 8;

/// The share of the counts of words that were found.
fn covered(kinds: &[Kind], counts: &[u64]) -> Result<f64> {
    if kinds.len() != counts.len() {
        return Err(Error::new("counts needs a number for each word of the vocabulary")
            .expected(format!("{} numbers", kinds.len()))
            .received(counts.len().to_string()));
    }
    let sum = |wanted: &[Kind]| {
        let counted = kinds.iter().zip(counts).filter(|(kind, _)| wanted.contains(kind));
        counted.map(|(_, &count)| count as f64).sum::<f64>()
    };
    Ok(sum(&[Kind::Found]) / sum(&[Kind::Found, Kind::Subwords, Kind::Missing, Kind::OutOfVocabulary]).max(1.0))
}

/// The result of [`Pretrained::rows`]: a table, and how much of the vocabulary it covers.
#[derive(Debug, Clone)]
pub struct PretrainedRows {
    values: Vec<f32>,
    size: usize,
    rows: usize,
    coverage: f64,
    token_coverage: Option<f64>,
    from_subwords: Vec<String>,
    missing: Vec<String>,
}

impl PretrainedRows {
    /// The share of the words that are found, as they are or in lower case. Vectors [from n-grams](Self::from_subwords) do not count as
    /// found; padding and the unknown word are not counted at all.
    pub fn coverage(&self) -> f64 {
        self.coverage
    }

    /// The same as a share of the text, with unknown words, if there are [`counts`](Pretrained::counts).
    pub fn token_coverage(&self) -> Option<f64> {
        self.token_coverage
    }

    /// The words that are not found, but have a vector from their n-grams, in the order of the vocabulary.
    pub fn from_subwords(&self) -> &[String] {
        &self.from_subwords
    }

    /// The words that have no vector, in the order of the vocabulary: the most frequent first, as a rule.
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// The table, `(words, vector_size)`.
    pub fn table(&self) -> Result<Tensor> {
        Ok(Tensor::from_slice(&self.values, (self.rows, self.size), &Device::Cpu)?)
    }

    /// An Embedding with this initial table. Keras: `Embedding(words, vector_size, weights=[table])`.
    pub fn embedding(self) -> Result<Embedding> {
        Embedding::new(self.rows, self.size).with_values(self.values)
    }
}

impl Embedding {
    /// An Embedding with the vector of each word of a vocabulary in the row of its id; words without one get zeros. [`Pretrained`] has more
    /// options.
    ///
    /// # Errors
    /// If no word has a vector.
    pub fn from_vectors<S: AsRef<str>>(
        vectors: &impl WordTable,
        vocabulary: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        Pretrained::new(vectors).rows(vocabulary)?.embedding()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, Layer, Variable};
    use std::collections::BTreeMap;

    /// Vectors of three numbers for words in capitals and small letters.
    struct Table(BTreeMap<String, [f32; 3]>);

    impl WordTable for Table {
        fn vector_size(&self) -> usize {
            3
        }

        fn fill(&self, word: &str, row: &mut [f32]) -> bool {
            self.0.get(word).map(|vector| row.copy_from_slice(vector)).is_some()
        }

        fn some_words(&self, count: usize) -> Vec<String> {
            self.0.keys().take(count).cloned().collect()
        }
    }

    fn table() -> Table {
        let words = [("cat", [1., 2., 3.]), ("dog", [3., 2., 1.]), ("Paris", [5., 8., 2.])];
        Table(words.into_iter().map(|(word, vector)| (word.to_string(), vector)).collect())
    }

    const VOCABULARY: [&str; 7] = ["", "[UNK]", "dog", "qux", "cat", "Cat", "Paris"];

    fn rows(pretrained: Pretrained) -> Vec<Vec<f32>> {
        pretrained.rows(VOCABULARY).unwrap().table().unwrap().to_vec2().unwrap()
    }

    #[test]
    fn rows_are_where_the_vocabulary_wants_them() {
        let vectors = table();
        let found = rows(Pretrained::new(&vectors));
        let expected =
            [[0., 0., 0.], [3., 4., 2.], [3., 2., 1.], [0., 0., 0.], [1., 2., 3.], [0., 0., 0.], [5., 8., 2.]];
        assert_eq!(found, expected);
        let all = Pretrained::new(&vectors).counts(&[9, 10, 20, 40, 10, 0, 20]).rows(VOCABULARY).unwrap();
        assert_eq!((all.coverage(), all.token_coverage()), (0.6, Some(0.5)));
        assert_eq!(all.missing(), ["qux", "Cat"]);
        assert_eq!(Pretrained::new(&vectors).rows(["cat"]).unwrap().token_coverage(), None);
    }

    #[test]
    fn each_policy_fills_what_is_missing() {
        let vectors = table();
        let mean = rows(Pretrained::new(&vectors).missing("mean").unknown("zeros"));
        assert_eq!((&mean[3], &mean[1], &mean[0]), (&vec![3., 4., 2.], &vec![0.; 3], &vec![0.; 3]));
        let cased = Pretrained::new(&vectors).lowercase(true);
        assert_eq!(cased.rows(VOCABULARY).unwrap().coverage(), 0.8);
        assert_eq!(rows(cased)[5], [1., 2., 3.]);

        // The missing words have the mean and the deviation of the columns that were found.
        let many: Vec<String> =
            (0..4000).map(|i| format!("w{i}")).chain(["cat", "dog", "Paris"].map(String::from)).collect();
        let random = |seed| Pretrained::new(&vectors).missing("random").seed(seed).rows(&many).unwrap().values;
        let drawn = random(1);
        for (column, (mean, deviation)) in
            [(3.0, (8f64 / 3.0).sqrt()), (4.0, 8f64.sqrt()), (2.0, (2f64 / 3.0).sqrt())].into_iter().enumerate()
        {
            let x: Vec<f64> = drawn[..12_000].iter().skip(column).step_by(3).map(|&x| f64::from(x)).collect();
            let found = x.iter().sum::<f64>() / 4000.0;
            let spread = (x.iter().map(|x| (x - found).powi(2)).sum::<f64>() / 4000.0).sqrt();
            assert!((found - mean).abs() < 0.15 && (spread / deviation - 1.0).abs() < 0.05, "{found} {spread}");
        }
        assert_eq!((random(1) == drawn, random(2) == drawn), (true, false));
    }

    /// A table with vectors for all words, as fastText has them.
    struct Subwords(Table);

    impl WordTable for Subwords {
        fn vector_size(&self) -> usize {
            3
        }

        fn fill(&self, word: &str, row: &mut [f32]) -> bool {
            if !self.0.fill(word, row) {
                row.fill(word.len() as f32);
            }
            true
        }

        fn contains(&self, word: &str) -> bool {
            self.0.contains(word)
        }
    }

    #[test]
    fn vectors_from_parts_come_after_small_letters() {
        let vectors = Subwords(table());
        let found = |lowercase| {
            let rows = Pretrained::new(&vectors).lowercase(lowercase).counts(&[0, 0, 20, 20, 20, 20, 20]);
            rows.rows(VOCABULARY).unwrap()
        };
        let (exact, small) = (found(false), found(true));
        assert_eq!((exact.coverage(), exact.token_coverage()), (0.6, Some(0.6)));
        assert_eq!((exact.from_subwords(), exact.missing().len()), (&["qux", "Cat"].map(String::from)[..], 0));
        assert_eq!((small.coverage(), small.token_coverage()), (0.8, Some(0.8)));
        assert_eq!(small.from_subwords(), ["qux"]);
        assert_eq!((exact.values[15], &small.values[15..18]), (3.0, &[1., 2., 3.][..]));
        // The unknown word gets the mean of all vectors, also where all are from n-grams.
        let parts = Pretrained::new(&vectors).rows(["[UNK]", "ab", "cdef"]).unwrap();
        assert_eq!((parts.coverage(), &parts.values[..3]), (0.0, &[3.0; 3][..]));
    }

    #[test]
    fn tokens_can_have_other_names() {
        let vectors = table();
        let pretrained = Pretrained::new(&vectors).mask_token("<pad>").oov_token("<unk>");
        let rows = pretrained.rows(["<pad>", "<unk>", "cat"]).unwrap();
        assert_eq!((rows.coverage(), rows.missing().len()), (1.0, 0));
        assert_eq!(rows.table().unwrap().to_vec2::<f32>().unwrap(), [[0., 0., 0.], [1., 2., 3.], [1., 2., 3.]]);
    }

    #[test]
    fn the_layer_is_an_embedding_with_these_weights() {
        crate::clear_session();
        let embedding = Embedding::from_vectors(&table(), VOCABULARY).unwrap().trainable(false).mask_zero(true);
        assert_eq!(embedding.variables()[0].dims(), [7, 3]);
        assert!(embedding.trainable_variables().is_empty());
        let plain = Embedding::new(7, 3).trainable(false).mask_zero(true);
        let config = |layer: &Embedding| {
            let mut config = layer.get_config().unwrap();
            config["name"] = "same".into();
            config
        };
        assert_eq!(config(&embedding), config(&plain));
        let before: Vec<u64> = embedding.variables().iter().map(Variable::id).collect();
        embedding.call(Input::shape([2]));
        assert_eq!(
            embedding.variables().iter().map(Variable::id).collect::<Vec<_>>(),
            before,
            "not built a second time"
        );
        assert_eq!(embedding.get_weights().unwrap()[0].to_vec2::<f32>().unwrap()[4], [1., 2., 3.]);
    }

    #[test]
    fn nothing_found_says_what_words_look_like() {
        let vectors = table();
        let error = |words: &[&str]| Embedding::from_vectors(&vectors, words).unwrap_err().to_string();
        let message = error(&["", "[UNK]", "CAT", "DOG", "EEL"]);
        for part in ["none of the 3 words", "\"CAT\", \"DOG\"", "\"Paris\", \"cat\"", "would find 2"] {
            assert!(message.contains(part), "{message}");
        }
        assert!(error(&["eel"]).contains("written alike"));
        assert!(error(&["", "[UNK]"]).contains("no words"));
        assert!(error(&[]).contains("no words"));
        let misspelled = Pretrained::new(&vectors).missing("zero").rows(["cat"]).unwrap_err().to_string();
        assert!(misspelled.contains("did you mean \"zeros\"?"), "{misspelled}");
        assert!(Pretrained::new(&vectors).counts(&[1, 2]).rows(["cat"]).is_err());
    }

    #[test]
    fn a_table_of_another_shape_is_an_error() {
        let table = Tensor::zeros((20_000, 4), candle_core::DType::F32, &Device::Cpu).unwrap();
        let error = Embedding::new(20_001, 4).weights(&table).unwrap_err().to_string();
        for part in ["[20001, 4]", "[20000, 4]", "largest id"] {
            assert!(error.contains(part), "{error}");
        }
        // A layer that is built already takes the table over; other dtypes keep their precision.
        let precise = Tensor::new(&[[0.1f64], [0.2]], &Device::Cpu).unwrap();
        let embedding = Embedding::new(2, 1).dtype("float64");
        for layer in [embedding.clone().weights(&precise).unwrap(), embedding.weights(&precise).unwrap()] {
            assert_eq!(layer.get_weights().unwrap()[0].to_vec2::<f64>().unwrap(), [[0.1], [0.2]]);
        }
    }
}
