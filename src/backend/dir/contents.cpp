#include "backend/dir/contents.h"

#include <optional>

#include <fmt/format.h>

#include "backend/dir/place.h"

namespace cairn::dir {

namespace {

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

/// No put writes into a file that has a name already: what was opened stays as it is.
class OpenFile final : public OpenObject {
public:
    OpenFile(ObjectInfo info, std::unique_ptr<File> file) : OpenObject(std::move(info)), file_(std::move(file)) {}

    Result<std::string> read(std::uint64_t begin, std::size_t size) override {
        std::string bytes;
        bytes.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });  // given what it allocated
        CAIRN_TRY(file_->read(begin, bytes.data(), size));
        return bytes;
    }

private:
    const std::unique_ptr<File> file_;
};

}  // namespace

Result<void> Contents::make_bucket(const std::string& bucket) {
    return disk_.make_folder(path_of(bucket, hidden_folder));
}

Result<void> Contents::remove_half_written(const std::string& bucket) {
    const auto folder = path_of(bucket, hidden_folder);
    const auto files = disk_.list(folder);
    if (!files) return fail(files.error());
    for (const auto& file : *files)
        if (file.starts_with(half_written)) CAIRN_TRY(disk_.remove(folder + "/" + file));
    return {};
}

Result<std::string> Contents::write(const std::string& bucket, const std::string& key, std::string_view bytes,
                                    const std::string& used) {
    const auto temporary = path_of(bucket, fmt::format("{}/{}{}", hidden_folder, half_written, next_++));
    auto placed = write_new(temporary, bytes);
    auto file = placed ? place(bucket, key, temporary, used) : Result<std::string>(fail(std::move(placed).error()));
    if (!file) (void)disk_.remove(temporary);  // a full disk must not fill with attempts
    return file;
}

Result<void> Contents::write_new(const std::string& path, std::string_view bytes) {
    const auto file = disk_.open(path, OpenMode::create);
    if (!file) return fail(file.error());
    CAIRN_TRY((*file)->truncate(0));
    CAIRN_TRY((*file)->write(0, bytes));
    return (*file)->sync();
}

/// `a` and `a/b` cannot both be at their plain place: the later one goes to the hidden one.
Result<std::string> Contents::place(const std::string& bucket, const std::string& key, const std::string& temporary,
                                    const std::string& used) {
    std::optional<Error> problem;
    for (const auto place_of : {plain_place, hidden_place}) {
        auto file = place_of(key, place_of(key, false) == used);
        if (file.empty()) continue;
        const auto path = path_of(bucket, file);
        if (auto moved = move(temporary, path); !moved) {
            if (!problem) problem = std::move(moved).error();
            continue;
        }
        CAIRN_TRY(disk_.sync_folder(folder_of(path)));
        return file;
    }
    return fail(std::move(*problem));
}

Result<void> Contents::move(const std::string& from, const std::string& to) {
    CAIRN_TRY(disk_.make_folder(folder_of(to)));
    return disk_.rename(from, to);
}

Result<std::unique_ptr<OpenObject>> Contents::open(const std::string& bucket, const ObjectRow& row) {
    auto file = disk_.open(path_of(bucket, row.file), OpenMode::read);
    if (!file) return fail(std::move(file).error());
    const auto size = (*file)->size();
    if (!size) return fail(size.error());
    auto info = row.info;
    info.size = *size;
    return std::make_unique<OpenFile>(std::move(info), std::move(*file));
}

Result<void> Contents::remove(const std::string& path) {
    if (auto removed = disk_.remove(path); !removed && removed.error().code != Code::not_found) return removed;
    return disk_.sync_folder(folder_of(path));
}

}  // namespace cairn::dir
