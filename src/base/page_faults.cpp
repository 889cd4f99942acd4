#include "base/page_faults.h"

#include <sys/resource.h>

namespace cairn {

std::uint64_t pages_waited_for() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return static_cast<std::uint64_t>(usage.ru_majflt);
}

}  // namespace cairn
