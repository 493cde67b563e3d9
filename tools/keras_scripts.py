"""What the scripts of crates/port/tests/scripts print in real Keras, with the random numbers of candle-keras.

`python tools/keras_scripts.py [NAME ...]` writes crates/port/tests/expected/NAME.txt, with which tests/ported.rs compares what the ported
programs print. It needs keras and tensorflow.
"""

import pathlib
import subprocess
import sys
import tempfile

PORT = pathlib.Path(__file__).parent.parent / "crates" / "port"


def main():
    names = sys.argv[1:] or sorted(path.stem for path in (PORT / "tests" / "scripts").glob("*.py"))
    for name in names:
        script = PORT / "tests" / "scripts" / f"{name}.py"
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-W", "ignore", PORT / "src" / "verify.py", script.resolve()]
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if run.returncode:
            # A script for an older version of Keras.
            print(f"{name}: {run.stderr.strip().splitlines()[-1]}")
            continue
        (PORT / "tests" / "expected" / f"{name}.txt").write_text(run.stdout)
        print(f"{name}: {len(run.stdout.splitlines())} lines")


main()
