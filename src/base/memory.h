#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace cairn {

/// A large, zeroed piece of anonymous memory that goes back to the system when it is destroyed. Backed by huge pages
/// where the system has them: tables that are read at random spend half their time in the page tables otherwise.
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

/// A large array in such memory. Only constructors touch its pages.
template <class T>
class LargeArray {
    static_assert(std::is_trivially_destructible_v<T>);

public:
    LargeArray() = default;
    explicit LargeArray(std::size_t count) : memory_(count * sizeof(T)) {
        std::uninitialized_default_construct_n(data(), count);
    }

    explicit operator bool() const { return memory_.data() != nullptr; }
    T& operator[](std::size_t index) { return data()[index]; }
    const T& operator[](std::size_t index) const { return data()[index]; }

private:
    T* data() const { return reinterpret_cast<T*>(memory_.data()); }

    ZeroedMemory memory_;
};

}  // namespace cairn
