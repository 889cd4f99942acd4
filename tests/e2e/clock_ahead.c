/* For LD_PRELOAD: the wall clock of a process goes CLOCK_AHEAD_SECONDS before the machine's. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec* now) {
    const int failed = (int)syscall(SYS_clock_gettime, clock, now);
    const char* ahead = getenv("CLOCK_AHEAD_SECONDS");
    if (!failed && clock == CLOCK_REALTIME && ahead) now->tv_sec += atol(ahead);
    return failed;
}
