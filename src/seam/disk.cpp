#include "seam/disk.h"

namespace cairn {

namespace {

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace

Result<void> replace_file(Disk& disk, const std::string& path, std::string_view bytes) {
    return replace_file(disk, path, [&](const WriteBytes& write) { return write(bytes); });
}

Result<void> replace_file(Disk& disk, const std::string& path,
                          const std::function<Result<void>(const WriteBytes&)>& write) {
    const auto temporary = path + ".new";
    {
        auto file = disk.open(temporary, OpenMode::create);
        if (!file) return fail(std::move(file).error());
        CAIRN_TRY((*file)->truncate(0));
        std::uint64_t offset = 0;
        CAIRN_TRY(write([&](std::string_view bytes) -> Result<void> {
            CAIRN_TRY((*file)->write(offset, bytes));
            offset += bytes.size();
            return {};
        }));
        CAIRN_TRY((*file)->sync());
    }
    CAIRN_TRY(disk.rename(temporary, path));
    return disk.sync_folder(folder_of(path));
}

Result<std::string> read_file(Disk& disk, const std::string& path) {
    auto file = disk.open(path, OpenMode::read);
    if (!file) return fail(std::move(file).error());
    const auto size = (*file)->size();
    if (!size) return fail(size.error());
    std::string bytes(*size, '\0');
    CAIRN_TRY((*file)->read(0, bytes.data(), bytes.size()));
    return bytes;
}

}  // namespace cairn
