#include "admit/memory.h"

#include <cstdint>
#include <new>

#include <sys/mman.h>

namespace cairn::admit {

namespace {

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

}  // namespace

ZeroedMemory::ZeroedMemory(std::size_t bytes) {
    const bool large = bytes >= huge_page_bytes;
    mapped_bytes_ = bytes + (large ? huge_page_bytes : 0);
    mapped_ = ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) throw std::bad_alloc();
    auto address = reinterpret_cast<std::uintptr_t>(mapped_);
    if (large) address = (address + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
    data_ = reinterpret_cast<char*>(address);
    // Only whole huge pages, so that the last one is not filled for a few bytes. A hint: its failure changes nothing.
#ifdef MADV_HUGEPAGE
    if (large) ::madvise(data_, bytes / huge_page_bytes * huge_page_bytes, MADV_HUGEPAGE);
#endif
}

ZeroedMemory::~ZeroedMemory() {
    if (mapped_ != nullptr) ::munmap(mapped_, mapped_bytes_);
}

}  // namespace cairn::admit
