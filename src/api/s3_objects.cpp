#include "api/s3_objects.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "api/s3_access.h"
#include "api/s3_reading.h"
#include "base/log.h"
#include "sign/text.h"
#include "wire/s3.h"

namespace cairn::api {

namespace {

using wire::ApiError;

/// Only who may list a bucket is told that a key is not there.
ApiError not_there(const S3Call& s3, const Error& error) {
    if (error.code == Code::not_found && !authorize_s3(s3, "s3:ListBucket", bucket_arn(s3.bucket->name)))
        return wire::s3_fault("AccessDenied");
    return s3_error_of(error, "reading an object");
}

/// Buckets have no versions: the one that is there is called "null".
std::expected<void, ApiError> check_version(const S3Call& s3) {
    const auto* version = s3.request.find("versionId");
    if (!version || *version == "null") return {};
    return std::unexpected(ApiError{"InvalidArgument", "Invalid version id specified"});
}

std::expected<std::unique_ptr<OpenObject>, ApiError> open_object(const S3Call& s3) {
    if (auto checked = check_version(s3); !checked) return std::unexpected(checked.error());
    auto opened = s3.services.buckets.objects().open(s3.bucket->name, s3.request.key);
    if (!opened) return std::unexpected(not_there(s3, opened.error()));
    return std::move(*opened);
}

std::expected<ObjectInfo, ApiError> find_object(const S3Call& s3) {
    const auto opened = open_object(s3);
    if (!opened) return std::unexpected(opened.error());
    return (*opened)->info();
}

void add_encryption(net::Headers& headers, const ObjectHeaders& kept) {
    if (kept.encryption == Encryption::standard) return;
    const bool kms = kept.encryption == Encryption::kms;
    headers.emplace_back("x-amz-server-side-encryption", kms ? "aws:kms" : "AES256");
    if (kms && !kept.kms_key.empty()) headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", kept.kms_key);
}

/// What also an answer without a body says of the object.
net::Headers state_headers(const ObjectInfo& info) {
    return {{"ETag", "\"" + info.etag + "\""}, {"Last-Modified", format_http_date(info.modified)}};
}

/// "expiry-date=..., rule-id=...", as far as the bucket's lifecycle is about the object.
void add_expiry(net::Headers& headers, const S3Call& s3, const ObjectInfo& info) {
    const auto expiry = neighbour::expiry_of(s3.bucket->lifecycle, s3.request.key, info.modified);
    if (!expiry) return;
    std::string id;
    sign::append_encoded(id, expiry->rule->id, false);
    headers.emplace_back("x-amz-expiration",
                         fmt::format("expiry-date=\"{}\", rule-id=\"{}\"", format_http_date(expiry->at), id));
}

net::Headers object_headers(const ObjectInfo& info) {
    const auto& kept = info.headers;
    auto headers = state_headers(info);
    headers.emplace_back("Accept-Ranges", "bytes");
    headers.emplace_back("Content-Type", kept.content_type.empty() ? "binary/octet-stream" : kept.content_type);
    if (!kept.content_encoding.empty()) headers.emplace_back("Content-Encoding", kept.content_encoding);
    add_encryption(headers, kept);
    for (const auto& [name, value] : kept.metadata) headers.emplace_back("x-amz-meta-" + name, value);
    return headers;
}

void replace(net::Headers& headers, std::string_view name, const std::string& value) {
    const auto there =
        std::ranges::find_if(headers, [&](const auto& header) { return net::equal_names(header.first, name); });
    if (there != headers.end())
        there->second = value;
    else
        headers.emplace_back(name, value);
}

bool is_header_text(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// A signed request may say which headers it wants to see.
std::expected<void, ApiError> override_headers(const S3Call& s3, net::Headers& headers) {
    static constexpr std::pair<const char*, const char*> overrides[] = {
        {"response-content-type", "Content-Type"},
        {"response-content-language", "Content-Language"},
        {"response-expires", "Expires"},
        {"response-cache-control", "Cache-Control"},
        {"response-content-encoding", "Content-Encoding"},
        {"response-content-disposition", "Content-Disposition"},
    };
    for (const auto& [parameter, header] : overrides) {
        const auto* value = s3.request.find(parameter);
        if (!value) continue;
        if (s3.anonymous)
            return std::unexpected(ApiError{
                "InvalidRequest", "Request specific response headers cannot be used for anonymous GET requests."});
        if (!is_header_text(*value))
            return std::unexpected(
                ApiError{"InvalidArgument", fmt::format("{} cannot be the value of a header", parameter)});
        replace(headers, header, *value);
    }
    return {};
}

/// What a Range asks for of an object of `size` bytes, if it counts. Error: InvalidRange.
struct Part {
    std::uint64_t begin = 0, size = 0;
    bool whole = true;
};
std::expected<Part, ApiError> part_of_range(const net::Request& request, const ObjectInfo& info) {
    const auto range = read_range(request.find("range"));
    if (!range || !range_counts(request, info)) return Part{0, info.size, true};
    const auto wanted = range->size.value_or(info.size);
    if (range->from_end) {
        if (wanted == 0 || info.size == 0) return std::unexpected(wire::s3_fault("InvalidRange"));
        const auto size = std::min(wanted, info.size);
        return Part{info.size - size, size, false};
    }
    if (range->begin >= info.size) return std::unexpected(wire::s3_fault("InvalidRange"));
    return Part{range->begin, std::min(wanted, info.size - range->begin), false};
}

/// The same of a part number: every object was put as its only part.
std::expected<Part, ApiError> part_of_number(const std::string& text, const net::Request& request,
                                             const ObjectInfo& info) {
    const auto number = read_count(text);
    if (!number || *number < 1 || *number > 10'000)
        return std::unexpected(
            ApiError{"InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive"});
    if (!request.find("range").empty())
        return std::unexpected(
            ApiError{"InvalidRequest", "Cannot specify both Range header and partNumber query parameter"});
    if (*number > 1) return std::unexpected(wire::s3_fault("InvalidPartNumber"));
    return Part{0, info.size, info.size == 0};
}

std::expected<Part, ApiError> part_of(const S3Call& s3, const ObjectInfo& info) {
    const auto* number = s3.request.find("partNumber");
    return number ? part_of_number(*number, s3.call.request, info) : part_of_range(s3.call.request, info);
}

/// The answer but for its body; `part` is what that holds.
S3Answer answer_head(const S3Call& s3, const ObjectInfo& info, const Part& part) {
    net::Response response{.status = part.whole ? 200 : 206, .headers = object_headers(info), .body = {}};
    add_expiry(response.headers, s3, info);
    if (!part.whole)
        response.headers.emplace_back("Content-Range",
                                      fmt::format("bytes {}-{}/{}", part.begin, part.begin + part.size - 1, info.size));
    if (auto done = override_headers(s3, response.headers); !done) return std::unexpected(done.error());
    return response;
}

/// The object as the conditions of the request let it be seen.
struct Seen {
    std::unique_ptr<OpenObject> object;
    Part part;
    net::Response response;  ///< without a body
};
std::expected<Seen, ApiError> see_object(const S3Call& s3) {
    auto opened = open_object(s3);
    if (!opened) return std::unexpected(opened.error());
    const auto& info = (*opened)->info();
    switch (check_preconditions(s3.call.request, info)) {
        case Precondition::failed: return std::unexpected(wire::s3_fault("PreconditionFailed"));
        case Precondition::not_modified: {
            net::Response unchanged{.status = 304, .headers = state_headers(info), .body = {}};
            return Seen{std::move(*opened), {}, std::move(unchanged)};
        }
        case Precondition::holds: break;
    }
    const auto part = part_of(s3, info);
    if (!part) return std::unexpected(part.error());
    auto response = answer_head(s3, info, *part);
    if (!response) return std::unexpected(response.error());
    response->content_length = part->size;
    return Seen{std::move(*opened), *part, std::move(*response)};
}

S3Answer head_object(const S3Call& s3) {
    auto seen = see_object(s3);
    if (!seen) return std::unexpected(seen.error());
    return std::move(seen->response);
}

/// The bytes of one version of an object, read on the pool: whoever takes them slowly holds none of its threads.
class ObjectPieces final : public net::BodyPieces, public std::enable_shared_from_this<ObjectPieces> {
public:
    ObjectPieces(WorkerPool& pool, std::string name, std::unique_ptr<OpenObject> object, const Part& part)
        : pool_(pool), name_(std::move(name)), object_(std::move(object)), begin_(part.begin), left_(part.size) {}

    Result<std::string> read() {
        auto piece = object_->read(begin_, static_cast<std::size_t>(std::min(left_, piece_bytes_max)));
        if (!piece) return piece;
        begin_ += piece->size();
        left_ -= piece->size();
        return piece;
    }

    bool more() const { return left_ > 0; }

    void next(Take take) override {
        pool_.submit([self = shared_from_this(), take = std::move(take)]() mutable {
            auto piece = self->read();
            if (!piece)
                log_error("an object was sent in part only",
                          {{"object", self->name_}, {"reason", piece.error().message}});
            take(piece ? std::move(*piece) : std::string());
        });
    }

private:
    static constexpr std::uint64_t piece_bytes_max = 128 * 1024;

    WorkerPool& pool_;
    const std::string name_;
    const std::unique_ptr<OpenObject> object_;
    std::uint64_t begin_, left_;
};

S3Answer get_object(const S3Call& s3) {
    auto seen = see_object(s3);
    if (!seen) return std::unexpected(seen.error());
    if (seen->response.status == 304) return std::move(seen->response);
    auto pieces = std::make_shared<ObjectPieces>(s3.pool, s3.bucket->name + "/" + s3.request.key,
                                                 std::move(seen->object), seen->part);
    auto first = pieces->read();  // what cannot be read at all can still be told
    if (!first) return std::unexpected(s3_error_of(first.error(), "reading an object"));
    seen->response.body = std::move(*first);
    if (pieces->more()) seen->response.rest = std::move(pieces);
    return std::move(seen->response);
}

S3Answer get_tags(const S3Call& s3) {
    if (const auto info = find_object(s3); !info) return std::unexpected(info.error());
    wire::XmlWriter xml;
    xml.open("Tagging", wire::s3_namespace);
    xml.open("TagSet");
    xml.close("TagSet");
    xml.close("Tagging");
    return wire::s3_document(std::move(xml));
}

/// Every name in the list must be one that S3 knows.
std::expected<void, ApiError> check_attributes(std::string_view wanted) {
    static constexpr std::string_view known[] = {"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"};
    if (sign::trimmed(wanted).empty())
        return std::unexpected(ApiError{"InvalidRequest",
                                        "The x-amz-object-attributes header specifying the attributes to be retrieved "
                                        "is either missing or empty"});
    for (const auto name : sign::split(wanted, ','))
        if (std::ranges::find(known, sign::trimmed(name)) == std::end(known))
            return std::unexpected(ApiError{"InvalidArgument", "Invalid attribute name specified."});
    return {};
}

S3Answer get_attributes(const S3Call& s3) {
    const auto wanted = s3.call.request.find("x-amz-object-attributes");
    if (auto checked = check_attributes(wanted); !checked) return std::unexpected(checked.error());
    const auto info = find_object(s3);
    if (!info) return std::unexpected(info.error());
    wire::XmlWriter xml;
    xml.open("GetObjectAttributesResponse", wire::s3_namespace);
    if (wanted.find("ETag") != std::string_view::npos) xml.text("ETag", info->etag);
    if (wanted.find("StorageClass") != std::string_view::npos) xml.text("StorageClass", "STANDARD");
    if (wanted.find("ObjectSize") != std::string_view::npos) xml.text("ObjectSize", std::to_string(info->size));
    xml.close("GetObjectAttributesResponse");
    auto response = wire::s3_document(std::move(xml));
    response.headers.emplace_back("Last-Modified", format_http_date(info->modified));
    return response;
}

S3Answer get_acl(const S3Call& s3) {
    if (const auto info = find_object(s3); !info) return std::unexpected(info.error());
    return acl_document(s3.bucket->account);
}

/// No bucket has Object Lock.
S3Answer no_lock(const S3Call&) {
    return std::unexpected(ApiError{"InvalidRequest", "Bucket is missing Object Lock Configuration"});
}

S3Answer no_upload(const S3Call&) { return std::unexpected(wire::s3_fault("NoSuchUpload")); }

S3Answer refuse_write(const S3Call&) { return std::unexpected(object_write_refused()); }

constexpr auto object = S3Target::object;
constexpr auto none = S3Record::none;

constexpr S3Operation operations[] = {
    {"GET", object, "", "GetObject", "s3:GetObject", get_object, none},
    {"HEAD", object, "", "HeadObject", "s3:GetObject", head_object, none},
    {"GET", object, "acl", "GetObjectAcl", "s3:GetObjectAcl", get_acl, none},
    {"GET", object, "tagging", "GetObjectTagging", "s3:GetObjectTagging", get_tags, none},
    {"GET", object, "attributes", "GetObjectAttributes", "s3:GetObjectAttributes", get_attributes, none},
    {"GET", object, "retention", "GetObjectRetention", "s3:GetObjectRetention", no_lock, none},
    {"GET", object, "legal-hold", "GetObjectLegalHold", "s3:GetObjectLegalHold", no_lock, none},
    {"GET", object, "uploadId", "ListParts", "s3:ListMultipartUploadParts", no_upload, none},
    {"PUT", object, "", "PutObject", "", refuse_write, none},
    {"POST", object, "", "PostObject", "", refuse_write, none},
    {"DELETE", object, "", "DeleteObject", "", refuse_write, none},
    {"POST", S3Target::bucket, "", "PostObject", "", refuse_write, none},
    {"POST", S3Target::bucket, "delete", "DeleteObjects", "", refuse_write, none},
};

}  // namespace

std::span<const S3Operation> s3_object_operations() { return operations; }

bool is_object_write(const net::Request& request) {
    if (request.method == "POST") return true;
    if (request.method != "PUT" && request.method != "DELETE") return false;
    const auto read = read_s3_request(request);
    return read && target_of(*read) == S3Target::object;
}

ApiError object_write_refused() {
    return {"AccessDenied",
            "Access Denied: objects in buckets of cairn are written by trails only, and removed by retention only."};
}

}  // namespace cairn::api
