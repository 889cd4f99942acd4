#include "gateway/known_callers.h"

#include "base/utf8.h"
#include "event/user_identity.h"
#include "gateway/account_of_key.h"

namespace cairn::gateway {

namespace {

using wire::UpstreamProfile;

constexpr std::size_t key_id_bytes_max = 128;
constexpr std::string_view aws_space;  // of what imported trails tell

Json of_account(const std::string& account, std::string_view key_id) {
    if (account.empty()) return JsonObject{{"type", "Unknown"}};
    return user_identity(
        {.type = "AWSAccount", .principal_id = std::string(key_id), .arn = {}, .account = account, .user_name = {}},
        nullptr);
}

std::string account_of_localstack(std::string_view key_id, const std::string& otherwise) {
    if (is_account_id(key_id)) return std::string(key_id);
    if (!key_id.starts_with("LKIA") && !key_id.starts_with("LSIA")) return otherwise;
    return account_in_key_id(key_id).value_or(otherwise);
}

}  // namespace

Json identity_by_profile(const UpstreamKeys& keys, std::string_view default_account, std::string_view key_id,
                         bool temporary) {
    const auto home = default_account.empty() ? keys.account : std::string(default_account);
    switch (keys.profile) {
        case UpstreamProfile::aws:
            return of_account(account_in_key_id(key_id).value_or(std::string(default_account)), key_id);
        case UpstreamProfile::moto: {
            const auto account = account_in_key_id(key_id).value_or(home);
            if (temporary) return of_account(account, key_id);
            // What moto's own GetCallerIdentity says of every key that it did not make.
            return user_identity_of_arn("arn:aws:sts::" + account + ":user/moto", "AKIAIOSFODNN7EXAMPLE");
        }
        case UpstreamProfile::localstack: {
            const auto account = account_of_localstack(key_id, home);
            if (temporary) return of_account(account, key_id);
            return user_identity_of_arn("arn:aws:iam::" + account + ":root", {});
        }
        case UpstreamProfile::minio:
        case UpstreamProfile::ceph:
            // Keys are users there; but not those that its STS gives out.
            if (temporary) return of_account(home, key_id);
            return user_identity({.type = "IAMUser",
                                  .principal_id = std::string(key_id),
                                  .arn = "arn:aws:iam::" + home + ":user/" + std::string(key_id),
                                  .account = home,
                                  .user_name = std::string(key_id)},
                                 nullptr);
        case UpstreamProfile::generic: return of_account(home, key_id);
    }
    return JsonObject{{"type", "Unknown"}};
}

KnownCallers::KnownCallers(std::map<std::string, UpstreamKeys, std::less<>> upstreams, KeyBook* book,
                           std::unique_ptr<IdentityFile> file)
    : upstreams_(std::move(upstreams)), book_(book), file_(std::move(file)) {}

UpstreamKeys KnownCallers::keys_of(std::string_view upstream) const {
    std::lock_guard lock(mutex_);
    const auto found = upstreams_.find(upstream);
    return found == upstreams_.end() ? UpstreamKeys() : found->second;
}

void KnownCallers::change(std::map<std::string, UpstreamKeys, std::less<>> upstreams) {
    std::lock_guard lock(mutex_);
    upstreams.merge(upstreams_);
    upstreams_ = std::move(upstreams);
}

Json KnownCallers::known(std::string_view upstream, const UpstreamKeys& keys, const std::string& key_id,
                         Time at) const {
    if (!book_) return {};
    auto seen = book_->find(upstream, key_id, at);
    if (seen.is_null() && keys.profile == UpstreamProfile::aws) seen = book_->find(aws_space, key_id, at);
    return seen;
}

Caller KnownCallers::caller(std::string_view upstream, const wire::Credential& credential, Confidence confidence,
                            Time at) const {
    const auto keys = keys_of(upstream);
    if (confidence == Confidence::refused) return {JsonObject{{"type", "Unknown"}}, keys.account};
    if (credential.scheme == wire::Credential::Scheme::anonymous)
        return {JsonObject{{"type", "AWSAccount"}, {"principalId", ""}, {"accountId", "ANONYMOUS_PRINCIPAL"}},
                keys.account};
    if (credential.key_id.empty()) return {JsonObject{{"type", "Unknown"}}, keys.account};

    const auto key_id = valid_utf8(credential.key_id, key_id_bytes_max);
    const auto file = file_ ? file_->now() : nullptr;
    auto identity = known(upstream, keys, key_id, at);
    if (identity.is_null() && file) identity = file->find(upstream, key_id);
    if (identity.is_null())
        identity = identity_by_profile(keys, file ? file->default_account(upstream) : std::string(), key_id,
                                       credential.session_token);
    std::string account(identity.text("accountId"));
    if (!is_account_id(account)) account = keys.account;
    if (file && identity.text("type") == "Root" && identity.text("userName").empty())
        if (auto alias = file->alias(account); !alias.empty()) {
            // In its place: before the session's members.
            JsonObject members;
            bool placed = false;
            for (const auto& [name, value] : identity.as_object()) {
                if (!placed && name == "sessionContext") {
                    members.emplace_back("userName", alias);
                    placed = true;
                }
                members.emplace_back(name, value);
            }
            if (!placed) members.emplace_back("userName", alias);
            identity = std::move(members);
        }
    return {with_access_key(identity, key_id), std::move(account)};
}

void KnownCallers::learn(const LearnedCall& call) {
    if (book_) book_->learn(call, keys_of(call.upstream).account);
}

}  // namespace cairn::gateway
