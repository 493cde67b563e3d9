//! The scripts of tests/scripts and their programs in tests/ported, which the tests of the whole project compile and run.
//!
//! `PORT_UPDATE=1 cargo test -p candle-keras-port` writes the programs.

#![allow(clippy::unwrap_used)]

use candle_keras_port::{Port, Script, port, write_project};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn ported(script: &str) -> Port {
    port(script, "script.py").unwrap()
}

/// The lines of `main`, without those before it.
fn body(script: &str) -> String {
    let program = ported(script).program;
    let (_, body) = program.split_once("fn main() -> Result<()> {\n").unwrap();
    body.to_string()
}

#[test]
fn scripts_become_their_programs() {
    let mut scripts: Vec<_> = fs::read_dir(folder("scripts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    assert!(!scripts.is_empty());
    let updates = std::env::var_os("PORT_UPDATE").is_some();
    let names: Vec<_> = scripts.iter().map(|script| script.file_stem().unwrap().to_str().unwrap()).collect();
    let list = format!("programs! {{\n    {}\n}}\n", names.join("\n    "));
    let programs = folder("programs.rs");
    if updates {
        fs::write(&programs, &list).unwrap();
    }
    assert_eq!(fs::read_to_string(programs).unwrap_or_default(), list);
    for script in &scripts {
        let name = script.file_stem().unwrap().to_str().unwrap();
        let port = port(&fs::read_to_string(script).unwrap(), &format!("{name}.py")).unwrap();
        assert_eq!(port.gaps, [], "{name}");
        assert_eq!(port.ported, port.lines, "{name}");
        let program = folder("ported").join(format!("{name}.rs"));
        if updates {
            fs::write(&program, &port.program).unwrap();
        }
        let expected = fs::read_to_string(&program).unwrap_or_default();
        assert!(
            port.program == expected,
            "{name} becomes another program than {}:\n{}",
            program.display(),
            port.program
        );
    }
}

/// Their programs are compiled by `tests/ported.rs` of the root package, as are those without gaps.
#[test]
fn scripts_with_gaps_become_programs_that_compile() {
    for script in fs::read_dir(folder("partly")).unwrap().map(|entry| entry.unwrap().path()) {
        if script.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        let name = script.file_stem().unwrap().to_str().unwrap();
        let port = port(&fs::read_to_string(&script).unwrap(), &format!("{name}.py")).unwrap();
        assert!(!port.gaps.is_empty(), "{name}");
        let program = script.with_extension("rs");
        if std::env::var_os("PORT_UPDATE").is_some() {
            fs::write(&program, &port.program).unwrap();
        }
        let expected = fs::read_to_string(&program).unwrap_or_default();
        assert!(port.program == expected, "{name} becomes another program:\n{}", port.program);
    }
}

#[test]
fn what_cannot_be_ported_is_listed_and_the_rest_is_there() {
    let script = "import keras\nimport unknown\nx = 3\ny = unknown.f(x)  # strange\nprint(y, x)\nz = x + 1\nprint(z)\n";
    let port = ported(script);
    let gaps: Vec<_> = port.gaps.iter().map(|gap| (gap.line, gap.code.as_str(), gap.reason.as_str())).collect();
    assert_eq!(
        gaps,
        [
            (4, "y = unknown.f(x)", "unknown.f, which has no counterpart here"),
            (5, "print(y, x)", "it needs y of line 4, which is not ported")
        ]
    );
    assert_eq!((port.ported, port.lines), (5, 7));
    for line in [
        "    // y = unknown.f(x)\n    gap(4, \"unknown.f, which",
        "    let z = x + 1;\n",
        "fn gap(line: usize, reason: &str) -> Result<()> {",
    ] {
        assert!(port.program.contains(line), "{line}\n{}", port.program);
    }
}

#[test]
fn what_has_no_certain_meaning_is_a_gap() {
    for (script, reason) in [
        ("import keras\nkeras.layers.Dense(3, colour='red')", "has no argument colour"),
        ("import keras\nkeras.layers.Flatten(None, 2)", "has fewer arguments"),
        ("import keras\nkeras.layers.Dense(1, 2)", "activation is an int"),
        ("import keras\nkeras.layers.Dense('relu')", "units is a str"),
        ("import keras\nkeras.layers.Conv2D(8, '3')", "kernel_size is a str"),
        ("import numpy as np\nx = np.array([1, 2])\ny = x\ny[0] = 3\nprint(x)", "a change of y, which x shows as well"),
        ("import tensorflow as tf\nwith tf.GradientTape(persistent=True) as t:\n    pass", "a tape that is used twice"),
        ("xs = [3, 1]\nprint(max(xs, key=[abs][0]))", "this key"),
        ("import numpy as np\nxs = np.ones(3).tolist()\nprint(xs * 2)", "an operator on a list that is an array here"),
        (
            "class A:\n    def f(self):\n        print(1)\na = A()\nif a.f() is None:\n    print(2)",
            "a call whose result is compared with None",
        ),
        (
            "import keras\nclass B(keras.layers.Layer):\n    def __init__(self):\n        super().__init__()\n        self.last = keras.layers.Dense(2)\n        self.first = keras.layers.Dense(5)\n    def call(self, x):\n        return self.last(self.first(x))\ni = keras.Input((3,))\nm = keras.Model(i, B()(i))\nprint(m.get_weights()[0])",
            "the weights of a layer that calls its sublayers in another order than it sets them",
        ),
        ("import numpy as np\nx = np.zeros((2, 2))\nprint(x.mean(keepdims=True))", "keepdims without an axis"),
        ("import numpy as np\nx = np.reshape(np.zeros((2, 2)), (4,), order='F')\nprint(x)", "the argument order"),
        ("def f(x):\n    return x\nprint(f(1, y=2))", "the argument y"),
        ("import numpy as np\nx = np.array([1, 2])\ny = x[::2, ::2]", "a slice with a step"),
        ("class A(dict):\n    pass", "a class derived from another"),
        ("x = [1]\ny = x\ny.append(2)\nprint(x)", "a second name for a list"),
        ("x = 1\nfor i in range(2):\n    x = 'a'\nprint(x)", "x is a str here, and was an int"),
        ("c = 'x'\nfor c in 'ab':\n    pass\nprint(c)", "c has the value of a block that ends at line 3"),
        ("import keras\nif 2 > 1:\n    x = 3\nprint(x)", "x has the value of a block that ends at line 3"),
        ("n = 3\ndef f():\n    global n\n    n += 1\nf()\nprint(n)", "global"),
        ("if __name__ != '__main__':\n    print(1)", "__name__ is not defined"),
        ("def f(x):\n    if x > 1:\n        return x\nprint(f(2))", "f returns an int or nothing"),
        ("def f(x):\n    return x", "never called"),
        ("with open('x', 'rb') as f:\n    pass", "a file of bytes"),
        (
            "import keras\nclass Last(keras.metrics.Metric):\n    def __init__(self):\n        super().__init__(name='last')\n        self.last = self.add_weight(name='last', initializer='zeros')\n    def update_state(self, y, p, sample_weight=None):\n        self.last.assign(p[0, 0])\n    def result(self):\n        return self.last\n    def reset_state(self):\n        self.last.assign(1.0)\nm = keras.Sequential([keras.layers.Dense(1)])\nm.compile('sgd', 'mse', metrics=[Last()])",
            "reset_state does not assign 0",
        ),
        ("n = 3\ndef f(x=n):\n    return x\nn = 4\nprint(f())", "the default n, which changes"),
        (
            "best = None\nfor i in range(3):\n    if not best:\n        best = i\nprint(best)",
            "the truth of what may be None",
        ),
        (
            "import keras\nm = keras.Sequential([keras.layers.Dense(1)])\nm.compile('sgd', 'mse')\nm.trainable = False\nm.fit([[1.0]], [1.0])",
            "behind the compile of m",
        ),
    ] {
        let port = ported(script);
        let found: Vec<_> = port.gaps.iter().map(|gap| gap.reason.as_str()).collect();
        assert!(found.iter().any(|found| found.contains(reason)), "{script}: {found:?}, not {reason}");
    }
}

/// What changes by one name is seen by the others in Python, but not in Rust.
#[test]
fn a_change_that_another_name_shows_is_a_gap() {
    let array = "import numpy as np\nimport random\na = np.arange(6) * 1.0\n";
    for (script, other) in [
        ("b = a\nb += 1\nprint(a)", "a"),
        ("b = a\na *= 2\nprint(b)", "b"),
        ("b = a[1:3]\nb[0] = 9\nprint(a)", "a"),
        ("b = a.reshape(2, 3)\nb[0, 1] = 9\nprint(a)", "a"),
        ("b = np.asarray(a)\nb[1] = 4\nprint(a)", "a"),
        ("b = a[:4]\nc = a[2:]\nb -= 1\nprint(c)", "c"),
        ("for x in a.reshape(2, 3):\n    x += 1\nprint(a)", "a"),
        ("rows = []\nfor i in range(3):\n    a += i\n    rows.append(a)\nprint(rows[0])", "rows"),
        ("d = {'a': [1]}\nfor v in d.values():\n    v.append(2)\nprint(d)", "d"),
        ("np.random.seed(0)\nb = a\nnp.random.shuffle(a)\nprint(b)", "b"),
        ("def same(x):\n    return x\nb = same(a)\nb *= 3\nprint(a)", "a"),
        ("xs = [[1], [2]]\nys = list(xs)\nys[0].append(9)\nprint(xs)", "xs"),
        ("store = [1]\ndef get():\n    return store\ng = get()\ng.append(3)\nprint(store)", "store"),
        ("def f(x):\n    y = x[1:]\n    y += 1\n    return y\nprint(f(a))", "x of the caller"),
        ("ws = [a]\nfor w in ws:\n    w += 1\nprint(ws[0])", "ws"),
    ] {
        let port = ported(&format!("{array}{script}"));
        let found: Vec<_> = port.gaps.iter().map(|gap| gap.reason.as_str()).collect();
        let reason = format!("which {other} shows as well");
        assert!(found.iter().any(|found| found.ends_with(&reason)), "{script}: {found:?}");
    }
    for script in [
        "b = a.copy()\nb += 1\nprint(a, b)",
        "b = a\nb = b + 1\nprint(a, b)",
        "a = a[1:]\na += 1\nprint(a)",
        "b = a[a > 1]\nb += 1\nprint(a, b)",
        "b, c = a[:4], a[4:]\nb -= 1\nc -= 2\nprint(b, c)",
        "n = 2\nm = 1\nb, c, d = a[:n], a[n:n + m], a[n + m:]\nb -= 1\nprint(b, c, d)",
        "rows = []\nfor i in range(3):\n    a = a + i\n    rows.append(a)\nprint(rows[0])",
        "def f(x):\n    x = x * 2\n    x += 1\n    return x\nprint(f(a), a)",
        "def f(x):\n    x += 1\n    return x\na = f(a)\nprint(a)",
    ] {
        assert_eq!(ported(&format!("{array}{script}")).gaps, [], "{script}");
    }
}

#[test]
fn what_rust_would_compute_otherwise_is_a_gap() {
    for (script, reason) in [
        (
            "def scale(x):\n    x /= 2\n    return x\na = np.ones(2)\nb = scale(a)\nprint(a, b)",
            "a function that changes a",
        ),
        ("def mix(x):\n    np.random.shuffle(x)\na = np.arange(5)\nmix(a)\nprint(a)", "a function that shuffles x"),
        ("g = (x * 2 for x in range(3))\nprint(list(g), list(g))", "an iterator that is read several times"),
        ("rows = [[0] * 2] * 3\nrows[0][1] = 1\nprint(rows)", "one list that is several elements"),
        ("cs = [c for c in 'a1b2' if c.isdigit()]\nprint(cs)", "a list of characters as text"),
        ("print(range(3))", "an iterator as text"),
        ("n = 3\ndef f(x=n):\n    return x\nn = 5\nprint(f())", "the default n, which changes"),
        ("xs = [1, 2]\nfor x in xs:\n    xs.append(x)\n    break\nprint(xs)", "a loop over what it changes"),
        ("print([1, 'a', 2.5])", "a list of an int and a str"),
        ("x = [0] or 3\nprint(x)", "either a list or an int"),
        ("a = np.array([12]) & np.array([10])\nprint(a)", "the bits of integers"),
        ("a = np.zeros((2, 2))\na[0, 1] = 2\nm = a < 1\na[m] = 8\nprint(a)", "a mask whose shape is not known"),
        ("print(f'{2.0:08}')", "the format"),
    ] {
        let port = ported(&format!("import numpy as np\n{script}"));
        let found: Vec<_> = port.gaps.iter().map(|gap| gap.reason.as_str()).collect();
        assert!(found.iter().any(|found| found.contains(reason)), "{script}: {found:?}, not {reason}");
    }
}

#[test]
fn numbers_and_texts_are_those_of_python() {
    for (script, expected) in [
        (
            "for i in range(3):\n    print(i - 2, abs(i - 2))",
            r#"println!("{} {}", i as i64 - 2, i64::abs(i as i64 - 2));"#,
        ),
        ("n = 2\nm = 5\nprint(n - m)", "n as i64 - m as i64"),
        ("for i in range(3):\n    d = i - 2\n    print(d // 2)", "let d = i as i64 - 2;"),
        ("for i in range(3):\n    print(max(0, i - 2))", "usize::max(0, usize::saturating_sub(i, 2))"),
        ("a = 1.0\nprint(a // 0.1, a % 0.1)", "python::floor_div(a, 0.1), python::modulo(a, 0.1)"),
        ("b = -3\nprint(b ** 2)", "i64::pow(b, 2)"),
        ("score = 10\nfor i in range(3):\n    score -= 15\nprint(score // 2)", "i64::div_euclid(score, 2)"),
        ("print('v' + str(2.0))", "python::repr(2.0)"),
        ("a = 0\nb = a or 10\nprint(b)", "let b = if a != 0 { a } else { 10 };"),
        (
            "a = 0.5\nprint(f'{a:8}|{a:8.1%}')",
            r#"println!("{:>8}|{:>8}", format!("{:?}", a), format!("{:.1}%", 100.0 * (a)));"#,
        ),
        ("a, b = 0, 1\nfor i in range(3):\n    a, b = b, a + b\nprint(a)", "        (a, b) = (b, a + b);\n"),
        ("xs = [1, 2]\nfor k in range(-2, 0):\n    print(xs[k])", "xs[python::place(k, xs.len())?]"),
        (
            "import numpy as np\nx = np.array([0.5])\nprint(x > 0.1, 1 > x)",
            "numpy::mask_str(&x.gt(0.1)?)?, numpy::mask_str(&x.lt(1.0)?)?",
        ),
        ("k = 2\nf = lambda x: x * k\nk = 10\nprint(f(3))", "    let k = 10;\n"),
        ("for k in [1, 2]:\n    def f(x, k=k):\n        return x * k\n    print(f(10))", "f(10, k)"),
        ("import numpy as np\nx = np.array([1, 2])\nprint(-x)", "numpy::negative(&x)?"),
        ("import numpy as np\nx = np.array([0, 2])\nprint(x.astype(bool))", "x.ne(&x.zeros_like()?)?"),
        (
            "import numpy as np\nnp.random.seed(0)\nx = np.arange(3)\nfor e in range(2):\n    np.random.shuffle(x)\nprint(x)",
            "        x = numpy::random::shuffle_rows(&x)?;",
        ),
        (
            "import numpy as np\ndef f(x):\n    return x / 2\nprint(f(np.array([1.0])), f(np.array([1])))",
            "fn f_2(x: &Tensor) -> Result<Tensor> {\n    Ok((x.to_dtype(DType::F64)? / 2.0)?)",
        ),
    ] {
        let port = ported(script);
        assert_eq!(port.gaps, [], "{script}");
        assert!(port.program.contains(expected), "{script}\nbecomes\n{}\nwithout\n{expected}", port.program);
    }
}

#[test]
fn python_s_own_parts_have_their_meaning() {
    for (script, expected) in [
        (
            "a = 7\nb = 2\nprint(a / b, a // b, a % b, a ** b)",
            r#"println!("{:?} {} {} {}", a as f64 / b as f64, a / b, a % b, usize::pow(a, b as u32));"#,
        ),
        ("a = 2.0\nprint(a * (3 + a), -a)", r#"println!("{:?} {:?}", a * (3.0 + a), -a);"#),
        ("x = [1, 2]\nfor i, v in enumerate(x):\n    print(i, v)", "for (i, &v) in x.iter().enumerate() {"),
        (
            "x = [1, 2]\nprint([v * 2 for v in x if v > 1])",
            "x.iter().filter(|&&v| v > 1).map(|&v| v * 2).collect::<Vec<usize>>()",
        ),
        (
            "n = 3\nif n > 2:\n    s = 'many'\nelse:\n    s = 'few'\nprint(s)",
            "let s;\n    if n > 2 {\n        s = \"many\";\n    } else {\n        s = \"few\";\n    }",
        ),
        ("loss = 0.5\nprint('%.3f' % loss, end='')", r#"print!("{loss:.3}");"#),
        (
            "name = 'a'\nprint(f'{name}: {3 + 1:>5d} {{}}')",
            r#"println!("{name}: {:>5} {{{{}}}}", 3 + 1);"#.replace("{{{{}}}}", "{{}}").as_str(),
        ),
        ("x = 1\nx = x + 1\nprint(x)", "let x = 1;\n    let x = x + 1;"),
        (
            "import numpy as np\nx = np.array([1, 2])\nprint(x / 2, x * 2, x * 0.5)",
            r#"println!("{} {} {}", numpy::array_str(&(x.to_dtype(DType::F64)? / 2.0)?)?, numpy::array_str(&numpy::multiply(&x, 2)?)?, numpy::array_str(&(x.to_dtype(DType::F64)? * 0.5)?)?);"#,
        ),
        ("import numpy as np\nx = np.zeros((2, 3)).reshape(6) / 2\nprint(x - 1)", "(&x - 1.0)?"),
        ("RATE = 3\ndef f():\n    return RATE + 1\nprint(f())", "fn f() -> usize {\n    RATE + 1\n}"),
        ("def f(n):\n    n += 1\n    return n\nprint(f(2))", "fn f(mut n: usize) -> usize {\n    n += 1;"),
        (
            "import keras\nx = keras.Input((3,))\ny = keras.layers.Dropout(0.5)(x, training=True)\nm = keras.Model(x, y)",
            "Dropout::new(0.5).call_with(&x, Call::new().training(true))",
        ),
        ("x = [3]\ndef f(i):\n    return x[i]\nprint(f(0))", "f(0, &x));"),
        ("xs = [0]\ndef f(i):\n    xs.append(i)\nf(1)\nprint(xs)", "let mut xs = vec![0];\n    f(1, &mut xs);"),
        ("def f(x):\n    return x\nprint(f(1), f('a'))", "f(1), f_2(\"a\"));"),
        (
            "def f(x, y=None):\n    if y is None:\n        return x\n    return y\nprint(f(1))",
            "println!(\"{}\", f(1));",
        ),
        (
            "import numpy as np\nx = np.zeros(3)\na = 2.0\nprint(x * (1.0 - a), (a - 1.0) / x)",
            "numpy::array_str(&(&x * (1.0 - a))?)?, numpy::array_str(&numpy::divide(a - 1.0, &x)?)?",
        ),
        (
            "for i in range(2):\n    n = i\n    for j in range(3):\n        n = n + j\n    print(n)",
            "let mut n = i;\n        for j in 0..3 {\n            n = n + j;",
        ),
        ("n = 3\nx = 0.5\nprint(n < x)", "(n as f64) < x"),
        ("print(len('Käse'))", r#""Käse".chars().count()"#),
        ("def f(xs):\n    xs.append(1)\nys = [0]\nf(ys)\nprint(ys)", "let mut ys = vec![0];\n    f(&mut ys);"),
        ("x = 0\nwhile x < 3:\n    x += 1", "let mut x = 0;\n    while x < 3 {\n        x += 1;\n    }"),
    ] {
        let body = body(script);
        assert!(body.contains(expected), "{script}\nbecomes\n{body}\nnot\n{expected}");
    }
}

/// The table of docs/porting.md, each line of which is ported.
/// Python, and what it becomes.
type Rows = Vec<(String, String)>;

/// The rows of the guide's tables: what the command makes, and what it does not know.
fn rows_of_the_guide() -> (Rows, Rows) {
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/porting.md")).unwrap();
    let (_, rest) = guide.split_once("## What the command makes").unwrap();
    let (section, _) = rest.split_once("\n## ").unwrap();
    let (made, unknown) = section.split_once("### What it does not know").unwrap();
    let rows = |text: &str| {
        let rows = text.lines().filter(|line| line.starts_with("| `"));
        let cells = rows.map(|row| row.trim_matches(['|', ' ']).split_once("` | ").unwrap());
        cells.map(|(python, other)| (python.trim_matches('`').into(), other.trim_matches('`').into())).collect()
    };
    (rows(made), rows(unknown))
}

/// The program of a row, and the gaps of its own line: that what it assigns is printed behind it may be one.
fn row(python: &str) -> (String, Vec<String>) {
    let before = "import os\nimport random\nimport cv2\nimport torch\nimport sklearn\nfrom PIL import Image\nimport numpy as np\nimport pandas as pd\nimport tensorflow as tf\nimport keras\n\
        from keras import backend as K\nfrom keras import layers\nimport matplotlib.pyplot as plt\n\
        from sklearn.metrics import classification_report, f1_score\nfrom sklearn.model_selection import train_test_split\n\
        from sklearn.preprocessing import StandardScaler\nx = np.ones((4, 4))\nwords = ['a', 'b']\ndf = pd.read_csv('a.csv')\n\
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\nmodel.compile('sgd', 'mse')\n";
    let is_name = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let read = python.split_once(" = ").map(|(name, _)| name).filter(is_name).unwrap_or("x");
    let port = ported(&format!("{before}{python}\nprint({read})\n"));
    let own = before.lines().count() + 1;
    (port.program, port.gaps.into_iter().filter(|gap| gap.line == own).map(|gap| gap.reason).collect())
}

#[test]
fn the_table_of_the_guide_is_what_the_command_makes() {
    let (rows, _) = rows_of_the_guide();
    for (python, rust) in &rows {
        let (program, gaps) = row(python);
        assert!(gaps.is_empty(), "{python}: {gaps:?}");
        assert!(program.contains(rust), "{python} becomes\n{program}\nnot\n{rust}");
    }
    assert!(rows.len() > 40);
}

#[test]
fn what_the_guide_says_is_not_known_is_a_gap() {
    let (_, rows) = rows_of_the_guide();
    for (python, reason) in &rows {
        let (program, gaps) = row(python);
        assert!(gaps.iter().any(|gap| gap.starts_with(reason)), "{python}: {gaps:?}\n{program}");
    }
    assert!(rows.len() > 8);
}

#[test]
fn each_file_of_the_crate_is_in_the_map() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = fs::read_to_string(crate_folder.join("../../ARCHITECTURE.md")).unwrap();
    let missing: Vec<_> = files_of_rust(&crate_folder.join("src"), "")
        .into_iter()
        .filter(|name| !map.contains(&format!("\n  {name} ")))
        .collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md has no line for {missing:?}");
}

/// The paths of the source files in a folder and its folders.
fn files_of_rust(folder: &Path, prefix: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            files.extend(files_of_rust(&entry.path(), &format!("{name}/")));
        } else if name.ends_with(".rs") {
            files.push(name);
        }
    }
    files
}

/// A model `m` of two layers behind each other, of an LSTM with its states, and of a layer of layers.
const GRAPHS: &str = "import keras
from keras import layers
class Twice(layers.Layer):
    def __init__(self):
        super().__init__()
        self.a = layers.Dense(2)
    def call(self, x):
        return self.a(x) * 2.0
i = keras.Input((4, 3))
lstm = layers.LSTM(2, return_state=True)
o = lstm(i)
m = keras.Model(i, o[0])
";

#[test]
fn graphs_of_layers_have_their_meaning() {
    for (script, expected) in [
        ("s = o[1:]\nprint(keras.Model(i, s).count_params())", "let s = o[1..3].to_vec();"),
        ("a, b, c = m.layers[1].output\nprint(a, b, c)", "let parts = m.layers()[1].outputs()?;"),
        (
            "n = keras.models.load_model('m.keras')\nx = n.input[0]\nprint(keras.Model(x, n.output).name)",
            "n.inputs()?[0].clone()",
        ),
        (
            "ls = [layers.Dense(2), layers.ReLU()]\nn = keras.Sequential(ls)",
            "ls.iter().cloned().flat_map(|layer| layers![layer])",
        ),
        ("m.reset_states()", "m.reset_states()?;"),
    ] {
        let body = body(&format!("{GRAPHS}{script}\n"));
        assert!(body.contains(expected), "{script}: {body}");
    }
    for (script, reason) in [
        ("n = keras.Model(i, Twice()(o[0]))\nprint(len(n.layers))", "the layers of a model with layers of layers"),
        ("m.compile('sgd', 'mse')\nm.trainable = False\nm.fit(x, y)", "trainable changes behind the compile of m"),
    ] {
        let gaps = ported(&format!("{GRAPHS}{script}\n")).gaps;
        assert!(gaps.iter().any(|gap| gap.reason.contains(reason)), "{script}: {gaps:?}");
    }
}

#[test]
fn names_of_older_versions_and_of_tensorflow_are_known() {
    for line in [
        "from keras.layers.core import Dense\nDense(3)",
        "from tensorflow.keras.layers import Dense\nDense(3)",
        "import tensorflow as tf\ntf.keras.layers.Dense(3)",
        "from tensorflow import keras\nkeras.layers.Dense(units=3)",
        "from keras.layers import *\nDense(3)",
    ] {
        assert!(body(&format!("{line}\n")).contains("Dense::new(3)"), "{line}");
    }
    assert!(
        body("from keras.optimizers import Adam\nopt = Adam(lr=0.1)\nprint(1)")
            .contains("Adam::new().learning_rate(0.1)")
    );
}

#[test]
fn what_is_no_python_is_an_error_with_its_line() {
    let error = port("x = 1\ny = (\n", "train.py").unwrap_err().to_string();
    assert!(error.starts_with("train.py, line "), "{error}");
    assert!(port("print 'python 2'", "old.py").is_err());
    let long = format!("x = {}", vec!["1"; 100_000].join("+"));
    assert!(port(&long, "long.py").unwrap_err().to_string().contains("this long"));
    assert_eq!(ported(&format!("x = {}", vec!["1"; 15_000].join("+"))).gaps, []);
    let data = format!("x = [{}]", vec!["1"; 100_000].join(","));
    assert_eq!(ported(&data).gaps, []);
}

#[test]
fn notebooks_are_scripts() {
    let cell = |kind: &str, lines: &[&str]| serde_json::json!({"cell_type": kind, "source": lines, "metadata": {}});
    let cells = [
        cell("markdown", &["# A title"]),
        cell("code", &["%matplotlib inline\n", "x = 1"]),
        cell("code", &["%%bash\n", "rm -rf x"]),
        cell("code", &["y = strange(x)"]),
    ];
    let script = Script::new(&serde_json::json!({ "cells": cells }).to_string(), true).unwrap();
    let gaps = ported(&script.text).gaps;
    let places: Vec<_> = gaps.iter().map(|gap| (script.place(gap.line), gap.code.clone())).collect();
    assert_eq!(places, [("cell 4, line 1".to_string(), "y = strange(x)".to_string())]);
    assert!(Script::new("{}", true).is_err());
}

#[test]
fn a_project_is_written_once() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("train");
    let port = ported("print('hello')");
    let main = write_project(&port, &folder, "\"0.1\"").unwrap();
    assert!(fs::read_to_string(main).unwrap().contains("println!(\"hello\");"));
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("name = \"train\"") && manifest.contains("candle-keras = \"0.1\""), "{manifest}");
    let error = write_project(&port, &folder, "\"0.1\"").unwrap_err().to_string();
    assert!(error.contains("is there already"), "{error}");
}

/// The standard library of Python, where it is installed: no panic, and no file takes long.
#[test]
fn any_file_of_python_is_read() {
    let found =
        std::process::Command::new("python3").args(["-c", "import os; print(os.path.dirname(os.__file__))"]).output();
    let Ok(found) = found else { return };
    let library = PathBuf::from(String::from_utf8_lossy(&found.stdout).trim());
    let Ok(files) = fs::read_dir(&library) else { return };
    for file in files
        .filter_map(|file| file.ok().map(|file| file.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "py"))
    {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let start = Instant::now();
        _ = port(&text, "library.py");
        assert!(start.elapsed() < Duration::from_secs(10), "{}", file.display());
    }
}

#[test]
fn pandas_and_scikit_learn_have_their_counterparts() {
    let read = "import pandas as pd\nimport numpy as np\ndf = pd.read_csv('a.csv')\n";
    for (script, expected) in [
        (
            "df = pd.read_csv('a.csv', sep=';', header=None, names=['a', 'b'], usecols=['a'])\nprint(df.shape, len(df))",
            &[
                r#"data::read_csv("a.csv", ReadCsv::new().sep(';').header(false).names(["a", "b"]).usecols(["a"]))?"#,
                r#"println!("{:?} {}", df.shape(), df.rows());"#,
            ][..],
        ),
        (
            "from sklearn.datasets import load_iris, load_wine\niris = load_iris()\nx, y = load_wine(return_X_y=True)\nprint(iris.feature_names, iris.data, x, y)",
            &["let iris = sklearn::load_iris()?;", "sklearn::load_wine()?.into_parts();", "iris.feature_names()"],
        ),
        ("y = df.pop('y')\nx = df.values\nprint(len(y), x)", &[r#"let y = df.pop("y")?;"#, "let x = df.values()?;"]),
        (
            "y = df['y']\nx = df[['a', 'b']].to_numpy().astype('float32')\nprint(len(y), x)",
            &[
                r#"let y = df.column("y")?.clone();"#,
                r#"let x = df.select(["a", "b"])?.values()?.to_dtype(DType::F32)?;"#,
            ],
        ),
        (
            "x = df.drop('y', axis=1)\nz = x.drop(columns=['a']).dropna().fillna(0)\nprint(z.head())",
            &[r#"let x = df.drop(["y"])?;"#, r#"x.drop(["a"])?.dropna().fillna(0);"#, r#"println!("{}", z.head(5));"#],
        ),
        ("df.drop('y', axis=1, inplace=True)", &["let mut df = data", r#"df = df.drop(["y"])?;"#]),
        (
            "x = df.iloc[:, 1:].values\ny = df.iloc[:, 0]\nz = df.iloc[:100, :-1]\nprint(x, len(y), len(z))",
            &[
                "let x = df.iloc(.., 1..)?.values()?;",
                "let y = df.column_at(0)?.clone();",
                "let z = df.iloc(..100, ..df.shape().1 - 1)?;",
            ],
        ),
        (
            "train = df.sample(frac=0.8, random_state=0)\ntest = df.drop(train.index)\nprint(len(test))",
            &["let train = df.sample(0.8, 0)?;", "let test = df.drop_rows(&train.index());"],
        ),
        (
            "old = df[(df['age'] > 60) & (df['kind'] != 'cat')]\nprint(len(old), df['age'].mean(), df.age.std())",
            &[
                r#"ops::logical_and(&df.column("age")?.greater(60)?, &df.column("kind")?.not_equal("cat")?)?"#,
                r#"df.column("age")?.mean()?, df.column("age")?.std()?"#,
            ],
        ),
        (
            "df['c'] = df['a'] / df['b']\ndf['d'] = df['k'].map({'no': 0, 'yes': 1})\ndf['e'] = df['a']\ndf['f'] = 1",
            &[
                r#"df.set("c", &ops::divide(&df.column("a")?.values()?.to_dtype(DType::F64)?, "#,
                r#"df.set("d", &df.column("k")?.map([("no", 0), ("yes", 1)])?)?;"#,
                r#"df.set("e", &df.column("a")?.clone())?;"#,
                r#"df.set("f", &vec![1; df.rows()])?;"#,
            ],
        ),
        (
            "df = pd.get_dummies(df, columns=['k'], drop_first=True)\ndf.to_csv('b.csv', index=False)\ndf.info()\nprint(df.columns)",
            &[
                r#"df.get_dummies(GetDummies::new().columns(["k"]).drop_first(true))?;"#,
                r#"df.to_csv("b.csv")?;"#,
                r#"println!("{:?}", df.names());"#,
            ],
        ),
        (
            "from sklearn.model_selection import train_test_split\nx = df.values\ny = df['y'].values\na, b, c, d = train_test_split(x, y, test_size=0.2, random_state=42, stratify=y)\nprint(a, b, len(c), len(d))",
            &[
                r#"let y = df.column("y")?.clone();"#,
                "let (a, b, c, d) = sklearn::train_test_split((&x, &y), sklearn::TrainTestSplit::new().test_size(0.2).random_state(42).stratify(&y))?;",
            ],
        ),
        (
            "from sklearn.preprocessing import StandardScaler, MinMaxScaler, LabelEncoder\ns = StandardScaler()\nx = s.fit_transform(df[['a']])\nx = s.inverse_transform(x)\nm = MinMaxScaler(feature_range=(0, 1)).fit(x)\ny = LabelEncoder().fit_transform(df['y'])\nprint(m.transform(x), y, s.mean_)",
            &[
                "let mut s = sklearn::StandardScaler::new();",
                r#"let x = s.fit_transform(&df.select(["a"])?.values()?)?;"#,
                "let x = s.inverse_transform(&x)?;",
                "let m = sklearn::MinMaxScaler::new().feature_range(0.0, 1.0).fitted(&x)?;",
                r#"let y = sklearn::LabelEncoder::new().fit_transform(df.column("y")?)?;"#,
            ],
        ),
        (
            "from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, f1_score\ny = df['y'].values\np = np.array([0, 1])\nprint(accuracy_score(y, p), f1_score(y, p, average='macro'))\nprint(classification_report(y, p, target_names=['a', 'b']))\ncm = confusion_matrix(y, p)\nprint(cm.shape)",
            &[
                "sklearn::accuracy_score(&y, &p)?, sklearn::f1_score(&y, &p, sklearn::Average::Macro)?",
                r#"sklearn::classification_report(&y, &p, sklearn::ClassificationReport::new().target_names(["a", "b"]))?"#,
                "let cm = sklearn::confusion_matrix(&y, &p)?;",
            ],
        ),
    ] {
        let script = format!("{read}{script}");
        let body = body(&script);
        assert_eq!(ported(&script).gaps, [], "{script}");
        for line in expected {
            assert!(body.contains(line), "{script}\nbecomes\n{body}\nwithout\n{line}");
        }
    }
}

#[test]
fn what_pandas_would_do_otherwise_is_a_gap() {
    let read =
        "import pandas as pd\nimport numpy as np\nfrom sklearn.metrics import f1_score\ndf = pd.read_csv('a.csv')\n";
    for (script, reason) in [
        ("df = pd.read_csv('https://a.org/b.csv')", "read_csv of an address"),
        ("df = pd.read_csv('a.csv', index_col=0, parse_dates=True)", "an index_col that is no name of a column"),
        ("df = pd.read_csv('a.csv', parse_dates=['day'])", "parse_dates of a column that is not the index"),
        ("df = pd.read_csv('a.csv', index_col='day')\nprint(df.index)", "where rows have names"),
        ("df = df.set_index('day')\nfor day, row in df.iterrows():\n    print(day)", "where rows have names"),
        ("if df['a'].dtype == 'object':\n    print(1)", "this dtype of a column"),
        ("for row in df.itertuples(index=False):\n    print(row[0])", "a value of a tuple by its place"),
        ("for i, row in df.iterrows():\n    print(row[0])", "a value of a row by its place"),
        ("x = [v ** 2 for v in df['a']]", "** of a value of a column"),
        ("s = df['a']\nprint(s[3])", "an element of a column by its label"),
        ("df['a'] = df['a'].rolling(3).apply(np.mean)", "the method apply of rolling windows"),
        ("df.to_csv('b.csv', sep='::')", "a separator that is not one character"),
        ("df = pd.read_csv('a.csv', header=1)", "a header that is not in the first row"),
        ("print(df['a'][-3])", "an element of a column by its label"),
        ("df.loc[3:1, 'a':'b'] = 0", "an assignment to several columns"),
        ("df.loc[df['a'] > 1, 'a'] = True", "a bool as a value of rows"),
        ("x = df.loc[-1:]", "as a label of a row"),
        ("x = df['a'] - df.mean()", "numbers about columns beside an array"),
        ("x = pd.concat([df['a'] + 1, df['b']], axis=1)", "concat of"),
        ("print(df.describe(include='all'))", "as text"),
        ("print(df['a'].value_counts())", "as text"),
        ("df = df.reset_index()", "reset_index that keeps the index"),
        ("x = df['a'].apply(abs)", "the method apply of a column"),
        ("x = df.mean(axis=1)", "the method mean of a DataFrame"),
        ("print(f1_score(df['a'], df['b'], average=None))", "a score of each class"),
        ("print(f1_score(df['a'], df['b'], pos_label=2))", "the argument pos_label"),
    ] {
        let port = ported(&format!("{read}{script}"));
        let found: Vec<_> = port.gaps.iter().map(|gap| gap.reason.as_str()).collect();
        assert!(found.iter().any(|found| found.contains(reason)), "{script}: {found:?}, not {reason}");
    }
}

#[test]
fn data_by_names_have_one_type() {
    let script = "import numpy as np\nimport keras\na = np.zeros((4, 3))\na[0, 0] = 1\nb = np.ones((4, 2))\nm = keras.models.load_model('m.keras')\nprint(m.predict({'a': a, 'b': b}))\n";
    let port = port(script, "script.py").unwrap();
    assert!(port.gaps.is_empty(), "{:?}", port.gaps);
    assert!(port.program.contains(r#"[("a", &a.to_tensor()?), ("b", &b)]"#), "{}", port.program);
}
