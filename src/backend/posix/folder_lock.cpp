#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include <fmt/format.h>

#include "backend/posix/descriptor.h"
#include "backend/posix/posix_disk.h"

namespace cairn {

namespace {

class PosixFolderLock final : public FolderLock {
public:
    explicit PosixFolderLock(posix::Descriptor file) : file_(std::move(file)) {}

private:
    posix::Descriptor file_;  // closing it unlocks
};

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? std::string(name) : std::string("unknown host");
}

/// What the holder wrote about itself: "process PID (cairn on HOST)".
std::string holder_of(int descriptor) {
    char text[512];
    const auto got = ::pread(descriptor, text, sizeof text, 0);
    std::string holder(text, got > 0 ? static_cast<std::size_t>(got) : 0);
    holder.resize(std::min(holder.size(), holder.find('\n')));
    return holder.empty() ? "another process" : holder;
}

Result<void> lock(int descriptor, const std::string& root, const std::string& path) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return {};
    if (errno != EWOULDBLOCK) return posix::fail_errno(errno, "flock", path);
    return fail(Code::conflict, fmt::format("data directory {} is in use by {}", root, holder_of(descriptor)));
}

Result<void> write_holder(int descriptor, const std::string& path) {
    const auto holder = fmt::format("process {} (cairn on {})\n", ::getpid(), host_name());
    if (::ftruncate(descriptor, 0) != 0) return posix::fail_errno(errno, "ftruncate", path);
    if (::pwrite(descriptor, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size()))
        return posix::fail_errno(errno, "write", path);
    return {};
}

}  // namespace

Result<std::unique_ptr<FolderLock>> lock_data_folder(const std::string& root) {
    const auto path = root + "/LOCK";
    auto descriptor = posix::open_descriptor(path, O_RDWR | O_CREAT);
    if (!descriptor) return fail(std::move(descriptor).error());
    CAIRN_TRY(lock(descriptor->number(), root, path));
    CAIRN_TRY(write_holder(descriptor->number(), path));
    return std::make_unique<PosixFolderLock>(std::move(*descriptor));
}

Result<std::unique_ptr<FolderLock>> lock_read_only_folder(const std::string& root) {
    const auto path = root + "/LOCK";
    auto descriptor = posix::open_descriptor(path, O_RDONLY);
    if (!descriptor && descriptor.error().code == Code::not_found)
        return std::make_unique<PosixFolderLock>(posix::Descriptor());
    if (!descriptor) return fail(std::move(descriptor).error());
    CAIRN_TRY(lock(descriptor->number(), root, path));
    return std::make_unique<PosixFolderLock>(std::move(*descriptor));
}

}  // namespace cairn
