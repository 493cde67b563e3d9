//! What functions and methods of libraries take and return, as far as it says something of the types of a script: also of libraries that have
//! no counterpart here, whose calls are gaps.

/// A function: its module, its names, what it takes by place, and what it returns.
type Known = (&'static str, &'static str, &'static str, &'static str);

/// `_` is anything, `like` an array if nothing else is known, `arrays` a list or tuple of arrays, `sizes` a number or a tuple of numbers.
const FUNCTIONS: &[Known] = &[
    (
        "numpy",
        "argmax argmin mean sum max min std var median reshape expand_dims squeeze sqrt abs round unique transpose exp log argsort isnan nan_to_num where \
         clip cumsum diff flip nditer ravel prod percentile any all tile repeat resize split array_split pad square dot",
        "like",
        "_",
    ),
    ("numpy", "zeros ones empty", "sizes", "array"),
    ("numpy", "full", "sizes _", "array"),
    ("numpy", "zeros_like ones_like empty_like", "like", "array"),
    ("numpy", "stack concatenate vstack hstack dstack column_stack", "arrays", "array"),
    ("numpy", "arange linspace eye identity fromstring frombuffer", "", "array"),
    ("numpy", "load loadtxt genfromtxt", "text", "array"),
    ("numpy", "save savetxt", "text like", "_"),
    ("os", "listdir", "text", "texts"),
    ("glob", "glob", "text", "texts"),
    ("os", "makedirs mkdir remove chdir rmdir", "text", "_"),
    ("os.path", "join basename dirname abspath", "text text text", "text"),
    ("os.path", "exists isfile isdir", "text", "bool"),
    ("os.path", "getsize", "text", "int"),
    ("pandas", "read_csv read_excel read_json", "text", "table"),
    ("pandas", "DataFrame concat merge", "", "table"),
    ("matplotlib.pyplot", "imshow", "like", "_"),
    ("matplotlib.pyplot", "title xlabel ylabel suptitle savefig", "text", "_"),
    ("PIL.Image", "open", "text", "image"),
    ("keras", "load_img", "text", "image"),
    ("keras", "img_to_array", "image", "array"),
    ("keras", "array_to_img", "array", "image"),
    ("keras", "to_categorical", "like int", "array"),
    ("keras", "load_model", "text", "model"),
    ("keras", "Sequential Model", "", "model"),
    ("keras", "Dense LSTM GRU SimpleRNN Embedding RepeatVector Conv1D Conv2D Conv3D", "int", "_"),
    (
        "keras.backend",
        "square abs sqrt sum mean exp log max round clip cast flatten epsilon maximum dot",
        "array",
        "array",
    ),
    (
        "sklearn.metrics",
        "mean_squared_error mean_absolute_error accuracy_score r2_score f1_score",
        "like like",
        "float",
    ),
    ("sklearn.metrics", "confusion_matrix", "like like", "array"),
    ("math", "sqrt exp log floor ceil pow sin cos", "_", "float"),
    ("random", "random uniform", "", "float"),
    ("cv2", "imread", "text", "array"),
    ("cv2", "imwrite", "text array", "_"),
    (
        "cv2",
        "cvtColor resize GaussianBlur medianBlur blur flip equalizeHist bitwise_not bitwise_and dilate erode warpAffine normalize copyMakeBorder \
         Canny rotate",
        "array",
        "array",
    ),
    ("nltk", "word_tokenize sent_tokenize", "text", "texts"),
    ("jieba", "cut lcut", "text", "texts"),
    ("librosa", "load", "text", "_"),
];

/// Keywords that mean the same in all functions.
const KEYWORDS: &[(&str, &str)] = &[
    ("units", "int"),
    ("input_dim", "int"),
    ("output_dim", "int"),
    ("num_classes", "int"),
    ("epochs", "int"),
    ("batch_size", "int"),
    ("steps_per_epoch", "int"),
    ("validation_steps", "int"),
    ("num_heads", "int"),
    ("key_dim", "int"),
    ("filters", "int"),
    ("input_shape", "sizes"),
    ("shape", "sizes"),
    ("rate", "float"),
    ("dropout", "float"),
    ("learning_rate", "float"),
];

/// Methods that only values of one type have here: what they belong to, take and return.
const METHODS: &[Known] = &[
    ("text", "lower upper strip rstrip lstrip", "", "text"),
    ("text", "replace", "text text", "text"),
    ("text", "startswith endswith", "text", "bool"),
    ("text", "split splitlines", "", "texts"),
    ("_", "lemmatize stem", "text", "text"),
    ("text", "join", "texts", "text"),
    ("_", "format", "", "text"),
    ("like", "reshape flatten ravel squeeze astype argmax", "", "array"),
    ("_", "predict predict_classes predict_on_batch fit_transform inverse_transform transform", "like", "array"),
    ("table", "iterrows groupby to_csv describe", "", "_"),
    ("model", "compile summary save_weights load_weights get_layer fit_generator", "", "_"),
    ("model", "evaluate train_on_batch test_on_batch", "like like", "_"),
    ("_", "imshow", "like", "_"),
    ("_", "set_title set_xlabel set_ylabel", "text", "_"),
    ("file", "read", "", "text"),
    ("file", "readlines", "", "texts"),
];

/// Attributes that say what a value is, and what they are.
const ATTRIBUTES: &[(&str, &str, &str)] = &[
    ("shape", "like", "shape"),
    ("ndim", "like", "int"),
    ("T", "like", "array"),
    ("dtype", "like", "_"),
    ("values", "pandas", "array"),
    ("columns", "table", "_"),
    ("iloc", "pandas", "_"),
    ("loc", "pandas", "_"),
    ("index", "pandas", "_"),
    ("layers", "model", "_"),
    ("trainable", "model", "_"),
];

fn has(names: &str, name: &str) -> bool {
    names.split_whitespace().any(|known| known == name)
}

/// What a function takes by place, and returns.
pub(crate) fn function(path: &str) -> Option<(&'static str, &'static str)> {
    let (module, name) = path.rsplit_once('.')?;
    let module = module.strip_prefix("tensorflow.").unwrap_or(module);
    let is_in = |known: &str| module == known || module.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'));
    // The most special module counts.
    let found = FUNCTIONS.iter().filter(|(known, names, ..)| has(names, name) && is_in(known));
    found.max_by_key(|(known, ..)| known.len()).map(|(_, _, takes, returns)| (*takes, *returns))
}

/// What has a method, and what that takes and returns.
pub(crate) fn method(name: &str) -> Option<(&'static str, &'static str, &'static str)> {
    METHODS.iter().find(|(_, names, ..)| has(names, name)).map(|(of, _, takes, returns)| (*of, *takes, *returns))
}

pub(crate) fn keyword(name: &str) -> Option<&'static str> {
    KEYWORDS.iter().find(|(known, _)| *known == name).map(|(_, of)| *of)
}

/// What has an attribute, and what that is.
pub(crate) fn attribute(name: &str) -> Option<(&'static str, &'static str)> {
    ATTRIBUTES.iter().find(|(known, ..)| *known == name).map(|(_, of, is)| (*of, *is))
}
