#include "backend/posix/posix_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "backend/posix/descriptor.h"
#include "backend/posix/posix_file.h"
#include "base/check.h"

namespace cairn {

namespace {

using posix::fail_errno;
using posix::open_descriptor;

int flags_of(OpenMode mode) {
    switch (mode) {
        case OpenMode::read: return O_RDONLY;
        case OpenMode::write: return O_RDWR;
        case OpenMode::create: return O_RDWR | O_CREAT;
        case OpenMode::create_new: return O_RDWR | O_CREAT | O_EXCL;
    }
    CAIRN_CHECK(false);
    return 0;
}

Result<void> sync_path(const std::string& path) {
    const auto folder = open_descriptor(path, O_RDONLY | O_DIRECTORY);
    if (!folder) return fail(folder.error());
    if (::fsync(folder->number()) != 0) return fail_errno(errno, "fsync", path);
    return {};
}

/// Makes `path` and its missing parents, each durable in the folder above it.
Result<void> make_folders(const std::filesystem::path& path) {
    std::error_code error;
    if (path.empty() || std::filesystem::is_directory(path, error)) return {};
    if (path.has_parent_path() && path.parent_path() != path) CAIRN_TRY(make_folders(path.parent_path()));
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(errno, "mkdir", path.string());
    if (!std::filesystem::is_directory(path, error)) return fail_errno(ENOTDIR, "mkdir", path.string());
    const auto parent = path.parent_path();
    return sync_path(parent.empty() ? "." : parent.string());
}

/// Something else than a file can be opened for reading, which would fail later, and less clearly.
Result<posix::Descriptor> open_file(const std::string& path, int flags) {
    auto descriptor = open_descriptor(path, flags);
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
        return fail(Code::corrupt, fmt::format("{} is a folder, where a file should be", path));
    return descriptor;
}

class PosixDisk final : public Disk {
public:
    explicit PosixDisk(std::string root) : root_(std::move(root)) {}

    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        auto full = full_path(path);
        auto descriptor = open_file(full, flags_of(mode));
        if (!descriptor) return fail(std::move(descriptor).error());
        return std::make_unique<posix::PosixFile>(std::move(*descriptor), std::move(full));
    }

    Result<std::shared_ptr<const MappedFile>> map(const std::string& path) override {
        const auto full = full_path(path);
        const auto descriptor = open_file(full, O_RDONLY);
        if (!descriptor) return fail(descriptor.error());
        return posix::map_file(*descriptor, full);
    }

    Result<void> make_folder(const std::string& path) override { return make_folders(full_path(path)); }

    Result<void> remove(const std::string& path) override {
        const auto full = full_path(path);
        if (::unlink(full.c_str()) != 0) return fail_errno(errno, "unlink", full);
        return {};
    }

    Result<void> rename(const std::string& from, const std::string& to) override {
        const auto full = full_path(from);
        if (::rename(full.c_str(), full_path(to).c_str()) != 0) return fail_errno(errno, "rename", full);
        return {};
    }

    Result<void> sync_folder(const std::string& folder) override { return sync_path(full_path(folder)); }

    Result<std::vector<std::string>> list(const std::string& folder) const override {
        const auto full = full_path(folder);
        std::vector<std::string> names;
        std::error_code error;
        std::filesystem::directory_iterator entry(full, error);
        while (!error && entry != std::filesystem::directory_iterator()) {
            names.push_back(entry->path().filename().string());
            entry.increment(error);
        }
        if (error && error.value() != ENOENT) return fail_errno(error.value(), "readdir", full);
        std::ranges::sort(names);
        return names;
    }

    Result<bool> exists(const std::string& path) const override {
        const auto full = full_path(path);
        if (::access(full.c_str(), F_OK) == 0) return true;
        if (errno == ENOENT || errno == ENOTDIR) return false;
        return fail_errno(errno, "access", full);
    }

    Result<std::uint64_t> free_bytes() const override {
        struct statvfs status;
        if (::statvfs(root_.c_str(), &status) != 0) return fail_errno(errno, "statvfs", root_);
        return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
    }

private:
    std::string full_path(const std::string& path) const { return path.empty() ? root_ : root_ + "/" + path; }

    const std::string root_;
};

}  // namespace

Result<std::unique_ptr<Disk>> open_posix_disk(const std::string& root) {
    CAIRN_TRY(make_folders(root));
    return std::make_unique<PosixDisk>(root);
}

}  // namespace cairn
