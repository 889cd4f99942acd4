#include "backend/s3/answers.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "backend/s3/error.h"
#include "base/time.h"
#include "sign/text.h"

namespace cairn::s3 {

namespace {

std::unexpected<Error> strange(const std::string& what) {
    return fail(Code::unavailable, "the answer of the S3 server " + what);
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Time http_date(std::string_view text) {
    std::tm parts{};
    const std::string copy(text);
    if (::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S", &parts) == nullptr) return {};
    return from_milliseconds(static_cast<std::int64_t>(::timegm(&parts)) * 1000);
}

/// "bytes 0-9/100" -> 100.
std::optional<std::uint64_t> size_of_whole(std::string_view content_range) {
    const auto slash = content_range.rfind('/');
    return slash == std::string_view::npos ? std::nullopt : number(content_range.substr(slash + 1));
}

bool load(pugi::xml_document& document, std::string_view xml) {
    // White space of keys counts, also at their ends.
    return document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
}

}  // namespace

std::string unquoted(std::string_view etag) {
    if (etag.starts_with("W/")) etag.remove_prefix(2);
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
    return std::string(etag);
}

Result<ListPage> read_listing(std::string_view xml) {
    pugi::xml_document document;
    const bool read = load(document, xml);
    const auto root = document.child("ListBucketResult");
    if (!read || !root) return strange("is no list of objects");
    const bool encoded = root.child_value("EncodingType") == std::string_view("url");
    const auto name = [&](const char* text) { return encoded ? sign::decoded(text, true) : std::string(text); };
    ListPage page;
    for (const auto& contents : root.children("Contents")) {
        const auto size = number(contents.child_value("Size"));
        if (!contents.child("Key") || !size) return strange("lists an object without key or size");
        page.entries.push_back({name(contents.child_value("Key")), unquoted(contents.child_value("ETag")), *size,
                                parse_time(contents.child_value("LastModified")).value_or(Time{})});
    }
    for (const auto& prefixes : root.children("CommonPrefixes"))
        for (const auto& prefix : prefixes.children("Prefix"))
            page.common_prefixes.push_back(name(prefix.child_value()));
    if (root.child_value("IsTruncated") == std::string_view("true"))
        page.continuation = root.child_value("NextContinuationToken");
    if (root.child_value("IsTruncated") == std::string_view("true") && page.continuation.empty())
        return strange("says that there is more, but not where");
    return page;
}

Result<std::vector<BucketInfo>> read_buckets(std::string_view xml) {
    pugi::xml_document document;
    const bool read = load(document, xml);
    const auto root = document.child("ListAllMyBucketsResult");
    if (!read || !root) return strange("is no list of buckets");
    std::vector<BucketInfo> buckets;
    for (const auto& bucket : root.child("Buckets").children("Bucket"))
        buckets.push_back(
            {bucket.child_value("Name"), parse_time(bucket.child_value("CreationDate")).value_or(Time{})});
    std::ranges::sort(buckets, {}, &BucketInfo::name);
    return buckets;
}

Result<std::string> read_upload_id(std::string_view xml) {
    pugi::xml_document document;
    const bool read = load(document, xml);
    const std::string id = document.child("InitiateMultipartUploadResult").child_value("UploadId");
    if (!read || id.empty()) return strange("names no upload");
    return id;
}

Result<std::string> read_completion(const net::Response& response) {
    pugi::xml_document document;
    const bool read = load(document, response.body);
    if (read && document.child("Error")) return fail(error_of(500, read_refusal(response, true)));
    const auto result = document.child("CompleteMultipartUploadResult");
    if (!read || !result) return strange("does not say that the upload is complete");
    return unquoted(result.child_value("ETag"));
}

Result<ObjectInfo> read_info(const net::Response& response) {
    ObjectInfo info;
    const auto range = response.find("content-range");
    const auto size = range.empty() ? number(response.find("content-length")) : size_of_whole(range);
    if (!size) return strange("does not say how long the object is");
    info.size = *size;
    info.modified = http_date(response.find("last-modified"));
    info.etag = unquoted(response.find("etag"));
    info.headers.content_type = response.find("content-type");
    info.headers.content_encoding = response.find("content-encoding");
    constexpr std::string_view meta = "x-amz-meta-";
    for (const auto& [name, value] : response.headers) {
        auto lower = sign::lower_case(name);
        if (lower.starts_with(meta)) info.headers.metadata.emplace_back(lower.substr(meta.size()), value);
    }
    std::ranges::sort(info.headers.metadata);
    const auto encryption = response.find("x-amz-server-side-encryption");
    if (encryption.starts_with("aws:kms")) {
        info.headers.encryption = Encryption::kms;
        info.headers.kms_key = response.find("x-amz-server-side-encryption-aws-kms-key-id");
    } else if (!encryption.empty()) {
        info.headers.encryption = Encryption::aes256;
    }
    return info;
}

std::string completion_xml(const std::vector<std::string>& etags) {
    std::string xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    for (std::size_t i = 0; i < etags.size(); ++i)
        xml += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>&quot;{}&quot;</ETag></Part>", i + 1, etags[i]);
    return xml + "</CompleteMultipartUpload>";
}

}  // namespace cairn::s3
