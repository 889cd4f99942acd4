#include "backend/dir/check.h"

#include <algorithm>
#include <cstdint>
#include <functional>

#include "backend/dir/object_row.h"
#include "backend/dir/place.h"
#include "backend/dir/spaces.h"
#include "backend/dir/tombstone_row.h"
#include "base/hash.h"

namespace cairn::dir {

namespace {

constexpr std::size_t scan_count = 1000;

using UseRow = std::function<void(const std::string& key, const std::string& value)>;

Result<void> for_each_row(MetaStore& meta, const std::string& space, const UseRow& use) {
    std::vector<std::pair<std::string, std::string>> rows;
    do {
        const auto after = rows.empty() ? std::string() : rows.back().first;
        CAIRN_TRY(meta.view([&](Transaction& transaction) -> Result<void> {
            auto found = transaction.scan(space, "", after, scan_count);
            if (!found) return fail(std::move(found).error());
            rows = std::move(*found);
            return {};
        }));
        for (const auto& [key, value] : rows) use(key, value);
    } while (rows.size() == scan_count);
    return {};
}

class Check {
public:
    Check(Disk& disk, const std::string& root, MetaStore& meta) : disk_(disk), root_(root), meta_(meta) {}

    Result<BucketReport> run() {
        std::vector<std::string> buckets;
        CAIRN_TRY(for_each_row(meta_, bucket_space, [&](const auto& name, const auto&) { buckets.push_back(name); }));
        CAIRN_TRY(for_each_row(meta_, leftover_space, [&](const auto& path, const auto&) { name(path); }));
        for (const auto& bucket : buckets) CAIRN_TRY(read_rows(bucket));
        std::ranges::sort(named_);
        CAIRN_TRY(walk(root_));
        return std::move(report_);
    }

private:
    void name(const std::string& path) { named_.push_back(hash64(path)); }
    void find(std::string path, std::string what) { report_.findings.push_back({std::move(path), std::move(what)}); }

    Result<void> read_rows(const std::string& bucket) {
        Result<void> done;
        CAIRN_TRY(for_each_row(meta_, object_space(bucket), [&](const auto& key, const auto& value) {
            const auto row = decode_row(key, value);
            if (!row) return find(root_ + "/" + bucket, row.error().message);
            ++report_.objects;
            const auto path = root_ + "/" + bucket + "/" + row->file;
            name(path);
            const auto exists = disk_.exists(path);
            if (!exists)
                done = fail(exists.error());
            else if (!*exists)
                find(path, "the content of an object is missing");
        }));
        CAIRN_TRY(std::move(done));
        return for_each_row(meta_, tombstone_space(bucket), [&](const auto& key, const auto& value) {
            if (const auto tombstone = decode_tombstone(key, value); !tombstone)
                find(root_ + "/" + bucket, tombstone.error().message);
            else
                ++report_.tombstones;
        });
    }

    Result<void> walk(const std::string& path) {
        const auto names = disk_.list(path);
        if (!names && names.error().code == Code::not_found) {
            if (!std::ranges::binary_search(named_, hash64(path)) && !is_half_written(path))
                find(path, "a file that belongs to no object");
            return {};
        }
        if (!names) return fail(names.error());
        for (const auto& name : *names) CAIRN_TRY(walk(path + "/" + name));
        return {};
    }

    Disk& disk_;
    const std::string& root_;
    MetaStore& meta_;
    std::vector<std::uint64_t> named_;  // hashes of the paths of files that are in use or about to be removed
    BucketReport report_;
};

}  // namespace

Result<BucketReport> check_buckets(Disk& disk, const std::string& root, MetaStore& meta) {
    return Check(disk, root, meta).run();
}

}  // namespace cairn::dir
