#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "identity/directory.h"
#include "support/fake_clock.h"
#include "support/memory_meta_store.h"

namespace cairn::identity {

inline const std::string home = "111122223333";
inline const std::string other = "444455556666";

inline std::string allow(const std::string& action, const std::string& more = "") {
    return R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":")" + action + R"(","Resource":"*")" +
           more + "}}";
}

inline std::vector<FixedAccount> fixed_accounts() {
    FixedAccount account;
    account.id = home;
    account.root_keys = {{"AKIAFIXEDROOT0000000", "root secret"}};
    account.users = {{"ana", {allow("cloudtrail:LookupEvents")}, {{"AKIAFIXEDANA00000000", "ana secret"}}}};
    account.roles = {
        {"ops", "night", {allow("cairn:*")}, {{"ASIAFIXEDOPS00000000", "ops secret", "ops session token"}}}};
    FixedAccount second;
    second.id = other;
    second.root_keys = {{"AKIAOTHERROOT0000000", "other secret"}};
    return {account, second};
}

class DirectoryTest : public testing::Test {
protected:
    std::unique_ptr<Directory> make(std::vector<FixedAccount> fixed = {}) {
        return std::make_unique<Directory>(store_, sign::SecretBox(std::string(32, 'm')), clock_, std::move(fixed));
    }

    support::MemoryMetaStore store_;
    support::FakeClock clock_;
};

}  // namespace cairn::identity
