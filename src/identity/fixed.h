#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "identity/principal.h"

namespace cairn::identity {

/// The accounts of the configuration file. Never changes after it is made.
class Fixed {
public:
    explicit Fixed(const std::vector<FixedAccount>& accounts);

    const KnownKey* find(std::string_view key_id) const;
    const User* find_user(const std::string& account, const std::string& name) const;
    bool has_account(std::string_view account) const;

    const std::vector<std::string>& accounts() const { return accounts_; }  ///< in the order of the file
    std::vector<User> users() const;
    const std::vector<AccessKey>& keys() const { return keys_; }

private:
    void add_key(const std::string& id, const std::string& user, KnownKey found);
    void add_user(const std::string& account, const FixedAccount::FixedUser& user);
    void add_role(const std::string& account, const FixedAccount::FixedRole& role);

    std::vector<std::string> accounts_;
    std::map<std::pair<std::string, std::string>, User> users_;
    std::vector<AccessKey> keys_;
    std::unordered_map<std::string, KnownKey> found_;
};

}  // namespace cairn::identity
