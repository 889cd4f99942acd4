#include "backend/posix/posix_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

namespace cairn::posix {

namespace {

class PosixMapping final : public MappedFile {
public:
    PosixMapping(char* begin, std::size_t size) : begin_(begin), size_(size) {}
    ~PosixMapping() override {
        if (begin_ != nullptr) ::munmap(begin_, size_);
    }
    PosixMapping(const PosixMapping&) = delete;

    std::string_view bytes() const override { return {begin_, size_}; }

    void will_need(std::size_t offset, std::size_t size) const override {
        if (offset >= size_) return;
        static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const auto first = offset / page * page;
        const auto last = std::min(size_, offset + size);
        ::madvise(begin_ + first, last - first, MADV_WILLNEED);
    }

    void read_at_random() const override {
        if (size_ > 0) ::madvise(begin_, size_, MADV_RANDOM);
    }

private:
    char* const begin_;
    const std::size_t size_;
};

Result<std::uint64_t> size_of(const Descriptor& descriptor, const std::string& path) {
    struct stat status;
    if (::fstat(descriptor.number(), &status) != 0) return fail_errno(errno, "fstat", path);
    return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

Result<void> PosixFile::read(std::uint64_t offset, char* into, std::size_t size) const {
    while (size > 0) {
        const auto got = ::pread(descriptor_.number(), into, size, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(errno, "pread", path_);
        if (got == 0) return fail(Code::corrupt, fmt::format("{} ends before offset {}", path_, offset + size));
        offset += static_cast<std::uint64_t>(got);
        into += got;
        size -= static_cast<std::size_t>(got);
    }
    return {};
}

Result<void> PosixFile::write(std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto put = ::pwrite(descriptor_.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail_errno(errno, "pwrite", path_);
        offset += static_cast<std::uint64_t>(put);
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
}

Result<void> PosixFile::sync() {
    if (::fdatasync(descriptor_.number()) != 0) return fail_errno(errno, "fdatasync", path_);
    return {};
}

Result<void> PosixFile::preallocate(std::uint64_t size) {
    int result = 0;
    do result = ::fallocate(descriptor_.number(), 0, 0, static_cast<off_t>(size));
    while (result != 0 && errno == EINTR);
    // A file system without fallocate (NFS, some overlays) still has to get its length.
    if (result != 0 && errno == EOPNOTSUPP) {
        const int error = ::posix_fallocate(descriptor_.number(), 0, static_cast<off_t>(size));
        if (error != 0) return fail_errno(error, "posix_fallocate", path_);
        return {};
    }
    if (result != 0) return fail_errno(errno, "fallocate", path_);
    return {};
}

Result<void> PosixFile::truncate(std::uint64_t size) {
    if (::ftruncate(descriptor_.number(), static_cast<off_t>(size)) != 0) return fail_errno(errno, "ftruncate", path_);
    return {};
}

Result<std::uint64_t> PosixFile::size() const { return size_of(descriptor_, path_); }

Result<std::shared_ptr<const MappedFile>> map_file(const Descriptor& descriptor, const std::string& path) {
    const auto size = size_of(descriptor, path);
    if (!size) return fail(size.error());
    if (*size == 0) return std::make_shared<PosixMapping>(nullptr, 0);
    void* const begin = ::mmap(nullptr, *size, PROT_READ, MAP_SHARED, descriptor.number(), 0);
    if (begin == MAP_FAILED) return fail_errno(errno, "mmap", path);
    return std::make_shared<PosixMapping>(static_cast<char*>(begin), *size);
}

}  // namespace cairn::posix
