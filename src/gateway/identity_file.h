#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/periodic.h"
#include "base/result.h"

namespace cairn::gateway {

/// Who is behind keys as a file says it: docs/identity.md, "The identity file".
class Identities {
public:
    /// Reads TOML, or JSON if the text begins with "{" or "[". Error: invalid, naming the member.
    static Result<Identities> parse(std::string_view text);

    /// userIdentity without accessKeyId; null when the file does not say.
    Json find(std::string_view upstream, std::string_view key_id) const;

    /// Of keys of `upstream` that do not tell theirs; empty when the file does not say.
    std::string default_account(std::string_view upstream) const;

    /// The alias of an account, which the root user has for a name; may be empty.
    std::string alias(std::string_view account) const;

private:
    Result<void> read_key(const Json& key);
    Result<void> read_account(const Json& account);

    std::map<std::string, Json, std::less<>> keys_;  // by "UPSTREAM\nKEY"; no upstream: of all
    std::map<std::string, std::string, std::less<>> default_accounts_, aliases_;
};

/// The file, read again within two seconds after it has changed. One that cannot be read then is logged, and what it
/// said before stays.
class IdentityFile {
public:
    /// Errors: not_found, invalid; each names the file.
    static Result<std::unique_ptr<IdentityFile>> open(std::string path,
                                                      std::chrono::milliseconds pause = std::chrono::seconds(1));

    /// What it says now. Any thread; does not block.
    std::shared_ptr<const Identities> now() const;

private:
    struct Stamp {
        std::int64_t time = 0;
        std::uintmax_t size = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    explicit IdentityFile(std::string path) : path_(std::move(path)) {}
    Stamp stamp() const;
    Result<void> read();
    void look();

    const std::string path_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Identities> identities_;  // guarded by mutex_
    Stamp read_, seen_;                             // of the thread that reads
    std::optional<Periodic> looking_;
};

}  // namespace cairn::gateway
