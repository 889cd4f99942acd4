#include "gateway/claimed_callers.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "base/utf8.h"

namespace cairn::gateway {

namespace {

using wire::UpstreamProfile;

constexpr std::size_t key_id_bytes_max = 128;
constexpr std::uint64_t account_limit = 1'000'000'000'000;

bool is_account(std::string_view text) {
    return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string account_of(const KeySpace& space, const std::string& key_id) {
    if (space.profile == UpstreamProfile::localstack && is_account(key_id)) return key_id;
    std::string found;
    if (space.profile == UpstreamProfile::aws || space.profile == UpstreamProfile::moto) found = account_of_key(key_id);
    if (space.profile == UpstreamProfile::localstack && key_id.starts_with("L")) found = account_of_key(key_id);
    return found.empty() ? space.account : found;
}

/// MinIO's and Ceph's keys are users, by their own names.
Json user(const std::string& account, const std::string& key_id) {
    return JsonObject{
        {"type", "IAMUser"},    {"principalId", key_id}, {"arn", "arn:aws:iam::" + account + ":user/" + key_id},
        {"accountId", account}, {"accessKeyId", key_id}, {"userName", key_id}};
}

}  // namespace

std::string account_of_key(std::string_view key_id) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    if (key_id.size() != 20) return {};
    std::uint64_t bits = 0;  // the first 50 of 80
    for (const char c : key_id.substr(4, 10)) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos) return {};
        bits = bits << 5 | value;
    }
    if ((bits >> 49) == 0) return {};
    const auto account = bits >> 9 & 0xff'ffff'ffff;
    return account < account_limit ? fmt::format("{:012}", account) : std::string();
}

Caller ClaimedCallers::caller(std::string_view upstream, const wire::Credential& credential, Confidence confidence,
                              Time) const {
    static const KeySpace nowhere;
    const auto found = spaces_.find(upstream);
    const auto& space = found == spaces_.end() ? nowhere : found->second;
    using Scheme = wire::Credential::Scheme;
    if (confidence == Confidence::refused) return {JsonObject{{"type", "Unknown"}}, space.account};
    if (credential.scheme == Scheme::anonymous)
        return {JsonObject{{"type", "AWSAccount"}, {"principalId", ""}, {"accountId", "ANONYMOUS_PRINCIPAL"}},
                space.account};
    if (credential.key_id.empty()) return {JsonObject{{"type", "Unknown"}}, space.account};
    const auto key_id = valid_utf8(credential.key_id, key_id_bytes_max);
    if (space.profile == UpstreamProfile::minio || space.profile == UpstreamProfile::ceph)
        return {user(space.account, key_id), space.account};
    const auto account = account_of(space, key_id);
    if (account.empty()) return {JsonObject{{"type", "Unknown"}, {"accessKeyId", key_id}}, space.account};
    return {
        JsonObject{{"type", "AWSAccount"}, {"principalId", key_id}, {"accountId", account}, {"accessKeyId", key_id}},
        account};
}

}  // namespace cairn::gateway
