#include "backend/credentials/chain.h"

#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "backend/credentials/profile_file.h"
#include "backend/credentials/web_identity.h"

namespace cairn {

namespace {

using Found = Result<std::optional<AccessCredentials>>;

std::string value_of(const Environment& environment, const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? "" : found->second;
}

/// One place to look at.
class Place {
public:
    virtual ~Place() = default;
    virtual std::string name() const = 0;
    virtual Found look() = 0;  ///< empty: nothing is said here
};

class Keys final : public Place {
public:
    Keys(std::string name, AccessCredentials keys) : name_(std::move(name)), keys_(std::move(keys)) {}

    std::string name() const override { return name_; }
    Found look() override {
        if (keys_.access_key_id.empty() && keys_.secret_key.empty()) return std::nullopt;
        if (keys_.access_key_id.empty() || keys_.secret_key.empty())
            return fail(Code::invalid,
                        fmt::format("{}: a key id and a secret go together, one of them is missing", name_));
        return keys_;
    }

private:
    const std::string name_;
    const AccessCredentials keys_;
};

class TokenFile final : public Place {
public:
    TokenFile(std::string name, WebIdentity::Options options, const Clock& clock)
        : name_(std::move(name)),
          file_(options.token_file),
          role_(options.role_arn),
          identity_(std::move(options), clock) {}

    std::string name() const override { return name_; }
    Found look() override {
        if (file_.empty()) return std::nullopt;
        if (role_.empty())
            return fail(Code::invalid, fmt::format("{}: there is a token file {}, but no role", name_, file_));
        auto credentials = identity_.get();
        if (!credentials) return fail(std::move(credentials).error());
        return std::move(*credentials);
    }

private:
    const std::string name_, file_, role_;
    WebIdentity identity_;
};

class Profile final : public Place {
public:
    /// `needed`: it was named, so that it must be there.
    Profile(std::string profile, std::string path, bool needed)
        : profile_(std::move(profile)), path_(std::move(path)), needed_(needed) {}

    std::string name() const override { return fmt::format("profile {} of {}", profile_, path_); }
    Found look() override {
        if (const auto state = state_of_file(); state != read_) {
            const auto settings = read_profile(path_, profile_);
            const auto setting = [&](const char* key) {
                return settings.contains(key) ? settings.at(key) : std::string();
            };
            keys_ = {setting("aws_access_key_id"), setting("aws_secret_access_key"), setting("aws_session_token")};
            read_ = state;
        }
        if (!keys_.access_key_id.empty() && !keys_.secret_key.empty()) return keys_;
        if (needed_ || !keys_.access_key_id.empty())
            return fail(Code::invalid, name() + " has no aws_access_key_id and aws_secret_access_key");
        return std::nullopt;
    }

private:
    struct FileState {
        std::filesystem::file_time_type changed;
        std::uintmax_t size = 0;
        friend bool operator==(const FileState&, const FileState&) = default;
    };

    std::optional<FileState> state_of_file() const {
        std::error_code error;
        const FileState state{std::filesystem::last_write_time(path_, error), std::filesystem::file_size(path_, error)};
        return error ? FileState{} : state;
    }

    const std::string profile_, path_;
    const bool needed_;
    std::optional<FileState> read_;
    AccessCredentials keys_;
};

class Chain final : public CredentialSource {
public:
    explicit Chain(std::vector<std::unique_ptr<Place>> places) : places_(std::move(places)) {}

    Result<AccessCredentials> get() override {
        std::lock_guard lock(mutex_);
        std::string looked_at;
        for (const auto& place : places_) {
            auto found = place->look();
            if (!found) return fail(std::move(found).error());
            if (*found) return std::move(**found);
            looked_at += (looked_at.empty() ? "" : "; ") + place->name();
        }
        return fail(Code::not_found, "no credentials; looked at: " + looked_at);
    }

private:
    std::mutex mutex_;
    const std::vector<std::unique_ptr<Place>> places_;  // looked at under mutex_
};

std::string first_of(std::string one, std::string other) { return one.empty() ? std::move(other) : std::move(one); }

std::string aws_sts(const std::string& region) {
    if (region.empty()) return "https://sts.amazonaws.com";
    return fmt::format("https://sts.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
}

}  // namespace

Environment process_environment() {
    Environment all;
    for (char** entry = ::environ; entry && *entry; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals != std::string_view::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return all;
}

std::unique_ptr<CredentialSource> credential_chain(CredentialOptions options, Environment environment,
                                                   const Clock& clock) {
    const auto variable = [&](const char* name) { return value_of(environment, name); };
    const auto sts =
        first_of(options.sts_endpoint, first_of(variable("AWS_ENDPOINT_URL_STS"), aws_sts(options.region)));
    const auto session = first_of(variable("AWS_ROLE_SESSION_NAME"), "cairn");
    const auto file = first_of(variable("AWS_SHARED_CREDENTIALS_FILE"), variable("HOME") + "/.aws/credentials");
    const auto web_identity = [&](std::string name, std::string token_file, std::string role) {
        return std::make_unique<TokenFile>(
            std::move(name),
            WebIdentity::Options{std::move(token_file), std::move(role), session, sts, options.ca_file}, clock);
    };

    std::vector<std::unique_ptr<Place>> places;
    places.push_back(std::make_unique<Keys>("access_key_id and secret_access_key of the configuration", options.keys));
    places.push_back(web_identity("web_identity_token_file and role_arn of the configuration",
                                  options.web_identity_token_file, options.role_arn));
    if (!options.profile.empty()) places.push_back(std::make_unique<Profile>(options.profile, file, true));
    places.push_back(
        std::make_unique<Keys>("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                               AccessCredentials{variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                                                 variable("AWS_SESSION_TOKEN")}));
    places.push_back(web_identity("AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN",
                                  variable("AWS_WEB_IDENTITY_TOKEN_FILE"), variable("AWS_ROLE_ARN")));
    const auto profile = variable("AWS_PROFILE");
    places.push_back(std::make_unique<Profile>(first_of(profile, "default"), file, !profile.empty()));
    return std::make_unique<Chain>(std::move(places));
}

}  // namespace cairn
