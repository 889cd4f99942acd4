#include "base/vector_state.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cairn {

#if defined(__x86_64__)

namespace {

[[gnu::target("avx")]] void zero_upper() { _mm256_zeroupper(); }

}  // namespace

void clear_vector_state() {
    if (__builtin_cpu_supports("avx")) zero_upper();
}

#else

void clear_vector_state() {}

#endif

}  // namespace cairn
