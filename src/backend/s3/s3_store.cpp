#include "backend/s3/s3_store.h"

#include <algorithm>

#include <fmt/format.h>

#include "backend/s3/answers.h"
#include "backend/s3/client.h"
#include "backend/s3/multipart.h"
#include "base/bytes.h"
#include "sign/digest.h"
#include "sign/text.h"

namespace cairn {

namespace {

using s3::Call;

constexpr std::size_t key_bytes_max = 1024;
constexpr const char* aws_default_region = "us-east-1";

Result<void> check_bucket(const std::string& bucket) {
    if (s3::is_bucket_in_path(bucket)) return {};
    return fail(Code::invalid, fmt::format("InvalidBucketName: {} is no name of a bucket", bucket));
}

Result<void> check_place(const std::string& bucket, const std::string& key) {
    CAIRN_TRY(check_bucket(bucket));
    if (key.empty()) return fail(Code::invalid, "InvalidRequest: the key of an object is empty");
    if (key.size() > key_bytes_max)
        return fail(Code::invalid, fmt::format("KeyTooLongError: a key of {} bytes", key.size()));
    return {};
}

net::Headers headers_of(const ObjectHeaders& headers) {
    net::Headers made;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) made.emplace_back(name, value);
    };
    add("Content-Type", headers.content_type);
    add("Content-Encoding", headers.content_encoding);
    add("x-amz-acl", headers.acl);
    for (const auto& [name, value] : headers.metadata) made.emplace_back("x-amz-meta-" + name, value);
    if (headers.encryption == Encryption::aes256) add("x-amz-server-side-encryption", "AES256");
    if (headers.encryption == Encryption::kms) {
        add("x-amz-server-side-encryption", "aws:kms");
        add("x-amz-server-side-encryption-aws-kms-key-id", headers.kms_key);
        if (!headers.kms_context.empty()) add("x-amz-server-side-encryption-context", to_base64(headers.kms_context));
    }
    return made;
}

std::string range_text(const ObjectRange& range) {
    if (range.from_end) return range.size ? fmt::format("bytes=-{}", *range.size) : "";
    if (range.size) return fmt::format("bytes={}-{}", range.begin, range.begin + *range.size - 1);
    return range.begin > 0 ? fmt::format("bytes={}-", range.begin) : "";
}

/// Where the range asked for begins in an object of `size` bytes.
std::uint64_t begin_of(const ObjectRange& range, std::uint64_t size) {
    if (!range.from_end) return range.begin;
    return size - std::min(size, range.size.value_or(size));
}

bool is_md5(std::string_view etag) {
    return etag.size() == 32 &&
           std::ranges::all_of(etag, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// A whole object against what the server says of it. The ETag is an MD5 where nothing is encrypted (API reference,
/// "Object").
Result<void> check_content(const net::Response& response, const ObjectInfo& info) {
    const auto wrong = [](const char* what) {
        return fail(Code::unavailable, fmt::format("BadDigest: {} of what came is not what the server says", what));
    };
    if (response.body.size() != info.size) return wrong("the length");
    const auto checksum = response.find("x-amz-checksum-sha256");
    const bool of_parts = checksum.contains('-') || response.find("x-amz-checksum-type") == "COMPOSITE";
    if (!checksum.empty() && !of_parts && checksum != to_base64(sign::sha256(response.body)))
        return wrong("the checksum");
    const bool plain = info.headers.encryption == Encryption::standard && is_md5(info.etag);
    if (checksum.empty() && plain && info.etag != sign::md5_hex(response.body)) return wrong("the MD5");
    return {};
}

class Store final : public S3Store {
public:
    Store(S3Options options, s3::Address address, CredentialSource& credentials, const Clock& clock)
        : client_(std::move(options), std::move(address), credentials, clock) {}

    Result<std::string> put(const std::string& bucket, const std::string& key, std::string_view bytes,
                            const ObjectHeaders& headers, std::string_view sha256) override {
        CAIRN_TRY(check_place(bucket, key));
        if (bytes.size() > client_.options().multipart_bytes) return put_large(bucket, key, bytes, headers, sha256);
        Call call{.method = "PUT", .bucket = bucket, .key = key, .headers = headers_of(headers), .body = bytes};
        if (!sha256.empty()) {
            call.headers.emplace_back("x-amz-checksum-sha256", to_base64(sha256));
            call.body_sha256_hex = to_hex(sha256);
        }
        const auto response = client_.perform(call);
        if (!response) return fail(response.error());
        return s3::unquoted(response->find("etag"));
    }

    Result<Object> get(const std::string& bucket, const std::string& key, const ObjectRange& range,
                       const ObjectConditions& conditions) override {
        CAIRN_TRY(check_place(bucket, key));
        if (range.size == 0) return fail(Code::invalid, "InvalidRange: a range of no bytes");
        Call call{.method = "GET", .bucket = bucket, .key = key};
        const auto asked = range_text(range);
        if (!asked.empty()) call.headers.emplace_back("Range", asked);
        if (asked.empty()) call.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
        const auto quoted = [](const std::string& etag) { return etag == "*" ? etag : "\"" + etag + "\""; };
        if (!conditions.if_match.empty()) call.headers.emplace_back("If-Match", quoted(conditions.if_match));
        if (!conditions.if_none_match.empty())
            call.headers.emplace_back("If-None-Match", quoted(conditions.if_none_match));
        for (int attempt = 1;; ++attempt) {
            auto response = client_.perform(call);
            if (!response) return fail(response.error());
            auto info = s3::read_info(*response);
            if (!info) return fail(info.error());
            const bool whole = response->status == 200;
            if (const auto checked = whole ? check_content(*response, *info) : Result<void>(); !checked) {
                // Damaged on its way; or replaced meanwhile, where the server tells the ETag of the one with the bytes
                // of the other.
                if (attempt < client_.options().attempts_max) continue;
                return fail(checked.error());
            }
            return cut(Object{std::move(*info), std::move(response->body), 0}, whole, range);
        }
    }

    Result<ObjectInfo> head(const std::string& bucket, const std::string& key) override {
        CAIRN_TRY(check_place(bucket, key));
        const auto response = client_.perform({.method = "HEAD", .bucket = bucket, .key = key});
        if (!response) return fail(response.error());
        return s3::read_info(*response);
    }

    Result<ListPage> list(const std::string& bucket, const ListRequest& request) override {
        CAIRN_TRY(check_bucket(bucket));
        Call call{
            .method = "GET",
            .bucket = bucket,
            .query = {{"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", std::to_string(request.count_max)}}};
        const auto add = [&](const char* name, const std::string& value) {
            if (!value.empty()) call.query.emplace_back(name, value);
        };
        add("prefix", request.prefix);
        add("delimiter", request.delimiter);
        add("start-after", request.start_after);
        add("continuation-token", request.continuation);
        const auto response = client_.perform(call);
        if (!response) return fail(response.error());
        return s3::read_listing(response->body);
    }

    Result<void> remove(const std::string& bucket, const std::string& key) override {
        CAIRN_TRY(check_place(bucket, key));
        auto done = nothing(client_.perform({.method = "DELETE", .bucket = bucket, .key = key}));
        if (!done && done.error().message.starts_with("NoSuchKey: ")) return {};
        return done;
    }

    Result<void> create_bucket(const std::string& bucket) override {
        if (!s3::is_bucket_name(bucket))
            return fail(Code::invalid, fmt::format("InvalidBucketName: {} is no name of a bucket", bucket));
        std::string body;
        if (const auto& region = client_.options().region; region != aws_default_region)
            body = fmt::format(
                "<CreateBucketConfiguration "
                "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{}</LocationConstraint></"
                "CreateBucketConfiguration>",
                region);
        return nothing(client_.perform({.method = "PUT", .bucket = bucket, .body = body}));
    }

    Result<void> delete_bucket(const std::string& bucket) override {
        CAIRN_TRY(check_bucket(bucket));
        return nothing(client_.perform({.method = "DELETE", .bucket = bucket}));
    }

    Result<void> head_bucket(const std::string& bucket) override {
        CAIRN_TRY(check_bucket(bucket));
        return nothing(client_.perform({.method = "HEAD", .bucket = bucket}));
    }

    Result<std::vector<BucketInfo>> list_buckets() override {
        const auto response = client_.perform({.method = "GET"});
        if (!response) return fail(response.error());
        return s3::read_buckets(response->body);
    }

    Result<void> get_bucket_acl(const std::string& bucket) override {
        CAIRN_TRY(check_bucket(bucket));
        return nothing(client_.perform({.method = "GET", .bucket = bucket, .query = {{"acl", ""}}}));
    }

    bool aws() const override { return client_.address().aws(); }
    void give_up() override { client_.give_up(); }

private:
    static Result<void> nothing(const Result<net::Response>& response) {
        return response ? Result<void>() : fail(response.error());
    }

    /// The range asked for; out of the `whole` object when the server knows no ranges.
    static Result<Object> cut(Object object, bool whole, const ObjectRange& range) {
        if (range_text(range).empty()) return object;
        object.begin = begin_of(range, object.info.size);
        if (!whole) return object;
        if (object.begin >= object.bytes.size()) return fail(Code::invalid, "InvalidRange: the object is shorter");
        object.bytes = object.bytes.substr(object.begin,
                                           range.from_end ? std::string::npos : range.size.value_or(std::string::npos));
        return object;
    }

    /// The checksum of a whole object can not be given for its parts: it is compared here.
    Result<std::string> put_large(const std::string& bucket, const std::string& key, std::string_view bytes,
                                  const ObjectHeaders& headers, std::string_view sha256) {
        if (!sha256.empty() && sign::sha256(bytes) != sha256)
            return fail(Code::invalid, "BadDigest: the SHA-256 given is not that of the bytes");
        return s3::put_in_parts(client_, bucket, key, bytes, headers_of(headers));
    }

    s3::Client client_;
};

}  // namespace

Result<std::unique_ptr<S3Store>> open_s3_store(S3Options options, CredentialSource& credentials, const Clock& clock) {
    auto address = s3::Address::parse(options.endpoint, options.bucket_place);
    if (!address) return fail(std::move(address).error());
    return std::make_unique<Store>(std::move(options), std::move(*address), credentials, clock);
}

}  // namespace cairn
