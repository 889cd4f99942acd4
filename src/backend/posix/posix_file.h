#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "backend/posix/descriptor.h"
#include "base/result.h"
#include "seam/disk.h"

namespace cairn::posix {

/// A File of seam/disk.h over a descriptor. `path` is for messages.
class PosixFile final : public File {
public:
    PosixFile(Descriptor descriptor, std::string path) : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

    Result<void> read(std::uint64_t offset, char* into, std::size_t size) const override;
    Result<void> write(std::uint64_t offset, std::string_view bytes) override;
    Result<void> sync() override;
    Result<void> preallocate(std::uint64_t size) override;
    Result<void> truncate(std::uint64_t size) override;
    Result<std::uint64_t> size() const override;

private:
    Descriptor descriptor_;
    std::string path_;
};

/// Maps the whole file for reading; an empty file maps to no bytes.
Result<std::shared_ptr<const MappedFile>> map_file(const Descriptor& descriptor, const std::string& path);

}  // namespace cairn::posix
