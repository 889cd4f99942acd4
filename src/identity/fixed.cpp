#include "identity/fixed.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "identity/ids.h"
#include "identity/principals.h"

namespace cairn::identity {

namespace {

constexpr const char* fixed_description = "in the configuration file";

/// Collects what is wrong with a file: the first finding stays.
class Checker {
public:
    void expect(bool holds, const std::string& where, const std::string& what) {
        if (!holds && result_) result_ = fail(Code::invalid, where + ": " + what);
    }
    void check_policies(const std::vector<std::string>& documents, const std::string& where) {
        const auto policies = parse_policies(documents);
        expect(policies.has_value(), where, policies ? "" : policies.error().message);
    }
    void check_key(const std::string& id, const std::string& secret, const std::string& where) {
        expect(!id.empty() && id.find('/') == std::string::npos, where, fmt::format("\"{}\" is no access key id", id));
        expect(!secret.empty(), where, fmt::format("key {} has no secret", id));
        expect(key_ids_.insert(id).second, where, fmt::format("key {} is there twice", id));
    }
    void check_name(const std::string& name, const std::string& where) {
        expect(!name.empty() && name.find_first_of("/:") == std::string::npos, where,
               fmt::format("\"{}\" is no name", name));
    }
    void check(const FixedAccount& account) {
        const auto where = "account " + account.id;
        expect(is_account_id(account.id), where, "an account id is twelve digits");
        expect(account_ids_.insert(account.id).second, where, "it is there twice");
        for (const auto& key : account.root_keys) check_key(key.id, key.secret, where);
        std::set<std::string> names;
        for (const auto& user : account.users) {
            check(user, where + ", user " + user.name);
            expect(names.insert(user.name).second, where, fmt::format("user {} is there twice", user.name));
        }
        for (const auto& role : account.roles) check(role, where + ", role " + role.name);
    }
    Result<void> result() const { return result_; }

private:
    void check(const FixedAccount::FixedUser& user, const std::string& where) {
        check_name(user.name, where);
        check_policies(user.policies, where);
        for (const auto& key : user.keys) check_key(key.id, key.secret, where);
    }
    void check(const FixedAccount::FixedRole& role, const std::string& where) {
        check_name(role.name, where);
        check_policies(role.policies, where);
        for (const auto& session : role.sessions) {
            check_key(session.access_key_id, session.secret, where);
            expect(!session.session_token.empty(), where,
                   fmt::format("key {} has no session token", session.access_key_id));
        }
    }

    Result<void> result_;
    std::set<std::string> account_ids_, key_ids_;
};

}  // namespace

Result<void> check_fixed(const std::vector<FixedAccount>& accounts) {
    Checker checker;
    for (const auto& account : accounts) checker.check(account);
    return checker.result();
}

Fixed::Fixed(const std::vector<FixedAccount>& accounts) {
    for (const auto& account : accounts) {
        accounts_.push_back(account.id);
        for (const auto& key : account.root_keys)
            add_key(key.id, "",
                    {.principal = root_principal(account.id, key.id), .secret = key.secret, .session_token = {}});
        for (const auto& user : account.users) add_user(account.id, user);
        for (const auto& role : account.roles) add_role(account.id, role);
    }
}

void Fixed::add_key(const std::string& id, const std::string& user, KnownKey found) {
    AccessKey key;
    key.id = id;
    key.account = found.principal.account;
    key.user = user;
    key.description = fixed_description;
    keys_.push_back(std::move(key));
    found_.emplace(id, std::move(found));
}

void Fixed::add_user(const std::string& account, const FixedAccount::FixedUser& fixed) {
    User user;
    user.account = account;
    user.name = fixed.name;
    user.id = named_unique_id("AIDA", account + "/" + fixed.name);
    user.policies = fixed.policies;
    for (const auto& key : fixed.keys)
        add_key(key.id, user.name,
                {.principal = user_principal(user, key.id), .secret = key.secret, .session_token = {}});
    users_.emplace(std::pair(account, fixed.name), std::move(user));
}

void Fixed::add_role(const std::string& account, const FixedAccount::FixedRole& role) {
    const auto id = named_unique_id("AROA", account + "/" + role.name);
    const auto session_name = role.session.empty() ? "session" : role.session;
    for (const auto& session : role.sessions)
        add_key(
            session.access_key_id, role.name + "/" + session_name,
            {.principal = session_principal(account, role.name, id, session_name, role.policies, session.access_key_id),
             .secret = session.secret,
             .session_token = session.session_token});
}

const KnownKey* Fixed::find(std::string_view key_id) const {
    const auto found = found_.find(std::string(key_id));
    return found == found_.end() ? nullptr : &found->second;
}

const User* Fixed::find_user(const std::string& account, const std::string& name) const {
    const auto found = users_.find({account, name});
    return found == users_.end() ? nullptr : &found->second;
}

bool Fixed::has_account(std::string_view account) const {
    return std::ranges::find(accounts_, account) != accounts_.end();
}

std::vector<User> Fixed::users() const {
    std::vector<User> users;
    for (const auto& [place, user] : users_) users.push_back(user);
    return users;
}

}  // namespace cairn::identity
