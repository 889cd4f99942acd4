#include "backend/dir/dir_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include <fmt/format.h>

#include "backend/dir/object_row.h"
#include "backend/dir/place.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "sign/digest.h"

namespace cairn {

namespace {

using dir::ObjectRow;

constexpr std::size_t key_bytes_max = 1024;
constexpr std::size_t scan_count = 1000;
constexpr const char* bucket_space = "object-buckets";
constexpr const char* leftover_space = "object-leftovers";  // files that no object uses any more
constexpr const char* half_written = "new-";

std::string object_space(const std::string& bucket) { return "objects/" + bucket; }

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

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

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

/// Fills one page from rows that come in the order of their keys.
class Pager {
public:
    Pager(const ListRequest& request, std::string after) : request_(request), after_(std::move(after)) {}

    const std::string& after() const { return after_; }
    bool full() const { return full_; }

    Result<void> take(const std::string& key, std::string_view value) {
        if (key <= after_) return {};  // below a common prefix that was counted
        if (page_.entries.size() + page_.common_prefixes.size() == request_.count_max) {
            full_ = true;
            return {};
        }
        const auto end =
            request_.delimiter.empty() ? std::string::npos : key.find(request_.delimiter, request_.prefix.size());
        if (end != std::string::npos) {
            page_.common_prefixes.push_back(key.substr(0, end + request_.delimiter.size()));
            after_ = page_.common_prefixes.back() + '\xff';
            return {};
        }
        const auto row = dir::decode_row(key, value);
        if (!row) return fail(row.error());
        page_.entries.push_back({key, row->info.etag, row->info.size, row->info.modified});
        after_ = key;
        return {};
    }

    ListPage finish() {
        if (full_) page_.continuation = to_base64(after_);
        return std::move(page_);
    }

private:
    const ListRequest& request_;
    std::string after_;
    ListPage page_;
    bool full_ = false;
};

class DirStore final : public ObjectStore {
public:
    DirStore(Disk& disk, std::string root, MetaStore& meta, const Clock& clock)
        : disk_(disk), root_(std::move(root)), meta_(meta), clock_(clock) {}

    /// A crash may leave half-written files, and files whose object has gone.
    Result<void> clean_up() {
        const auto buckets = list_buckets();
        if (!buckets) return fail(buckets.error());
        for (const auto& bucket : *buckets) {
            const auto folder = path_of(bucket.name, dir::hidden_folder);
            const auto files = disk_.list(folder);
            if (!files) return fail(files.error());
            for (const auto& file : *files)
                if (file.starts_with(half_written)) CAIRN_TRY(disk_.remove(folder + "/" + file));
        }
        return remove_leftovers();
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
        auto file = write(bucket, key, bytes, *old ? (*old)->file : std::string());
        if (!file) return fail(std::move(file).error());
        row.file = std::move(*file);
        CAIRN_TRY(publish(bucket, key, &row, *old ? (*old)->file : std::string()));
        return row.info.etag;
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
            Pager pager(request, after);
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

    Result<void> create_bucket(const std::string& bucket) override {
        CAIRN_TRY(check_bucket_name(bucket));
        CAIRN_TRY(disk_.make_folder(path_of(bucket, dir::hidden_folder)));
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
    std::string path_of(const std::string& bucket, const std::string& file) const {
        return root_ + "/" + bucket + "/" + file;
    }

    std::mutex& lock_of(const std::string& bucket, const std::string& key) {
        return locks_[hash64(key, hash64(bucket)) % locks_.size()];
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
        auto opened = open_content(bucket, *row);
        const auto now = find(bucket, key);
        if (!now) return fail(now.error());
        const bool moved = !*now || **now != *row;
        if (moved || (!opened && opened.error().code == Code::not_found)) return nullptr;
        return opened;
    }

    Result<std::unique_ptr<OpenObject>> open_content(const std::string& bucket, const ObjectRow& row) {
        auto file = disk_.open(path_of(bucket, row.file), OpenMode::read);
        if (!file) return fail(std::move(file).error());
        const auto size = (*file)->size();
        if (!size) return fail(size.error());
        auto info = row.info;
        info.size = *size;
        return std::make_unique<OpenFile>(std::move(info), std::move(*file));
    }

    /// Writes the content, durable under a name that is not `used`, and returns that name.
    Result<std::string> write(const std::string& bucket, const std::string& key, std::string_view bytes,
                              const std::string& used) {
        const auto temporary = path_of(bucket, fmt::format("{}/{}{}", dir::hidden_folder, half_written, next_++));
        auto placed = write_new(temporary, bytes);
        auto file = placed ? place(bucket, key, temporary, used) : Result<std::string>(fail(std::move(placed).error()));
        if (!file) (void)disk_.remove(temporary);  // a full disk must not fill with attempts
        return file;
    }

    Result<void> write_new(const std::string& path, std::string_view bytes) {
        const auto file = disk_.open(path, OpenMode::create);
        if (!file) return fail(file.error());
        CAIRN_TRY((*file)->truncate(0));
        CAIRN_TRY((*file)->write(0, bytes));
        return (*file)->sync();
    }

    /// `a` and `a/b` cannot both be at their plain place: the later one goes to the hidden one.
    Result<std::string> place(const std::string& bucket, const std::string& key, const std::string& temporary,
                              const std::string& used) {
        auto problem = Error{Code::internal, "no place"};
        for (const auto place_of : {dir::plain_place, dir::hidden_place}) {
            auto file = place_of(key, place_of(key, false) == used);
            if (file.empty()) continue;
            auto moved = move(temporary, path_of(bucket, file));
            if (moved) return file;
            problem = std::move(moved).error();
        }
        return fail(std::move(problem));
    }

    Result<void> move(const std::string& from, const std::string& to) {
        CAIRN_TRY(disk_.make_folder(folder_of(to)));
        CAIRN_TRY(disk_.rename(from, to));
        return disk_.sync_folder(folder_of(to));
    }

    /// Makes `row` (null: nothing) what the bucket has under `key`, and lets go of the file that was there before.
    Result<void> publish(const std::string& bucket, const std::string& key, const ObjectRow* row,
                         const std::string& old_file) {
        CAIRN_TRY(meta_.transact([&](Transaction& transaction) -> Result<void> {
            CAIRN_TRY(need_bucket(transaction, bucket));
            if (!old_file.empty()) CAIRN_TRY(transaction.put(leftover_space, path_of(bucket, old_file), ""));
            if (!row) return transaction.erase(object_space(bucket), key);
            CAIRN_TRY(transaction.erase(leftover_space, path_of(bucket, row->file)));
            return transaction.put(object_space(bucket), key, dir::encode_row(key, *row));
        }));
        if (!old_file.empty()) (void)remove_leftover(path_of(bucket, old_file));  // else the next start does it
        return {};
    }

    Result<void> remove_leftover(const std::string& path) {
        if (const auto removed = disk_.remove(path); !removed && removed.error().code != Code::not_found)
            return removed;
        CAIRN_TRY(disk_.sync_folder(folder_of(path)));
        return meta_.transact([&](Transaction& transaction) { return transaction.erase(leftover_space, path); });
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

    Disk& disk_;
    const std::string root_;
    MetaStore& meta_;
    const Clock& clock_;
    std::array<std::mutex, 64> locks_;
    std::atomic<std::uint64_t> next_ = 0;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_dir_store(Disk& disk, const std::string& root, MetaStore& meta,
                                                    const Clock& clock) {
    auto store = std::make_unique<DirStore>(disk, root, meta, clock);
    CAIRN_TRY(store->clean_up());
    return store;
}

std::unique_ptr<ObjectStore> read_dir_store(Disk& disk, const std::string& root, MetaStore& meta, const Clock& clock) {
    return std::make_unique<DirStore>(disk, root, meta, clock);
}

}  // namespace cairn
