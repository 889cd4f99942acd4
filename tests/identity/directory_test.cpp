#include "identity/directory.h"

#include <gtest/gtest.h>

#include <thread>

#include "identity/authenticator.h"
#include "identity/fixture.h"
#include "identity/stored.h"
#include "policy/policy.h"
#include "sign/digest.h"

namespace cairn::identity {
namespace {

using namespace std::chrono_literals;

TEST_F(DirectoryTest, TheFirstStartMakesARootKeyOnce) {
    const auto directory = make();
    const auto first = directory->bootstrap(home);
    ASSERT_TRUE(first && *first);
    EXPECT_EQ((*first)->secret.size(), 40u);

    const auto found = directory->find((*first)->key.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->secret, (*first)->secret);
    EXPECT_EQ(found->session_token, "");
    EXPECT_TRUE(found->active);
    EXPECT_EQ(found->principal.type, PrincipalType::root);
    EXPECT_EQ(found->principal.account, home);
    EXPECT_EQ(found->principal.arn, "arn:aws:iam::111122223333:root");
    EXPECT_EQ(found->principal.principal_id, home);
    EXPECT_TRUE(found->principal.operator_account);

    const auto again = make()->bootstrap(other);
    ASSERT_TRUE(again);
    EXPECT_FALSE(*again);
    EXPECT_EQ(directory->accounts(), std::vector{home});
    EXPECT_FALSE(directory->bootstrap("12"));
}

TEST_F(DirectoryTest, OnlyTheOperatorAccountIsMarked) {
    const auto directory = make(fixed_accounts());
    EXPECT_TRUE(directory->find("AKIAFIXEDROOT0000000")->principal.operator_account);  // the first of the file
    EXPECT_FALSE(directory->find("AKIAOTHERROOT0000000")->principal.operator_account);

    ASSERT_TRUE(directory->bootstrap(other));
    EXPECT_FALSE(directory->find("AKIAFIXEDROOT0000000")->principal.operator_account);
    EXPECT_TRUE(directory->find("AKIAOTHERROOT0000000")->principal.operator_account);
}

TEST_F(DirectoryTest, AnOperatorAccountThatIsGivenComesFirst) {
    Directory directory(store_, sign::SecretBox(std::string(32, 'm')), clock_, fixed_accounts(), other);
    ASSERT_TRUE(directory.bootstrap(home));
    EXPECT_FALSE(directory.find("AKIAFIXEDROOT0000000")->principal.operator_account);
    EXPECT_TRUE(directory.find("AKIAOTHERROOT0000000")->principal.operator_account);
}

TEST_F(DirectoryTest, UsersAndTheirKeys) {
    const auto directory = make();
    EXPECT_EQ(directory->create_key(home, "bob", "").error().code, Code::not_found);

    User bob;
    bob.account = home;
    bob.name = "bob";
    bob.path = "/dev/";
    bob.policies = {allow("cloudtrail:*")};
    ASSERT_TRUE(directory->put_user(bob));
    const auto created = directory->create_key(home, "bob", "laptop");
    ASSERT_TRUE(created);
    EXPECT_EQ(created->key.description, "laptop");

    auto found = directory->find(created->key.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->principal.type, PrincipalType::user);
    EXPECT_EQ(found->principal.arn, "arn:aws:iam::111122223333:user/dev/bob");
    EXPECT_EQ(found->principal.name, "bob");
    EXPECT_TRUE(found->principal.principal_id.starts_with("AIDA"));
    ASSERT_EQ(found->principal.policies.size(), 1u);

    const auto id = found->principal.principal_id;
    bob.policies.clear();
    ASSERT_TRUE(directory->put_user(bob));
    found = directory->find(created->key.id);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->principal.policies.empty());
    EXPECT_EQ(found->principal.principal_id, id);

    ASSERT_TRUE(directory->delete_user(home, "bob"));
    EXPECT_EQ(directory->find(created->key.id).error().code, Code::not_found);
    EXPECT_TRUE(directory->list_keys()->empty());
    EXPECT_EQ(directory->delete_user(home, "bob").error().code, Code::not_found);
}

TEST_F(DirectoryTest, RolesAndTheirSessions) {
    const auto directory = make();
    EXPECT_EQ(directory->create_session(home, "ops", "night", 1h, "").error().code, Code::not_found);

    Role ops;
    ops.account = home;
    ops.name = "ops";
    ops.policies = {allow("cairn:*")};
    ASSERT_TRUE(directory->put_role(ops));
    const auto created = directory->create_session(home, "ops", "night", 1h, "shift");
    ASSERT_TRUE(created) << created.error().message;
    EXPECT_TRUE(created->key.id.starts_with("ASIA"));
    EXPECT_FALSE(created->session_token.empty());
    EXPECT_EQ(created->key.expires, clock_.now() + 1h);

    auto found = make()->find(created->key.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->principal.type, PrincipalType::role_session);
    EXPECT_EQ(found->principal.arn, "arn:aws:sts::111122223333:assumed-role/ops/night");
    EXPECT_TRUE(found->principal.principal_id.starts_with("AROA"));
    EXPECT_TRUE(found->principal.principal_id.ends_with(":night"));
    EXPECT_EQ(found->secret, created->secret);
    EXPECT_EQ(found->session_token, created->session_token);
    EXPECT_EQ(found->expires, created->key.expires);
    const auto id = found->principal.principal_id;

    ops.policies = {allow("cloudtrail:*")};
    ASSERT_TRUE(directory->put_role(ops));
    found = make()->find(created->key.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->principal.principal_id, id);
    EXPECT_EQ(authorize(found->principal, "cloudtrail:LookupEvents", "*", "10.0.0.1"), policy::Decision::allowed);
    EXPECT_NE(authorize(found->principal, "cairn:SearchEvents", "*", "10.0.0.1"), policy::Decision::allowed);

    const auto keys = directory->list_keys();
    ASSERT_TRUE(keys);
    ASSERT_EQ(keys->size(), 1u);
    EXPECT_EQ(keys->front().role, "ops");
    EXPECT_EQ(keys->front().session, "night");
    EXPECT_EQ(directory->create_session(home, "ops", "ever", 0ms, "")->key.expires, Time{});
    EXPECT_FALSE(directory->create_session(home, "ops", "a b", 1h, ""));
    ops.name = "a/b";
    EXPECT_FALSE(directory->put_role(ops));
    ops.name = "ops";
    ops.policies = {"{}"};
    EXPECT_FALSE(directory->put_role(ops));
}

TEST_F(DirectoryTest, RefusesBadUsers) {
    const auto directory = make();
    User user;
    user.account = home;
    user.name = "ana";
    const auto refused = [&](auto change) {
        auto changed = user;
        change(changed);
        const auto result = directory->put_user(changed);
        return !result && result.error().code == Code::invalid;
    };
    EXPECT_TRUE(refused([](User& bad) { bad.account = "12"; }));
    EXPECT_TRUE(refused([](User& bad) { bad.name = ""; }));
    EXPECT_TRUE(refused([](User& bad) { bad.name = "a/b"; }));
    EXPECT_TRUE(refused([](User& bad) { bad.name = std::string(65, 'a'); }));
    EXPECT_TRUE(refused([](User& bad) { bad.path = "dev"; }));
    EXPECT_TRUE(refused([](User& bad) { bad.policies = {"{}"}; }));
    EXPECT_TRUE(directory->put_user(user));
}

TEST_F(DirectoryTest, KeysAreDisabledAndDeleted) {
    const auto directory = make();
    const auto created = directory->create_key(home, "", "");
    ASSERT_TRUE(created);
    EXPECT_TRUE(directory->find(created->key.id)->active);
    ASSERT_TRUE(directory->set_active(created->key.id, false));
    EXPECT_FALSE(directory->find(created->key.id)->active);
    ASSERT_TRUE(directory->set_active(created->key.id, true));
    EXPECT_TRUE(directory->find(created->key.id)->active);
    ASSERT_TRUE(directory->delete_key(created->key.id));
    EXPECT_EQ(directory->find(created->key.id).error().code, Code::not_found);
    EXPECT_EQ(directory->delete_key(created->key.id).error().code, Code::not_found);
    EXPECT_EQ(directory->set_active(created->key.id, true).error().code, Code::not_found);
}

TEST_F(DirectoryTest, IngestTokens) {
    const auto directory = make();
    EXPECT_EQ(directory->create_ingest_token(home, {}, "").error().code, Code::invalid);
    EXPECT_EQ(directory->create_ingest_token(home, {"1"}, "").error().code, Code::invalid);
    const auto created = directory->create_ingest_token(home, {home, other}, "collector");
    ASSERT_TRUE(created);

    const auto found = directory->find_token(created->secret);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->principal.type, PrincipalType::ingest_token);
    EXPECT_EQ(found->principal.access_key_id, created->key.id);
    EXPECT_EQ(found->principal.account, home);
    EXPECT_EQ(directory->find_token(created->key.id).error().code, Code::not_found);
    EXPECT_EQ(directory->find_token("").error().code, Code::not_found);
    EXPECT_EQ(directory->find(created->key.id).error().code, Code::not_found);  // signs nothing

    ASSERT_TRUE(directory->set_active(created->key.id, false));
    EXPECT_FALSE(directory->find_token(created->secret)->active);
    ASSERT_TRUE(directory->delete_key(created->key.id));
    EXPECT_EQ(directory->find_token(created->secret).error().code, Code::not_found);
}

TEST_F(DirectoryTest, NothingSecretIsStored) {
    const auto directory = make();
    const auto root = directory->bootstrap(home);
    const auto key = directory->create_key(home, "", "");
    const auto token = directory->create_ingest_token(home, {"*"}, "");
    ASSERT_TRUE(root && *root && key && token);
    const auto stored = store_.dump();
    EXPECT_EQ(stored.find((*root)->secret), std::string::npos);
    EXPECT_EQ(stored.find(key->secret), std::string::npos);
    EXPECT_EQ(stored.find(token->secret), std::string::npos);
    EXPECT_NE(stored.find(sign::sha256_hex(token->secret)), std::string::npos);
}

TEST_F(DirectoryTest, ASealedSecretBelongsToItsKeyAndMaster) {
    const auto created = make()->create_key(home, "", "");
    ASSERT_TRUE(created);
    Directory stranger(store_, sign::SecretBox(std::string(32, 'x')), clock_, {});
    EXPECT_EQ(stranger.find(created->key.id).error().code, Code::corrupt);

    const auto copied = store_.transact([&](Transaction& transaction) -> Result<void> {
        const auto value = transaction.get(identity_space, key_key(created->key.id));
        return transaction.put(identity_space, key_key("AKIACOPY000000000000"), **value);
    });
    ASSERT_TRUE(copied);
    EXPECT_EQ(make()->find("AKIACOPY000000000000").error().code, Code::corrupt);
}

TEST_F(DirectoryTest, TheFileWins) {
    User ana;
    ana.account = home;
    ana.name = "ana";
    const auto before = make();
    ASSERT_TRUE(before->put_user(ana));
    const auto key = before->create_key(home, "ana", "");
    ASSERT_TRUE(key);

    const auto directory = make(fixed_accounts());
    const auto found = directory->find(key->key.id);  // a key of the store, the policies of the file
    ASSERT_TRUE(found);
    EXPECT_EQ(found->principal.policies.size(), 1u);
    EXPECT_EQ(directory->find("AKIAFIXEDANA00000000")->secret, "ana secret");
    EXPECT_EQ(directory->find("AKIAFIXEDANA00000000")->principal.principal_id, found->principal.principal_id);

    EXPECT_EQ(directory->put_user(ana).error().code, Code::conflict);
    EXPECT_EQ(directory->delete_user(home, "ana").error().code, Code::conflict);
    EXPECT_EQ(directory->set_active("AKIAFIXEDANA00000000", false).error().code, Code::conflict);
    EXPECT_EQ(directory->delete_key("AKIAFIXEDANA00000000").error().code, Code::conflict);
    EXPECT_TRUE(directory->create_key(home, "ana", ""));

    EXPECT_EQ(directory->accounts(), (std::vector{home, other}));
    const auto users = directory->list_users();
    ASSERT_TRUE(users);
    ASSERT_EQ(users->size(), 1u);
    EXPECT_EQ(users->front().policies.size(), 1u);
    EXPECT_EQ(directory->list_keys()->size(), 6u);
}

TEST_F(DirectoryTest, SessionsOfTheFile) {
    const auto found = make(fixed_accounts())->find("ASIAFIXEDOPS00000000");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->session_token, "ops session token");
    EXPECT_EQ(found->principal.type, PrincipalType::role_session);
    EXPECT_EQ(found->principal.arn, "arn:aws:sts::111122223333:assumed-role/ops/night");
    EXPECT_EQ(found->principal.name, "night");
    EXPECT_TRUE(found->principal.principal_id.starts_with("AROA"));
    EXPECT_TRUE(found->principal.principal_id.ends_with(":night"));
}

TEST_F(DirectoryTest, ChangesOfOtherProcessesShowWithinASecond) {
    const auto one = make();
    const auto two = make();
    const auto key = one->create_key(home, "", "");
    ASSERT_TRUE(key);
    ASSERT_TRUE(two->find(key->key.id));
    ASSERT_EQ(two->find("AKIAUNKNOWN").error().code, Code::not_found);

    const auto views = store_.view_count();
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(two->find(key->key.id));
        ASSERT_FALSE(two->find("AKIAUNKNOWN"));
    }
    EXPECT_EQ(store_.view_count(), views);  // from memory

    ASSERT_TRUE(one->set_active(key->key.id, false));
    EXPECT_FALSE(one->find(key->key.id)->active);
    EXPECT_TRUE(two->find(key->key.id)->active);
    clock_.advance(1s);
    EXPECT_FALSE(two->find(key->key.id)->active);

    clock_.advance(-24h);
    ASSERT_TRUE(one->set_active(key->key.id, true));
    EXPECT_TRUE(two->find(key->key.id)->active);  // the clock jumped back: ask at once
}

TEST_F(DirectoryTest, WhatIsInMemoryOutlivesAFailingStore) {
    const auto directory = make();
    const auto key = directory->create_key(home, "", "");
    ASSERT_TRUE(key);
    ASSERT_TRUE(directory->find(key->key.id));
    store_.fail_with(Error{Code::unavailable, "no store"});
    clock_.advance(5s);
    EXPECT_TRUE(directory->find(key->key.id));
    EXPECT_EQ(directory->find("AKIAUNKNOWN").error().code, Code::unavailable);
    EXPECT_EQ(make()->find(key->key.id).error().code, Code::unavailable);
    EXPECT_EQ(directory->delete_key(key->key.id).error().code, Code::unavailable);
    store_.fail_with(std::nullopt);
    EXPECT_TRUE(directory->delete_key(key->key.id));
}

TEST_F(DirectoryTest, ANewerFormIsRefused) {
    ASSERT_TRUE(store_.transact([](Transaction& transaction) {
        return transaction.put(identity_space, key_key("AKIANEWER"), R"({"v":3,"account":"111122223333"})");
    }));
    const auto found = make()->find("AKIANEWER");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::unavailable);
    EXPECT_NE(found.error().message.find("version 3"), std::string::npos);
}

TEST_F(DirectoryTest, APolicyThatCannotBeReadAllowsNothing) {
    auto fixed = fixed_accounts();
    fixed[0].users[0].policies.push_back("{}");
    EXPECT_TRUE(make(fixed)->find("AKIAFIXEDANA00000000")->principal.policies.empty());
}

TEST_F(DirectoryTest, ManyThreadsSeeEveryChange) {
    const auto directory = make();
    const auto key = directory->create_key(home, "", "");
    ASSERT_TRUE(key);
    std::atomic<bool> done = false;
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            while (!done) {
                ASSERT_TRUE(directory->find(key->key.id));
                clock_.advance(100ms);
            }
        });
    }
    for (int i = 0; i < 300; ++i) {
        ASSERT_TRUE(directory->set_active(key->key.id, i % 2 == 0));
        ASSERT_EQ(directory->find(key->key.id)->active, i % 2 == 0);
    }
    done = true;
    for (auto& reader : readers) reader.join();
}

TEST(CheckFixed, NamesWhatIsWrong) {
    EXPECT_TRUE(check_fixed(fixed_accounts()));
    const auto message = [](auto change) {
        auto accounts = fixed_accounts();
        change(accounts);
        const auto result = check_fixed(accounts);
        return result ? std::string() : result.error().message;
    };
    using Accounts = std::vector<FixedAccount>;
    const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
    EXPECT_TRUE(has(message([](Accounts& bad) { bad[1].id = "12"; }), "twelve digits"));
    EXPECT_TRUE(has(message([](Accounts& bad) { bad[1].id = home; }), "twice"));
    EXPECT_TRUE(has(message([](Accounts& bad) { bad[1].root_keys[0].id = "AKIAFIXEDANA00000000"; }), "twice"));
    EXPECT_TRUE(has(message([](Accounts& bad) { bad[0].users[0].policies = {"{}"}; }), "user ana"));
    EXPECT_TRUE(
        has(message([](Accounts& bad) { bad[0].users.push_back({"ana", {}, {}}); }), "user ana is there twice"));
    EXPECT_TRUE(has(message([](Accounts& bad) { bad[0].roles[0].sessions[0].session_token = ""; }), "session token"));
    EXPECT_TRUE(has(message([](Accounts& bad) { bad[0].root_keys[0].secret = ""; }), "secret"));
}

}  // namespace
}  // namespace cairn::identity
