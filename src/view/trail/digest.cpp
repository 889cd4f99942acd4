#include "view/trail/digest.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/json.h"
#include "sign/digest.h"
#include "view/trail/keys.h"

namespace cairn::trail {

namespace {

constexpr std::string_view hash_algorithm = "SHA-256";

Json time_or_null(const std::optional<Time>& time) { return time ? Json(format_time(*time)) : Json(); }

std::string json_of(const Digest& digest) {
    std::optional<Time> newest, oldest;
    JsonArray files;
    for (const auto& file : digest.files) {
        newest = newest ? std::max(*newest, file.newest) : file.newest;
        oldest = oldest ? std::min(*oldest, file.oldest) : file.oldest;
        files.push_back(JsonObject{{"s3Bucket", file.bucket},
                                   {"s3Object", file.key},
                                   {"hashValue", file.hash},
                                   {"hashAlgorithm", hash_algorithm},
                                   {"newestEventTime", format_time(file.newest)},
                                   {"oldestEventTime", format_time(file.oldest)}});
    }
    const auto& previous = digest.previous;
    const auto of_previous = [&](std::string PreviousDigest::* member) {
        return previous ? Json((*previous).*member) : Json();
    };
    return to_text(JsonObject{{"awsAccountId", digest.account},
                              {"digestStartTime", format_time(digest.start)},
                              {"digestEndTime", format_time(digest.end)},
                              {"digestS3Bucket", digest.bucket},
                              {"digestS3Object", digest.key},
                              {"digestPublicKeyFingerprint", digest.fingerprint},
                              {"digestSignatureAlgorithm", digest_algorithm},
                              {"newestEventTime", time_or_null(newest)},
                              {"oldestEventTime", time_or_null(oldest)},
                              {"previousDigestS3Bucket", of_previous(&PreviousDigest::bucket)},
                              {"previousDigestS3Object", of_previous(&PreviousDigest::key)},
                              {"previousDigestHashValue", of_previous(&PreviousDigest::hash)},
                              {"previousDigestHashAlgorithm", previous ? Json(hash_algorithm) : Json()},
                              {"previousDigestSignature", of_previous(&PreviousDigest::signature)},
                              {"logFiles", std::move(files)}});
}

}  // namespace

std::string digest_key(const DigestPlace& place) {
    return fmt::format(
        "{}{}_CloudTrail-Digest_{}_{}_{}_{}.json.gz",
        folder({place.prefix, place.organization, place.account, "CloudTrail-Digest", place.region}, place.end),
        place.account, place.region, place.trail, place.home_region, format_amz_date(place.end));
}

std::string text_to_sign(std::string_view end, std::string_view bucket, std::string_view key, std::string_view hash,
                         std::string_view previous_signature) {
    return fmt::format("{}\n{}/{}\n{}\n{}", end, bucket, key, hash, previous_signature);
}

SignedDigest sign_digest(const Digest& digest, const sign::RsaKey& key) {
    SignedDigest out;
    out.json = json_of(digest);
    out.hash = sign::sha256_hex(out.json);
    out.signature = to_hex(key.sign(text_to_sign(format_time(digest.end), digest.bucket, digest.key, out.hash,
                                                 digest.previous ? digest.previous->signature : "null")));
    return out;
}

}  // namespace cairn::trail
