#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace cairn {

/// Buckets of objects: what S3 promises and no more (Amazon S3 user guide, "Amazon S3 data consistency model": a read
/// after a finished write sees it; nothing about two writers of one key but that one of them wins whole). Implemented
/// by backend/dir. All members may be called from any thread; all block.
///
/// Errors: not_found    no such bucket or object
///         denied       the credentials or the bucket's policy do not allow it
///         invalid      the same call will fail again; also a checksum that does not fit
///         conflict     a condition failed; the bucket is there already, or not empty
///         exhausted    no space
///         unavailable  no answer, or asked to slow down: try later, with back-off
/// The message begins with the code of S3 ("NoSuchBucket", "SlowDown") and ": ", unless there was no answer.

/// How an object is encrypted where it lies.
enum class Encryption : std::uint8_t { standard, aes256, kms };

/// What is kept with the bytes of an object.
struct ObjectHeaders {
    std::string content_type, content_encoding;
    std::string acl;  ///< canned, as "bucket-owner-full-control"; empty: the owner's only
    std::vector<std::pair<std::string, std::string>> metadata;  ///< names in lower case, without x-amz-meta-
    Encryption encryption = Encryption::standard;
    std::string kms_key, kms_context;  ///< for kms: the key's id or ARN, and its context as JSON

    bool operator==(const ObjectHeaders&) const = default;
};

struct ObjectInfo {
    std::uint64_t size = 0;
    Time modified{};
    std::string etag;  ///< without quotes
    ObjectHeaders headers;

    bool operator==(const ObjectInfo&) const = default;
};

struct Object {
    ObjectInfo info;          ///< of the whole object
    std::string bytes;        ///< the range asked for
    std::uint64_t begin = 0;  ///< where `bytes` begins
};

/// A part of an object: from `begin` to its end or `size` bytes, or, with `from_end`, the last `size` bytes.
struct ObjectRange {
    std::uint64_t begin = 0;
    std::optional<std::uint64_t> size;
    bool from_end = false;
};

/// One version of an object, read in parts. Used by one thread at a time, and not longer than its store; all block.
class OpenObject {
public:
    explicit OpenObject(ObjectInfo info) : info_(std::move(info)) {}
    virtual ~OpenObject() = default;

    const ObjectInfo& info() const { return info_; }

    /// Exactly `size` bytes from `begin` on. Errors besides: corrupt, the object ends before; conflict or not_found,
    /// it was replaced or removed, and the store does not keep what was there.
    virtual Result<std::string> read(std::uint64_t begin, std::size_t size) = 0;

private:
    const ObjectInfo info_;
};

/// What must hold for a read; an ETag without quotes, or "*".
struct ObjectConditions {
    std::string if_match, if_none_match;  ///< empty: no condition
};

struct ListRequest {
    std::string prefix, delimiter, start_after;
    std::size_t count_max = 1000;  ///< keys and common prefixes together
    std::string continuation;      ///< ListPage::continuation of the page before, with all else unchanged
};

struct ListPage {
    struct Entry {
        std::string key, etag;
        std::uint64_t size = 0;
        Time modified{};
    };
    std::vector<Entry> entries;                ///< by the bytes of their keys
    std::vector<std::string> common_prefixes;  ///< with the delimiter at their end, by their bytes
    std::string continuation;                  ///< empty: this is the last page
};

struct BucketInfo {
    std::string name;
    Time created{};
};

class ObjectStore {
public:
    virtual ~ObjectStore() = default;

    /// Writes a whole object, durable on return, and returns its ETag; one that is there is replaced. `sha256` (32
    /// bytes; empty: none) is compared with what arrived. After an error nobody knows whether the object was written.
    virtual Result<std::string> put(const std::string& bucket, const std::string& key, std::string_view bytes,
                                    const ObjectHeaders& headers, std::string_view sha256 = {}) = 0;

    /// Errors besides: invalid, "InvalidRange: ..."; conflict, "PreconditionFailed: ..." or "NotModified: ...".
    virtual Result<Object> get(const std::string& bucket, const std::string& key, const ObjectRange& range = {},
                               const ObjectConditions& conditions = {}) = 0;

    /// Holds the version that is there now. Unless a store can do better it is asked for each part, with the ETag as a
    /// condition.
    virtual Result<std::unique_ptr<OpenObject>> open(const std::string& bucket, const std::string& key);

    virtual Result<ObjectInfo> head(const std::string& bucket, const std::string& key) = 0;
    virtual Result<ListPage> list(const std::string& bucket, const ListRequest& request) = 0;

    /// Fine if absent. For retention only: nothing in cairn relies on it to be correct.
    virtual Result<void> remove(const std::string& bucket, const std::string& key) = 0;

    virtual Result<void> create_bucket(const std::string& bucket) = 0;
    virtual Result<void> delete_bucket(const std::string& bucket) = 0;  ///< an empty one
    virtual Result<void> head_bucket(const std::string& bucket) = 0;
    virtual Result<std::vector<BucketInfo>> list_buckets() = 0;  ///< by name
};

}  // namespace cairn
