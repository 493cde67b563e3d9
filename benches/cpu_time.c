// Makes programs measure the CPU time of their process instead of time, for comparisons on a busy machine with one thread each:
//   gcc -O2 -shared -fPIC benches/cpu_time.c -o cpu_time.so
//   RAYON_NUM_THREADS=1 OMP_NUM_THREADS=1 LD_PRELOAD=$PWD/cpu_time.so python benches/compare.py --peers torch,onnx
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    return syscall(SYS_clock_gettime, clock == CLOCK_MONOTONIC ? CLOCK_PROCESS_CPUTIME_ID : clock, time);
}
