#pragma once

#include <cstddef>
#include <utility>

namespace cairn::admit {

/// A large, zeroed piece of anonymous memory that goes back to the system when it is destroyed. Backed by huge pages where
/// the system has them: tables that are read at random spend half their time in the page tables otherwise.
class ZeroedMemory {
public:
    ZeroedMemory() = default;
    explicit ZeroedMemory(std::size_t bytes);
    ~ZeroedMemory();
    ZeroedMemory(ZeroedMemory&& other) noexcept { swap(other); }
    ZeroedMemory& operator=(ZeroedMemory&& other) noexcept {
        swap(other);
        return *this;
    }

    char* data() const { return data_; }

private:
    void swap(ZeroedMemory& other) {
        std::swap(data_, other.data_);
        std::swap(mapped_, other.mapped_);
        std::swap(mapped_bytes_, other.mapped_bytes_);
    }

    char* data_ = nullptr;
    void* mapped_ = nullptr;
    std::size_t mapped_bytes_ = 0;
};

}  // namespace cairn::admit
