#include "cli/folder_store.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace cairn::cli {

namespace {

namespace fs = std::filesystem;

std::unexpected<Error> read_only() { return fail(Code::denied, "AccessDenied: a folder is only read"); }
std::unexpected<Error> no_key() { return fail(Code::not_found, "NoSuchKey: The specified key does not exist."); }

/// A key may come from a file that somebody else wrote: it leads nowhere but below the folder.
bool stays_below(std::string_view path) {
    const auto padded = fmt::format("/{}/", path);
    return !path.starts_with('/') && padded.find("/../") == std::string::npos &&
           padded.find("/./") == std::string::npos && padded.find("//") == std::string::npos &&
           path.find('\0') == std::string_view::npos;
}

Time modified_of(const fs::path& path, std::error_code& error) {
    const auto written = fs::last_write_time(path, error);
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::file_clock::to_sys(written));
}

/// A folder's name ends in '/', so that names stand in the order of the keys that begin with them.
std::vector<std::string> names_in(const fs::path& folder, std::error_code& error) {
    std::vector<std::string> names;
    for (auto item = fs::directory_iterator(folder, error); !error && item != fs::directory_iterator();
         item.increment(error)) {
        auto name = item->path().filename().string();
        if (item->is_directory(error)) name += '/';
        names.push_back(std::move(name));
    }
    std::ranges::sort(names);
    return names;
}

class FolderStore final : public ObjectStore {
public:
    FolderStore(std::string root, std::string bucket, std::string key_prefix)
        : root_(std::move(root)), bucket_(std::move(bucket)), key_prefix_(std::move(key_prefix)) {}

    Result<std::string> put(const std::string&, const std::string&, std::string_view, const ObjectHeaders&,
                            std::string_view) override {
        return read_only();
    }
    Result<void> remove(const std::string&, const std::string&) override { return read_only(); }
    Result<void> create_bucket(const std::string&) override { return read_only(); }
    Result<void> delete_bucket(const std::string&) override { return read_only(); }
    Result<std::vector<BucketInfo>> list_buckets() override { return std::vector<BucketInfo>{{bucket_, {}}}; }

    Result<void> head_bucket(const std::string& bucket) override {
        return bucket == bucket_
                   ? Result<void>()
                   : fail(Code::not_found, fmt::format("NoSuchBucket: the folder is a copy of {}", bucket_));
    }

    Result<ObjectInfo> head(const std::string& bucket, const std::string& key) override {
        CAIRN_TRY(head_bucket(bucket));
        if (!key.starts_with(key_prefix_) || !stays_below(key.substr(key_prefix_.size()))) return no_key();
        std::error_code error;
        const auto path = path_of(key);
        if (!fs::is_regular_file(path, error)) return no_key();
        ObjectInfo info;
        info.size = fs::file_size(path, error);
        if (!error) info.modified = modified_of(path, error);
        return error ? unreadable(path, error) : Result<ObjectInfo>(std::move(info));
    }

    Result<Object> get(const std::string& bucket, const std::string& key, const ObjectRange& range,
                       const ObjectConditions& conditions) override {
        if (range.begin != 0 || range.size || range.from_end || !conditions.if_match.empty() ||
            !conditions.if_none_match.empty())
            return fail(Code::invalid, "NotImplemented: files of a folder are read whole");
        auto info = head(bucket, key);
        if (!info) return fail(std::move(info).error());
        Object object{std::move(*info), {}, 0};
        object.bytes.resize(object.info.size);
        std::ifstream in(path_of(key), std::ios::binary);
        in.read(object.bytes.data(), static_cast<std::streamsize>(object.bytes.size()));
        if (!in) return fail(Code::unavailable, fmt::format("{} cannot be read", path_of(key).string()));
        return object;
    }

    Result<ListPage> list(const std::string& bucket, const ListRequest& request) override {
        CAIRN_TRY(head_bucket(bucket));
        if (!request.delimiter.empty())
            return fail(Code::invalid, "NotImplemented: folders are listed without a delimiter");
        Walk walk{request, std::max(request.start_after, request.continuation), {}};
        CAIRN_TRY(list_below("", walk));
        return std::move(walk.page);
    }

private:
    struct Walk {
        const ListRequest& request;
        const std::string after;
        ListPage page;
    };

    static std::unexpected<Error> unreadable(const fs::path& path, const std::error_code& error) {
        return fail(Code::unavailable, fmt::format("{}: {}", path.string(), error.message()));
    }

    fs::path path_of(const std::string& key) const { return fs::path(root_) / key.substr(key_prefix_.size()); }

    /// `below` is a path with a slash at its end, or empty.
    Result<void> list_below(const std::string& below, Walk& walk) {
        std::error_code error;
        const auto folder = fs::path(root_) / below;
        for (const auto& name : names_in(folder, error)) {
            const auto key = key_prefix_ + below + name;
            const auto& prefix = walk.request.prefix;
            const bool is_folder = name.ends_with('/');
            const bool wanted = key.starts_with(prefix) || (is_folder && prefix.starts_with(key));
            const bool passed = is_folder ? key < walk.after && !walk.after.starts_with(key) : key <= walk.after;
            if (!wanted || passed) continue;
            if (is_folder)
                CAIRN_TRY(list_below(below + name, walk));
            else
                CAIRN_TRY(add(key, walk));
            if (!walk.page.continuation.empty()) return {};
        }
        if (error) return unreadable(folder, error);
        return {};
    }

    Result<void> add(const std::string& key, Walk& walk) {
        if (walk.page.entries.size() == walk.request.count_max) {
            walk.page.continuation = walk.page.entries.back().key;
            return {};
        }
        auto info = head(bucket_, key);
        if (!info && info.error().code == Code::not_found) return {};  // no regular file, or gone meanwhile
        if (!info) return fail(std::move(info).error());
        walk.page.entries.push_back({key, "", info->size, info->modified});
        return {};
    }

    const std::string root_, bucket_, key_prefix_;
};

}  // namespace

std::unique_ptr<ObjectStore> read_folder_store(std::string root, std::string bucket, std::string key_prefix) {
    return std::make_unique<FolderStore>(std::move(root), std::move(bucket), std::move(key_prefix));
}

}  // namespace cairn::cli
