#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include <fmt/format.h>

#include "backend/posix/descriptor.h"
#include "backend/posix/posix_disk.h"
#include "backend/posix/posix_file.h"

namespace cairn {

namespace {

class PosixFolderLock final : public FolderLock {
public:
    explicit PosixFolderLock(posix::PosixFile file) : file_(std::move(file)) {}

private:
    posix::PosixFile file_;  // closing it unlocks
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

}  // namespace

Result<std::unique_ptr<FolderLock>> lock_data_folder(const std::string& root) {
    const auto path = root + "/LOCK";
    auto descriptor = posix::open_descriptor(path, O_RDWR | O_CREAT);
    if (!descriptor) return fail(std::move(descriptor).error());
    if (::flock(descriptor->number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return posix::fail_errno(errno, "flock", path);
        return fail(Code::conflict,
                    fmt::format("data directory {} is in use by {}", root, holder_of(descriptor->number())));
    }
    posix::PosixFile file(std::move(*descriptor), path);
    CAIRN_TRY(file.truncate(0));
    CAIRN_TRY(file.write(0, fmt::format("process {} (cairn on {})\n", ::getpid(), host_name())));
    return std::make_unique<PosixFolderLock>(std::move(file));
}

}  // namespace cairn
