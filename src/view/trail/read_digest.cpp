#include "view/trail/read_digest.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/gunzip.h"
#include "sign/digest.h"

namespace cairn::trail {

namespace {

constexpr std::size_t digest_bytes_max = 256u << 20;
constexpr std::string_view ending = ".json.gz";
constexpr std::string_view backfill_ending = "_backfill.json.gz";
constexpr std::array needed = {"digestPublicKeyFingerprint", "digestS3Bucket", "digestS3Object", "digestEndTime",
                               "digestStartTime"};

std::string_view metadata(const ObjectHeaders& headers, std::string_view name) {
    const auto found = std::ranges::find(headers.metadata, name, &std::pair<std::string, std::string>::first);
    return found == headers.metadata.end() ? std::string_view() : std::string_view(found->second);
}

bool has_member(const Json& json, std::string_view name) {
    return std::ranges::any_of(json.as_object(), [&](const auto& one) { return one.first == name; });
}

Time time_of(const Json& json, std::string_view name) { return parse_time(json.text(name)).value_or(Time{}); }

Result<Digest> digest_of(const Json& json) {
    Digest digest;
    const auto start = parse_time(json.text("digestStartTime")), end = parse_time(json.text("digestEndTime"));
    if (!start || !end) return fail(Code::invalid, "its times cannot be read");
    digest.account = json.text("awsAccountId");
    digest.start = *start;
    digest.end = *end;
    digest.bucket = json.text("digestS3Bucket");
    digest.key = json.text("digestS3Object");
    digest.fingerprint = json.text("digestPublicKeyFingerprint");
    if (json.find("previousDigestS3Bucket") && json.find("previousDigestS3Object"))
        digest.previous = PreviousDigest{
            std::string(json.text("previousDigestS3Bucket")), std::string(json.text("previousDigestS3Object")),
            std::string(json.text("previousDigestHashValue")), std::string(json.text("previousDigestSignature"))};
    if (const auto* files = json.find("logFiles"))
        for (const auto& file : files->as_array())
            digest.files.push_back({std::string(file.text("s3Bucket")), std::string(file.text("s3Object")),
                                    std::string(file.text("hashValue")), time_of(file, "newestEventTime"),
                                    time_of(file, "oldestEventTime")});
    return digest;
}

}  // namespace

std::optional<DigestName> parse_digest_name(std::string_view key, std::string_view name_start) {
    key = key.substr(key.rfind('/') + 1);
    if (!key.starts_with(name_start)) return std::nullopt;
    DigestName name;
    name.backfill = key.ends_with(backfill_ending);
    const auto rest = key.substr(name_start.size());
    const auto tail = name.backfill ? backfill_ending : ending;
    if (!rest.ends_with(tail)) return std::nullopt;
    const auto end = parse_amz_date(rest.substr(0, rest.size() - tail.size()));
    if (!end) return std::nullopt;
    name.end = *end;
    return name;
}

Result<ReadDigest> read_digest(ObjectStore& store, const std::string& bucket, const std::string& key) {
    const auto object = store.get(bucket, key);
    if (!object) return fail(object.error());
    const auto content = inflate_member(object->bytes, digest_bytes_max);
    if (!content || content->end == MemberEnd::damaged || content->end == MemberEnd::cut)
        return fail(Code::invalid, "it is no whole gzip file");
    const auto json = parse_json(content->content);
    if (!json) return fail(Code::invalid, json.error().message);
    for (const auto* name : needed)
        if (!json->find(name)) return fail(Code::invalid, fmt::format("it has no {}", name));
    if (!has_member(*json, "previousDigestSignature")) return fail(Code::invalid, "it has no previousDigestSignature");

    auto digest = digest_of(*json);
    if (!digest) return fail(std::move(digest).error());
    const auto& headers = object->info.headers;
    ReadDigest read;
    read.digest = std::move(*digest);
    read.end_text = json->text("digestEndTime");
    read.previous_signature_text =
        json->find("previousDigestSignature") ? json->text("previousDigestSignature") : "null";
    read.hash = sign::sha256_hex(content->content);
    read.signature = metadata(headers, "signature");
    read.backfilled = parse_time(metadata(headers, "backfill-generation-timestamp"));
    read.modified = object->info.modified;
    read.trailing = content->end == MemberEnd::trailing;
    read.metadata_whole = !read.signature.empty() && !metadata(headers, "signature-algorithm").empty();
    return read;
}

}  // namespace cairn::trail
