#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "gateway/callers.h"
#include "gateway/identity_file.h"
#include "gateway/key_book.h"
#include "wire/own_paths.h"

namespace cairn::gateway {

/// Whose keys an upstream takes.
struct UpstreamKeys {
    std::string account;  ///< of calls whose caller's account is not known
    wire::UpstreamProfile profile = wire::UpstreamProfile::generic;
};

/// Who is behind a call, by what is known best (docs/identity.md): calls seen before, the identity file, the account in
/// the key id, what the kind of server says of all its keys.
class KnownCallers final : public Callers {
public:
    /// `upstreams` by name; of others nothing is known. `book` outlives it. `book` and `file` may be null.
    explicit KnownCallers(std::map<std::string, UpstreamKeys, std::less<>> upstreams, KeyBook* book = nullptr,
                          std::unique_ptr<IdentityFile> file = nullptr);

    Caller caller(std::string_view upstream, const wire::Credential& credential, Confidence confidence,
                  Time at) const override;
    void learn(const LearnedCall& call) override;

    /// What is known of upstreams from here on; those that are no longer named keep what was said of them. Any thread.
    void change(std::map<std::string, UpstreamKeys, std::less<>> upstreams);

private:
    UpstreamKeys keys_of(std::string_view upstream) const;
    Json known(std::string_view upstream, const UpstreamKeys& keys, const std::string& key_id, Time at) const;

    mutable std::mutex mutex_;
    std::map<std::string, UpstreamKeys, std::less<>> upstreams_;  // guarded by mutex_
    KeyBook* const book_;
    const std::unique_ptr<IdentityFile> file_;
};

/// userIdentity without accessKeyId by what servers of that kind do with keys that nothing else is known of.
/// `default_account`: what the identity file says of this upstream; may be empty.
Json identity_by_profile(const UpstreamKeys& keys, std::string_view default_account, std::string_view key_id,
                         bool temporary);

}  // namespace cairn::gateway
