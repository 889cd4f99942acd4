#include "api/s3_listing.h"

#include <algorithm>

#include "sign/text.h"
#include "wire/s3.h"

namespace cairn::api {

namespace {

using wire::ApiError;

constexpr std::size_t keys_max = 1000;

struct Listing {
    ListRequest request;
    std::size_t max_keys = keys_max;  ///< as asked for
    bool encoded = false;             ///< keys are percent-encoded
    ListPage page;

    std::string text(std::string_view key) const {
        if (!encoded) return std::string(key);
        std::string out;
        sign::append_encoded(out, key, true);
        return out;
    }
    bool truncated() const { return !page.continuation.empty(); }

    /// The last key or common prefix of the page.
    std::string last() const {
        std::string last = page.entries.empty() ? std::string() : page.entries.back().key;
        if (!page.common_prefixes.empty()) last = std::max(last, page.common_prefixes.back());
        return last;
    }
};

std::unexpected<ApiError> wrong(const char* message) { return std::unexpected(ApiError{"InvalidArgument", message}); }

/// What all three have in common.
std::expected<Listing, ApiError> read_listing(const S3Call& s3) {
    Listing listing;
    listing.request.prefix = s3.request.text("prefix");
    listing.request.delimiter = s3.request.text("delimiter");
    if (const auto* text = s3.request.find("max-keys"); text && !text->empty()) {
        const auto number = read_count(*text);
        if (!number || *number > 2147483647) return wrong("Provided max-keys not an integer or within integer range");
        listing.max_keys = *number;
    }
    listing.request.count_max = std::min(listing.max_keys, keys_max);
    const auto encoding = s3.request.text("encoding-type");
    if (!encoding.empty() && encoding != "url") return wrong("Invalid Encoding Method specified in Request");
    listing.encoded = !encoding.empty();
    return listing;
}

std::expected<void, ApiError> fetch(const S3Call& s3, Listing& listing) {
    auto page = s3.services.buckets.objects().list(s3.bucket->name, listing.request);
    if (!page) return std::unexpected(s3_error_of(page.error(), "listing objects"));
    listing.page = std::move(*page);
    return {};
}

void write_text(wire::XmlWriter& xml, const char* name, std::string_view text) {
    if (!text.empty()) xml.text(name, text);
}

/// The beginning of every answer.
void write_head(wire::XmlWriter& xml, const S3Call& s3, const Listing& listing) {
    xml.text("Name", s3.bucket->name);
    xml.text("Prefix", listing.text(listing.request.prefix));
    write_text(xml, "Delimiter", listing.text(listing.request.delimiter));
    xml.text("MaxKeys", std::to_string(listing.max_keys));
    if (listing.encoded) xml.text("EncodingType", "url");
    xml.text("IsTruncated", listing.truncated() ? "true" : "false");
}

void write_facts(wire::XmlWriter& xml, const ListPage::Entry& entry) {
    xml.text("LastModified", wire::s3_time(entry.modified));
    xml.text("ETag", "\"" + entry.etag + "\"");
    xml.text("Size", std::to_string(entry.size));
}

void write_contents(wire::XmlWriter& xml, const S3Call& s3, const Listing& listing, bool with_owner) {
    for (const auto& entry : listing.page.entries) {
        xml.open("Contents");
        xml.text("Key", listing.text(entry.key));
        write_facts(xml, entry);
        if (with_owner) write_s3_owner(xml, s3.bucket->account);
        xml.text("StorageClass", "STANDARD");
        xml.close("Contents");
    }
}

void write_prefixes(wire::XmlWriter& xml, const Listing& listing) {
    for (const auto& prefix : listing.page.common_prefixes) {
        xml.open("CommonPrefixes");
        xml.text("Prefix", listing.text(prefix));
        xml.close("CommonPrefixes");
    }
}

S3Answer list_first_form(const S3Call& s3, Listing listing) {
    const auto marker = s3.request.text("marker");
    listing.request.start_after = listing_start(listing.request.prefix, listing.request.delimiter, marker);
    if (auto fetched = fetch(s3, listing); !fetched) return std::unexpected(fetched.error());
    wire::XmlWriter xml;
    xml.open("ListBucketResult", wire::s3_namespace);
    write_head(xml, s3, listing);
    xml.text("Marker", listing.text(marker));
    // Without a delimiter the last key is the marker of the next page.
    if (listing.truncated() && !listing.request.delimiter.empty()) xml.text("NextMarker", listing.text(listing.last()));
    write_contents(xml, s3, listing, true);
    write_prefixes(xml, listing);
    xml.close("ListBucketResult");
    return wire::s3_document(std::move(xml));
}

S3Answer list_second_form(const S3Call& s3, Listing listing) {
    const auto start_after = s3.request.text("start-after");
    const auto* token = s3.request.find("continuation-token");
    if (token && token->empty()) return wrong("The continuation token provided is incorrect");
    listing.request.start_after = listing_start(listing.request.prefix, listing.request.delimiter, start_after);
    if (token) listing.request.continuation = *token;
    if (auto fetched = fetch(s3, listing); !fetched) return std::unexpected(fetched.error());
    wire::XmlWriter xml;
    xml.open("ListBucketResult", wire::s3_namespace);
    write_head(xml, s3, listing);
    xml.text("KeyCount", std::to_string(listing.page.entries.size() + listing.page.common_prefixes.size()));
    if (token) xml.text("ContinuationToken", *token);
    write_text(xml, "NextContinuationToken", listing.page.continuation);
    write_text(xml, "StartAfter", listing.text(start_after));
    write_contents(xml, s3, listing, s3.request.text("fetch-owner") == "true");
    write_prefixes(xml, listing);
    xml.close("ListBucketResult");
    return wire::s3_document(std::move(xml));
}

S3Answer list_objects(const S3Call& s3) {
    auto listing = read_listing(s3);
    if (!listing) return std::unexpected(listing.error());
    return s3.request.text("list-type") == "2" ? list_second_form(s3, std::move(*listing))
                                               : list_first_form(s3, std::move(*listing));
}

/// Of a bucket without versions: every object is its only one.
S3Answer list_versions(const S3Call& s3) {
    auto listing = read_listing(s3);
    if (!listing) return std::unexpected(listing.error());
    const auto marker = s3.request.text("key-marker");
    if (marker.empty() && !s3.request.text("version-id-marker").empty())
        return wrong("A version-id marker cannot be specified without a key marker.");
    listing->request.start_after = listing_start(listing->request.prefix, listing->request.delimiter, marker);
    if (auto fetched = fetch(s3, *listing); !fetched) return std::unexpected(fetched.error());
    wire::XmlWriter xml;
    xml.open("ListVersionsResult", wire::s3_namespace);
    write_head(xml, s3, *listing);
    xml.text("KeyMarker", listing->text(marker));
    xml.text("VersionIdMarker", s3.request.text("version-id-marker"));
    if (listing->truncated()) {
        xml.text("NextKeyMarker", listing->text(listing->last()));
        xml.text("NextVersionIdMarker", "null");
    }
    for (const auto& entry : listing->page.entries) {
        xml.open("Version");
        xml.text("Key", listing->text(entry.key));
        xml.text("VersionId", "null");
        xml.text("IsLatest", "true");
        write_facts(xml, entry);
        write_s3_owner(xml, s3.bucket->account);
        xml.text("StorageClass", "STANDARD");
        xml.close("Version");
    }
    write_prefixes(xml, *listing);
    xml.close("ListVersionsResult");
    return wire::s3_document(std::move(xml));
}

constexpr S3Operation operations[] = {
    {"GET", S3Target::bucket, "", "ListObjects", "s3:ListBucket", list_objects, S3Record::none},
    {"GET", S3Target::bucket, "versions", "ListObjectVersions", "s3:ListBucketVersions", list_versions, S3Record::none},
};

}  // namespace

std::span<const S3Operation> s3_listing_operations() { return operations; }

std::string listing_start(std::string_view prefix, std::string_view delimiter, std::string_view marker) {
    if (delimiter.empty() || !marker.starts_with(prefix)) return std::string(marker);
    const auto end = marker.find(delimiter, prefix.size());
    if (end == std::string_view::npos) return std::string(marker);
    // Keys are UTF-8: none is above its common prefix and a byte that no UTF-8 text has.
    return std::string(marker.substr(0, end + delimiter.size())) + '\xff';
}

}  // namespace cairn::api
