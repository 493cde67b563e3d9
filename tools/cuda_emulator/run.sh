#!/usr/bin/env bash
# Builds the emulator and runs a program in it that was built with the feature cuda, say
#   tools/cuda_emulator/run.sh target/debug/deps/cuda-0123456789abcdef --test-threads 2
# NVRTC, which needs no GPU, and the libraries that the program is linked to must be where LD_LIBRARY_PATH says.
# CUDA_EMULATOR_TRACE=1 prints each launch.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
library=${TMPDIR:-/tmp}/candle_keras_cuda_emulator.so
if [[ ! -e $library || $here/emulator.cpp -nt $library ]]; then
  c++ -std=c++17 -O2 -Wall -fPIC -shared -o "$library" "$here/emulator.cpp"
fi
LD_PRELOAD=$library exec "$@"
