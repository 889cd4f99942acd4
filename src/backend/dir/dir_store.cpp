#include "backend/dir/dir_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <mutex>

#include "backend/dir/contents.h"
#include "backend/dir/object_row.h"
#include "backend/dir/pager.h"
#include "backend/dir/place.h"
#include "backend/dir/spaces.h"
#include "backend/dir/tombstone_row.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "sign/digest.h"

namespace cairn {

namespace {

using dir::bucket_space;
using dir::leftover_space;
using dir::object_space;
using dir::ObjectRow;
using dir::state_space;
using dir::tombstone_space;

constexpr std::size_t key_bytes_max = 1024;
constexpr std::size_t scan_count = 1000;
constexpr const char* in_use = "in-use";  // since when; who finds it at the start knows that nobody closed the store

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// Amazon S3 user guide, "General purpose bucket naming rules".
Result<void> check_bucket_name(const std::string& name) {
    const auto fits = [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; };
    if (name.size() < 3 || name.size() > 63 || !std::ranges::all_of(name, fits) || !is_alphanumeric(name.front()) ||
        !is_alphanumeric(name.back()) || name.find("..") != std::string::npos)
        return fail(Code::invalid, "InvalidBucketName: The specified bucket is not valid.");
    return {};
}

/// list() skips what is below a common prefix by a byte that no UTF-8 text has.
Result<void> check_key(const std::string& key) {
    if (key.empty()) return fail(Code::invalid, "InvalidRequest: A key must be specified");
    if (key.size() > key_bytes_max) return fail(Code::invalid, "KeyTooLongError: Your key is too long");
    if (valid_utf8(key) != key) return fail(Code::invalid, "InvalidURI: Couldn't parse the specified URI.");
    return {};
}

std::unexpected<Error> no_bucket() {
    return fail(Code::not_found, "NoSuchBucket: The specified bucket does not exist");
}
std::unexpected<Error> no_key() { return fail(Code::not_found, "NoSuchKey: The specified key does not exist."); }

bool names(const std::string& condition, const std::string& etag) { return condition == "*" || condition == etag; }

Result<void> check_conditions(const ObjectConditions& conditions, const std::string& etag) {
    if (!conditions.if_match.empty() && !names(conditions.if_match, etag))
        return fail(Code::conflict,
                    "PreconditionFailed: At least one of the pre-conditions you specified did not hold");
    if (!conditions.if_none_match.empty() && names(conditions.if_none_match, etag))
        return fail(Code::conflict, "NotModified: Not Modified");
    return {};
}

struct Span {
    std::uint64_t begin = 0, size = 0;
};

Result<Span> resolve(const ObjectRange& range, std::uint64_t size) {
    const auto wrong = [] { return fail(Code::invalid, "InvalidRange: The requested range is not satisfiable"); };
    if (range.from_end) {
        const auto wanted = std::min(range.size.value_or(size), size);
        if (wanted == 0) return wrong();
        return Span{size - wanted, wanted};
    }
    if (range.begin == 0 && !range.size) return Span{0, size};
    if (range.begin >= size) return wrong();
    return Span{range.begin, std::min(range.size.value_or(size), size - range.begin)};
}

class DirStore final : public EmbeddedStore {
public:
    DirStore(Disk& disk, std::string root, MetaStore& meta, const Clock& clock)
        : contents_(disk, std::move(root)), meta_(meta), clock_(clock) {}

    ~DirStore() override {
        if (opened_ && !unsure_ && !unswept_)
            (void)meta_.transact([](Transaction& transaction) { return transaction.erase(state_space, in_use); });
    }

    /// A crash may leave half-written files, files whose object has gone, and contents that no row came to name: these
    /// are for sweep().
    Result<void> clean_up() {
        const auto crashed = was_in_use();
        if (!crashed) return fail(crashed.error());
        const auto buckets = list_buckets();
        if (!buckets) return fail(buckets.error());
        for (const auto& bucket : *buckets) CAIRN_TRY(contents_.remove_half_written(bucket.name));
        CAIRN_TRY(remove_leftovers());
        unswept_ = *crashed;
        // On a full disk it cannot be noted; then the next start does not look, and a node must start to let things go.
        (void)meta_.transact(
            [&](Transaction& transaction) { return transaction.put(state_space, in_use, format_time(clock_.now())); });
        opened_ = true;
        return {};
    }

    Result<void> sweep(const std::stop_token& stop) override {
        if (!unswept_) return {};
        const auto buckets = list_buckets();
        if (!buckets) return fail(buckets.error());
        for (const auto& bucket : *buckets) CAIRN_TRY(sweep_bucket(bucket.name, stop));
        if (!stop.stop_requested()) unswept_ = false;
        return {};
    }

    Result<std::string> put(const std::string& bucket, const std::string& key, std::string_view bytes,
                            const ObjectHeaders& headers, std::string_view sha256) override {
        CAIRN_TRY(check_key(key));
        ObjectRow row;
        row.sha256 = sign::sha256(bytes);
        if (!sha256.empty() && sha256 != row.sha256)
            return fail(Code::invalid, "BadDigest: The SHA256 you specified did not match the calculated checksum.");
        row.info = {bytes.size(), clock_.now(), sign::md5_hex(bytes), headers};

        const std::lock_guard lock(lock_of(bucket, key));
        const auto old = find(bucket, key);
        if (!old) return fail(old.error());
        auto file = contents_.write(bucket, key, bytes, *old ? (*old)->file : std::string());
        auto published = file ? Result<void>() : fail(std::move(file).error());
        if (published) {
            row.file = std::move(*file);
            published = publish(bucket, key, &row, *old ? (*old)->file : std::string());
        }
        if (published) return row.info.etag;
        unsure_ = true;
        return fail(std::move(published).error());
    }

    Result<Object> get(const std::string& bucket, const std::string& key, const ObjectRange& range,
                       const ObjectConditions& conditions) override {
        const auto opened = open(bucket, key);
        if (!opened) return fail(opened.error());
        Object object{(*opened)->info(), {}, 0};
        CAIRN_TRY(check_conditions(conditions, object.info.etag));
        const auto span = resolve(range, object.info.size);
        if (!span) return fail(span.error());
        auto bytes = (*opened)->read(span->begin, span->size);
        if (!bytes) return fail(std::move(bytes).error());
        object.begin = span->begin;
        object.bytes = std::move(*bytes);
        return object;
    }

    Result<std::unique_ptr<OpenObject>> open(const std::string& bucket, const std::string& key) override {
        for (int looks = 0; looks < 4; ++looks) {
            auto opened = look(bucket, key);
            if (!opened || *opened) return opened;
        }
        // Writers that follow each other closely move the content at every look: hold them.
        const std::lock_guard lock(lock_of(bucket, key));
        auto opened = look(bucket, key);
        if (opened && !*opened) return no_key();
        return opened;
    }

    Result<ObjectInfo> head(const std::string& bucket, const std::string& key) override {
        const auto opened = open(bucket, key);
        if (!opened) return fail(opened.error());
        return (*opened)->info();
    }

    Result<ListPage> list(const std::string& bucket, const ListRequest& request) override {
        auto after = request.start_after;
        if (!request.continuation.empty()) {
            const auto place = from_base64(request.continuation);
            if (!place) return fail(Code::invalid, "InvalidArgument: The continuation token provided is incorrect");
            after = *place;
        }
        if (request.count_max == 0) {
            CAIRN_TRY(head_bucket(bucket));
            return ListPage{};
        }
        ListPage page;
        CAIRN_TRY(meta_.view([&](Transaction& transaction) -> Result<void> {
            CAIRN_TRY(need_bucket(transaction, bucket));
            dir::Pager pager(request, after);
            for (bool more = true; more && !pager.full();) {
                const auto rows = transaction.scan(object_space(bucket), request.prefix, pager.after(),
                                                   std::min(scan_count, request.count_max + 1));
                if (!rows) return fail(rows.error());
                more = !rows->empty();
                for (const auto& [key, value] : *rows) CAIRN_TRY(pager.take(key, value));
            }
            page = pager.finish();
            return {};
        }));
        return page;
    }

    Result<void> remove(const std::string& bucket, const std::string& key) override {
        const std::lock_guard lock(lock_of(bucket, key));
        const auto old = find(bucket, key);
        if (!old) return fail(old.error());
        return *old ? publish(bucket, key, nullptr, (*old)->file) : Result<void>();
    }

    Result<bool> expire(const std::string& bucket, const std::string& key, Time modified,
                        const std::string& reason) override {
        const std::lock_guard lock(lock_of(bucket, key));
        const auto old = find(bucket, key);
        if (!old) return fail(old.error());
        if (!*old || (*old)->info.modified != modified) return false;
        const auto& info = (*old)->info;
        const ObjectTombstone left{info.size, modified, clock_.now(), info.etag, (*old)->sha256, reason};
        CAIRN_TRY(publish(bucket, key, nullptr, (*old)->file, &left));
        return true;
    }

    Result<std::optional<ObjectTombstone>> find_tombstone(const std::string& bucket, const std::string& key) override {
        std::optional<ObjectTombstone> found;
        CAIRN_TRY(meta_.view([&](Transaction& transaction) -> Result<void> {
            const auto row = transaction.get(tombstone_space(bucket), key);
            if (!row) return fail(row.error());
            if (!*row) return {};
            auto decoded = dir::decode_tombstone(key, **row);
            if (!decoded) return fail(std::move(decoded).error());
            found = std::move(*decoded);
            return {};
        }));
        return found;
    }

    Result<void> create_bucket(const std::string& bucket) override {
        CAIRN_TRY(check_bucket_name(bucket));
        CAIRN_TRY(contents_.make_bucket(bucket));
        return meta_.transact([&](Transaction& transaction) -> Result<void> {
            const auto row = transaction.get(bucket_space, bucket);
            if (!row) return fail(row.error());
            if (*row)
                return fail(Code::conflict,
                            "BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and "
                            "you already own it.");
            return transaction.put(bucket_space, bucket, format_time(clock_.now()));
        });
    }

    Result<void> delete_bucket(const std::string& bucket) override {
        return meta_.transact([&](Transaction& transaction) -> Result<void> {
            CAIRN_TRY(need_bucket(transaction, bucket));
            const auto rows = transaction.scan(object_space(bucket), "", "", 1);
            if (!rows) return fail(rows.error());
            if (!rows->empty())
                return fail(Code::conflict, "BucketNotEmpty: The bucket you tried to delete is not empty");
            CAIRN_TRY(erase_all(transaction, tombstone_space(bucket)));
            return transaction.erase(bucket_space, bucket);
        });
    }

    Result<void> head_bucket(const std::string& bucket) override {
        return meta_.view([&](Transaction& transaction) { return need_bucket(transaction, bucket); });
    }

    Result<std::vector<BucketInfo>> list_buckets() override {
        std::vector<BucketInfo> buckets;
        CAIRN_TRY(meta_.view([&](Transaction& transaction) -> Result<void> {
            buckets.clear();
            for (;;) {
                const auto rows =
                    transaction.scan(bucket_space, "", buckets.empty() ? "" : buckets.back().name, scan_count);
                if (!rows) return fail(rows.error());
                for (const auto& [name, created] : *rows)
                    buckets.push_back({name, parse_time(created).value_or(Time{})});
                if (rows->size() < scan_count) return {};
            }
        }));
        return buckets;
    }

private:
    std::mutex& lock_of(const std::string& bucket, const std::string& key) {
        return locks_[hash64(key, hash64(bucket)) % locks_.size()];
    }

    static Result<void> erase_all(Transaction& transaction, const std::string& space) {
        for (;;) {
            const auto rows = transaction.scan(space, "", "", scan_count);
            if (!rows) return fail(rows.error());
            for (const auto& [key, value] : *rows) CAIRN_TRY(transaction.erase(space, key));
            if (rows->size() < scan_count) return {};
        }
    }

    static Result<void> need_bucket(Transaction& transaction, const std::string& bucket) {
        const auto row = transaction.get(bucket_space, bucket);
        if (!row) return fail(row.error());
        return *row ? Result<void>() : no_bucket();
    }

    Result<std::optional<ObjectRow>> find(const std::string& bucket, const std::string& key) {
        std::optional<std::string> bytes;
        CAIRN_TRY(meta_.view([&](Transaction& transaction) -> Result<void> {
            CAIRN_TRY(need_bucket(transaction, bucket));
            auto found = transaction.get(object_space(bucket), key);
            if (!found) return fail(std::move(found).error());
            bytes = std::move(*found);
            return {};
        }));
        if (!bytes) return std::nullopt;
        auto row = dir::decode_row(key, *bytes);
        if (!row) return fail(std::move(row).error());
        return std::optional(std::move(*row));
    }

    Result<ObjectRow> find_or_fail(const std::string& bucket, const std::string& key) {
        auto row = find(bucket, key);
        if (!row) return fail(std::move(row).error());
        if (!*row) return no_key();
        return std::move(**row);
    }

    /// Null if a put or a remove moved the content meanwhile: the file may then hold another version than the row.
    Result<std::unique_ptr<OpenObject>> look(const std::string& bucket, const std::string& key) {
        const auto row = find_or_fail(bucket, key);
        if (!row) return fail(row.error());
        auto opened = contents_.open(bucket, *row);
        const auto now = find(bucket, key);
        if (!now) return fail(now.error());
        const bool moved = !*now || **now != *row;
        if (moved || (!opened && opened.error().code == Code::not_found)) return nullptr;
        return opened;
    }

    /// Makes `row` (null: nothing, or `left` of it) what the bucket has under `key`, and lets go of the file that was
    /// there before.
    Result<void> publish(const std::string& bucket, const std::string& key, const ObjectRow* row,
                         const std::string& old_file, const ObjectTombstone* left = nullptr) {
        CAIRN_TRY(meta_.transact([&](Transaction& transaction) -> Result<void> {
            CAIRN_TRY(need_bucket(transaction, bucket));
            if (!old_file.empty()) CAIRN_TRY(transaction.put(leftover_space, contents_.path_of(bucket, old_file), ""));
            if (left)
                CAIRN_TRY(transaction.put(tombstone_space(bucket), key, dir::encode_tombstone(key, *left)));
            else
                CAIRN_TRY(transaction.erase(tombstone_space(bucket), key));
            if (!row) return transaction.erase(object_space(bucket), key);
            CAIRN_TRY(transaction.erase(leftover_space, contents_.path_of(bucket, row->file)));
            return transaction.put(object_space(bucket), key, dir::encode_row(key, *row));
        }));
        if (!old_file.empty())
            (void)remove_leftover(contents_.path_of(bucket, old_file));  // else the next start does it
        return {};
    }

    Result<void> remove_leftover(const std::string& path) {
        CAIRN_TRY(contents_.remove(path));
        return meta_.transact([&](Transaction& transaction) { return transaction.erase(leftover_space, path); });
    }

    Result<bool> was_in_use() {
        bool found = false;
        CAIRN_TRY(meta_.view([&](Transaction& transaction) -> Result<void> {
            const auto row = transaction.get(state_space, in_use);
            if (!row) return fail(row.error());
            found = row->has_value();
            return {};
        }));
        return found;
    }

    Result<void> sweep_bucket(const std::string& bucket, const std::stop_token& stop) {
        std::string after;
        for (bool more = true; more && !stop.stop_requested();) {
            std::vector<std::pair<std::string, std::string>> rows;
            CAIRN_TRY(meta_.view([&](Transaction& transaction) -> Result<void> {
                auto found = transaction.scan(object_space(bucket), "", after, scan_count);
                if (!found) return fail(std::move(found).error());
                rows = std::move(*found);
                return {};
            }));
            more = rows.size() == scan_count;
            if (more) after = rows.back().first;
            for (const auto& [key, value] : rows) {
                if (stop.stop_requested()) break;
                const auto row = dir::decode_row(key, value);
                if (!row) continue;
                const auto strays = find_strays(bucket, key, *row);
                if (!strays) return fail(strays.error());
                if (!strays->empty()) CAIRN_TRY(remove_strays(bucket, key));
            }
        }
        return {};
    }

    /// What lies in the other places of an object.
    Result<std::vector<std::string>> find_strays(const std::string& bucket, const std::string& key,
                                                 const ObjectRow& row) {
        std::vector<std::string> strays;
        for (const auto& other : dir::other_places(key, row.file)) {
            auto path = contents_.path_of(bucket, other);
            const auto exists = contents_.exists(path);
            if (!exists) return fail(exists.error());
            if (*exists) strays.push_back(std::move(path));
        }
        return strays;
    }

    /// They may be those of a put that is under way, or that came to an end meanwhile.
    Result<void> remove_strays(const std::string& bucket, const std::string& key) {
        const std::lock_guard lock(lock_of(bucket, key));
        const auto row = find(bucket, key);
        if (!row || !*row) return {};
        const auto strays = find_strays(bucket, key, **row);
        if (!strays) return fail(strays.error());
        for (const auto& path : *strays) (void)contents_.remove(path);  // a folder stays: it holds other objects
        return {};
    }

    Result<void> remove_leftovers() {
        std::vector<std::string> paths;
        CAIRN_TRY(meta_.view([&](Transaction& transaction) -> Result<void> {
            paths.clear();
            const auto rows = transaction.scan(leftover_space, "", "", SIZE_MAX);
            if (!rows) return fail(rows.error());
            for (const auto& [path, value] : *rows) paths.push_back(path);
            return {};
        }));
        for (const auto& path : paths) CAIRN_TRY(remove_leftover(path));
        return {};
    }

    dir::Contents contents_;
    MetaStore& meta_;
    const Clock& clock_;
    std::array<std::mutex, 64> locks_;
    bool opened_ = false;                // to write, and cleaned up
    std::atomic<bool> unswept_ = false;  // what a crash left was not looked for to the end
    std::atomic<bool> unsure_ = false;   // a put failed: it may have left its content in a place
};

}  // namespace

Result<std::unique_ptr<EmbeddedStore>> open_dir_store(Disk& disk, const std::string& root, MetaStore& meta,
                                                      const Clock& clock) {
    auto store = std::make_unique<DirStore>(disk, root, meta, clock);
    CAIRN_TRY(store->clean_up());
    return store;
}

std::unique_ptr<EmbeddedStore> read_dir_store(Disk& disk, const std::string& root, MetaStore& meta,
                                              const Clock& clock) {
    return std::make_unique<DirStore>(disk, root, meta, clock);
}

}  // namespace cairn
