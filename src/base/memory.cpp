#include "base/memory.h"

#include <algorithm>
#include <cstdint>
#include <new>

#include <sys/mman.h>

namespace cairn {

namespace {

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

}  // namespace

ZeroedMemory::ZeroedMemory(std::size_t bytes) {
    // Whole huge pages, the last one only when more than half of it is used.
    const auto huge_bytes = (bytes + huge_page_bytes / 2) / huge_page_bytes * huge_page_bytes;
    mapped_bytes_ = std::max(bytes, huge_bytes) + (huge_bytes > 0 ? huge_page_bytes : 0);
    mapped_ = ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) throw std::bad_alloc();
    auto address = reinterpret_cast<std::uintptr_t>(mapped_);
    if (huge_bytes > 0) address = (address + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
    data_ = reinterpret_cast<char*>(address);
#ifdef MADV_HUGEPAGE
    if (huge_bytes > 0) ::madvise(data_, huge_bytes, MADV_HUGEPAGE);  // a hint: its failure changes nothing
#endif
}

ZeroedMemory::~ZeroedMemory() {
    if (mapped_ != nullptr) ::munmap(mapped_, mapped_bytes_);
}

}  // namespace cairn
