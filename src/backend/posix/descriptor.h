#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace cairn::posix {

/// Owns a file descriptor.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor();

    int number() const { return number_; }
    bool is_open() const { return number_ >= 0; }

private:
    int number_ = -1;
};

/// The Error for `errno_value` of `call` on `path`: ENOENT is not_found, EEXIST conflict, no space exhausted, no right
/// denied, everything else unavailable.
std::unexpected<Error> fail_errno(int errno_value, std::string_view call, const std::string& path);

/// open(2) with close-on-exec, tried again when a signal interrupts it.
Result<Descriptor> open_descriptor(const std::string& path, int flags);

}  // namespace cairn::posix
