//! Keras's automatic names: `embedding`, `embedding_1`, `global_average_pooling1d`.

use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static COUNTS: RefCell<HashMap<String, usize>> = RefCell::default();
}

/// A name with the number that made it unique, so that the number can be reused.
#[derive(Debug, Clone)]
pub(crate) struct AutoName {
    prefix: String,
    number: usize,
}

/// Classes that Keras exports under another name than their own, from which automatic names and the groups of files come.
const OWN_NAMES: [(&str, &str); 1] = [("GroupQueryAttention", "GroupedQueryAttention")];

impl AutoName {
    /// The next name for a class in this thread.
    pub(crate) fn new(class_name: &str) -> Self {
        let prefix = to_snake_case(class_name);
        let number = COUNTS.with_borrow_mut(|counts| {
            let count = counts.entry(prefix.clone()).or_default();
            *count += 1;
            *count - 1
        });
        Self { prefix, number }
    }

    /// `embedding`, then `embedding_1` and so on.
    pub(crate) fn name(&self) -> String {
        match self.number {
            0 => self.prefix.clone(),
            number => format!("{}_{number}", self.prefix),
        }
    }

    /// Frees the number if no later name was taken: a layer that is named at once uses none, as in Keras.
    pub(crate) fn give_back(&self) {
        COUNTS.with_borrow_mut(|counts| {
            if counts.get(&self.prefix) == Some(&(self.number + 1)) {
                counts.insert(self.prefix.clone(), self.number);
            }
        });
    }
}

/// Restarts the automatic names of this thread. Keras: `keras.utils.clear_session`.
pub fn clear_session() {
    COUNTS.with_borrow_mut(HashMap::clear);
}

/// Keras's snake case: a word begins at a capital that follows a small letter or a digit, or that a small letter follows.
///
/// ```
/// use candle_keras_layers::to_snake_case;
/// let names = ["Embedding", "MaxPooling2D", "GlobalAveragePooling1D", "ReLU", "LSTM", "RMSprop"].map(to_snake_case);
/// assert_eq!(names, ["embedding", "max_pooling2d", "global_average_pooling1d", "re_lu", "lstm", "rm_sprop"]);
/// ```
pub fn to_snake_case(class_name: &str) -> String {
    let own = OWN_NAMES.iter().find(|(exported, _)| *exported == class_name).map(|(_, own)| *own);
    let class_name = own.unwrap_or(class_name);
    let chars: Vec<char> = class_name.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    let mut name = String::with_capacity(chars.len() + 4);
    for (i, &c) in chars.iter().enumerate() {
        let after = i.checked_sub(1).map(|i| chars[i]);
        let before_small = chars.get(i + 1).is_some_and(|next| next.is_lowercase());
        let starts_word = c.is_uppercase() && (before_small || after.is_some_and(char::is_lowercase));
        if starts_word && after.is_some_and(|after| after != '_') {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}
