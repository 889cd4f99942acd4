#include "identity/directory.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <set>

#include <fmt/format.h>

#include "identity/cache.h"
#include "identity/fixed.h"
#include "identity/ids.h"
#include "identity/principals.h"
#include "identity/stored.h"
#include "sign/digest.h"

namespace cairn::identity {

namespace {

constexpr std::size_t page_count = 500;
constexpr std::size_t name_bytes_max = 64, path_bytes_max = 512, description_bytes_max = 256;

Result<std::uint64_t> read_version(Transaction& transaction) {
    const auto stored = transaction.get(identity_space, version_key);
    if (!stored) return fail(stored.error());
    std::uint64_t version = 0;
    if (!*stored) return version;
    const auto* end = (*stored)->data() + (*stored)->size();
    if (const auto read = std::from_chars((*stored)->data(), end, version); read.ec != std::errc() || read.ptr != end)
        return fail(Code::corrupt, "the version of the directory in the meta store is no number");
    return version;
}

Result<void> grow_version(Transaction& transaction) {
    const auto version = read_version(transaction);
    if (!version) return fail(version.error());
    return transaction.put(identity_space, version_key, std::to_string(*version + 1));
}

Result<void> ensure_account(Transaction& transaction, const std::string& account, Time now) {
    const auto stored = transaction.get(identity_space, account_key(account));
    if (!stored) return fail(stored.error());
    if (*stored) return {};
    return transaction.put(identity_space, account_key(account), encode_account(now));
}

/// Calls `use(rest of the key, value)` for all pairs whose key starts with `prefix`.
template <class Use>
Result<void> for_each(Transaction& transaction, std::string_view prefix, Use&& use) {
    std::string after;
    while (true) {
        const auto page = transaction.scan(identity_space, prefix, after, page_count);
        if (!page) return fail(page.error());
        for (const auto& [key, value] : *page) CAIRN_TRY(use(std::string_view(key).substr(prefix.size()), value));
        if (page->size() < page_count) return {};
        after = page->back().first;
    }
}

Result<std::optional<StoredKey>> read_key(Transaction& transaction, std::string_view id) {
    const auto value = transaction.get(identity_space, key_key(id));
    if (!value) return fail(value.error());
    if (!*value) return std::optional<StoredKey>();
    auto key = decode_key(id, **value);
    if (!key) return fail(std::move(key).error());
    return std::optional(std::move(*key));
}

Result<void> erase_key(Transaction& transaction, const StoredKey& stored) {
    if (!stored.token_hash.empty()) CAIRN_TRY(transaction.erase(identity_space, token_key(stored.token_hash)));
    return transaction.erase(identity_space, key_key(stored.key.id));
}

Result<void> add_key(Transaction& transaction, const StoredKey& stored) {
    const auto present = transaction.get(identity_space, key_key(stored.key.id));
    if (!present) return fail(present.error());
    if (*present) return fail(Code::conflict, fmt::format("key {} exists already", stored.key.id));
    if (!stored.token_hash.empty())
        CAIRN_TRY(transaction.put(identity_space, token_key(stored.token_hash), stored.key.id));
    return transaction.put(identity_space, key_key(stored.key.id), encode_key(stored));
}

std::unexpected<Error> no_key(std::string_view id) {
    return fail(Code::not_found, fmt::format("there is no key {}", id));
}

std::unexpected<Error> no_user(const std::string& account, const std::string& name) {
    return fail(Code::not_found, fmt::format("account {} has no user {}", account, name));
}

/// IAM User Guide, "IAM identifiers": friendly names and paths.
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= name_bytes_max && std::ranges::all_of(text, [](unsigned char letter) {
        return std::isalnum(letter) ||
               std::string_view("_+=,.@-").find(static_cast<char>(letter)) != std::string_view::npos;
    });
}

bool is_path(std::string_view text) {
    return text.starts_with('/') && text.ends_with('/') && text.size() <= path_bytes_max &&
           std::ranges::all_of(text, [](unsigned char letter) { return letter > ' ' && letter < 0x7f; });
}

Result<void> check_account(std::string_view account) {
    if (is_account_id(account)) return {};
    return fail(Code::invalid, fmt::format("\"{}\" is no account id: twelve digits", account));
}

Result<void> check_user(const User& user) {
    CAIRN_TRY(check_account(user.account));
    if (!is_name(user.name)) return fail(Code::invalid, fmt::format("\"{}\" is no user name", user.name));
    if (!is_path(user.path))
        return fail(Code::invalid, fmt::format("user {}: \"{}\" is no path", user.name, user.path));
    for (const auto& document : user.policies)
        if (const auto policy = policy::Policy::parse(document); !policy)
            return fail(Code::invalid, fmt::format("user {}: {}", user.name, policy.error().message));
    return {};
}

Result<void> check_role(const Role& role) {
    CAIRN_TRY(check_account(role.account));
    if (!is_name(role.name)) return fail(Code::invalid, fmt::format("\"{}\" is no role name", role.name));
    for (const auto& document : role.policies)
        if (const auto policy = policy::Policy::parse(document); !policy)
            return fail(Code::invalid, fmt::format("role {}: {}", role.name, policy.error().message));
    return {};
}

Result<void> check_ingest_accounts(const std::vector<std::string>& accounts) {
    if (accounts.empty()) return fail(Code::invalid, "an ingest token needs at least one account to write, or \"*\"");
    for (const auto& account : accounts)
        if (account != "*") CAIRN_TRY(check_account(account));
    return {};
}

Result<void> check_description(const std::string& description) {
    if (description.size() <= description_bytes_max) return {};
    return fail(Code::invalid, fmt::format("a description has at most {} bytes", description_bytes_max));
}

NewKey new_key(const std::string& account, const std::string& user, const std::string& description, Time now) {
    NewKey created;
    created.key.id = new_access_key_id(account);
    created.key.account = account;
    created.key.user = user;
    created.key.created = now;
    created.key.description = description;
    created.secret = new_secret();
    return created;
}

/// A sealed session token cannot be put in the place of a sealed secret.
std::string token_context(std::string_view key_id) { return std::string(key_id) + "/token"; }

NewKey new_session_key(const std::string& account, const std::string& role, const std::string& session,
                       std::chrono::milliseconds lifetime, const std::string& description, Time now) {
    NewKey created;
    created.key.id = new_session_key_id(account);
    created.key.account = account;
    created.key.role = role;
    created.key.session = session;
    if (lifetime.count() > 0) created.key.expires = now + lifetime;
    created.key.created = now;
    created.key.description = description;
    created.secret = new_secret();
    created.session_token = new_session_token();
    return created;
}

NewKey new_token_key(const std::string& account, std::vector<std::string> accounts, const std::string& description,
                     Time now) {
    NewKey created;
    created.key.id = new_token_id();
    created.key.account = account;
    created.key.ingest = true;
    created.key.ingest_accounts = std::move(accounts);
    created.key.created = now;
    created.key.description = description;
    created.secret = new_token();
    return created;
}

}  // namespace

struct Directory::State {
    State(MetaStore& store, sign::SecretBox box, const Clock& clock, const std::vector<FixedAccount>& fixed,
          std::string operator_account)
        : store(store),
          box(std::move(box)),
          clock(clock),
          fixed(fixed),
          operator_account(std::move(operator_account)),
          cache(clock, [this] { return load_head(); }) {}

    Result<Cache::Head> load_head();
    Found complete(Found found) const;
    using Load = std::function<Result<std::optional<Found>>(Transaction&)>;
    Result<std::optional<Found>> find(const std::string& name, const Load& load);
    Result<std::optional<Found>> load_key(Transaction& transaction, std::string_view id, bool ingest);
    Result<std::optional<Principal>> principal_of(Transaction& transaction, const AccessKey& key);

    Result<void> change(const std::function<Result<void>(Transaction&)>& work);
    Result<NewKey> add(NewKey created, const std::function<Result<void>(Transaction&)>& before);
    StoredKey stored_form(const NewKey& created) const;

    MetaStore& store;
    const sign::SecretBox box;
    const Clock& clock;
    const Fixed fixed;
    const std::string operator_account;
    Cache cache;
};

Result<Cache::Head> Directory::State::load_head() {
    Cache::Head head;
    CAIRN_TRY(store.view([&](Transaction& transaction) -> Result<void> {
        const auto version = read_version(transaction);
        if (!version) return fail(version.error());
        const auto account = transaction.get(identity_space, operator_key);
        if (!account) return fail(account.error());
        head = {*version, account->value_or("")};
        return {};
    }));
    if (!operator_account.empty()) head.operator_account = operator_account;
    if (head.operator_account.empty() && !fixed.accounts().empty()) head.operator_account = fixed.accounts().front();
    return head;
}

/// Puts in what does not belong to the key.
Directory::Found Directory::State::complete(Found found) const {
    found.principal.operator_account = found.principal.account == cache.operator_account();
    return found;
}

Result<std::optional<Principal>> Directory::State::principal_of(Transaction& transaction, const AccessKey& key) {
    if (key.ingest) return token_principal(key);
    if (!key.role.empty()) {
        const auto value = transaction.get(identity_space, role_key(key.account, key.role));
        if (!value) return fail(value.error());
        if (!*value) return std::optional<Principal>();
        const auto role = decode_role(key.account, key.role, **value);
        if (!role) return fail(role.error());
        return session_principal(key.account, role->name, role->id, key.session, role->policies, key.id);
    }
    if (key.user.empty()) return root_principal(key.account, key.id);
    if (const auto* user = fixed.find_user(key.account, key.user)) return user_principal(*user, key.id);
    const auto value = transaction.get(identity_space, user_key(key.account, key.user));
    if (!value) return fail(value.error());
    if (!*value) return std::optional<Principal>();
    const auto user = decode_user(key.account, key.user, **value);
    if (!user) return fail(user.error());
    return user_principal(*user, key.id);
}

Result<std::optional<Directory::Found>> Directory::State::load_key(Transaction& transaction, std::string_view id,
                                                                   bool ingest) {
    const auto stored = read_key(transaction, id);
    if (!stored) return fail(stored.error());
    if (!*stored || (*stored)->key.ingest != ingest) return std::optional<Found>();
    auto principal = principal_of(transaction, (*stored)->key);
    if (!principal) return fail(std::move(principal).error());
    if (!*principal) return std::optional<Found>();

    Found found{.principal = std::move(**principal),
                .secret = {},
                .session_token = {},
                .active = (*stored)->key.active,
                .expires = (*stored)->key.expires};
    if (!(*stored)->key.role.empty()) {
        auto token = box.open((*stored)->sealed_token, token_context(id));
        if (!token) return fail(Code::corrupt, fmt::format("key {}: {}", id, token.error().message));
        found.session_token = std::move(*token);
    }
    if (!ingest) {
        auto secret = box.open((*stored)->sealed_secret, id);
        if (!secret) return fail(Code::corrupt, fmt::format("key {}: {}", id, secret.error().message));
        found.secret = std::move(*secret);
    }
    return std::optional(std::move(found));
}

Result<std::optional<Directory::Found>> Directory::State::find(const std::string& name, const Load& load) {
    CAIRN_TRY(cache.refresh());
    if (const auto known = cache.find(name)) return *known ? std::optional(**known) : std::nullopt;

    std::uint64_t version = 0;
    std::optional<Found> found;
    CAIRN_TRY(store.view([&](Transaction& transaction) -> Result<void> {
        const auto stored_version = read_version(transaction);
        if (!stored_version) return fail(stored_version.error());
        version = *stored_version;
        auto loaded = load(transaction);
        if (!loaded) return fail(std::move(loaded).error());
        found = std::move(*loaded);
        return {};
    }));
    cache.remember(name, {version, found ? std::make_shared<const Found>(*found) : nullptr});
    return found;
}

Result<void> Directory::State::change(const std::function<Result<void>(Transaction&)>& work) {
    CAIRN_TRY(store.transact([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(work(transaction));
        return grow_version(transaction);
    }));
    return cache.update();
}

StoredKey Directory::State::stored_form(const NewKey& created) const {
    StoredKey stored{.key = created.key, .sealed_secret = {}, .sealed_token = {}, .token_hash = {}};
    if (created.key.ingest) {
        stored.token_hash = sign::sha256_hex(created.secret);
        return stored;
    }
    stored.sealed_secret = box.seal(created.secret, created.key.id);
    if (!created.key.role.empty()) stored.sealed_token = box.seal(created.session_token, token_context(created.key.id));
    return stored;
}

Result<NewKey> Directory::State::add(NewKey created, const std::function<Result<void>(Transaction&)>& before) {
    const auto stored = stored_form(created);
    auto done = change([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(before(transaction));
        return add_key(transaction, stored);
    });
    if (!done) return fail(std::move(done).error());
    return created;
}

Directory::Directory(MetaStore& store, sign::SecretBox box, const Clock& clock, std::vector<FixedAccount> fixed,
                     std::string operator_account)
    : state_(std::make_unique<State>(store, std::move(box), clock, fixed, std::move(operator_account))) {}

Directory::~Directory() = default;

Result<std::optional<NewKey>> Directory::bootstrap(const std::string& account) {
    CAIRN_TRY(check_account(account));
    const auto created = new_key(account, "", "root key of the first start", state_->clock.now());
    const auto stored = state_->stored_form(created);
    bool first = false;
    CAIRN_TRY(state_->store.transact([&](Transaction& transaction) -> Result<void> {
        const auto present = transaction.get(identity_space, operator_key);
        if (!present) return fail(present.error());
        first = !*present;
        if (!first) return {};
        CAIRN_TRY(ensure_account(transaction, account, created.key.created));
        CAIRN_TRY(transaction.put(identity_space, operator_key, account));
        CAIRN_TRY(add_key(transaction, stored));
        return grow_version(transaction);
    }));
    CAIRN_TRY(state_->cache.update());
    return first ? std::optional(created) : std::nullopt;
}

Result<Directory::Found> Directory::find(std::string_view access_key_id) {
    if (const auto* fixed = state_->fixed.find(access_key_id)) {
        CAIRN_TRY(state_->cache.refresh());
        return state_->complete(*fixed);
    }
    auto found = state_->find(key_key(access_key_id), [&](Transaction& transaction) {
        return state_->load_key(transaction, access_key_id, false);
    });
    if (!found) return fail(std::move(found).error());
    if (!*found) return no_key(access_key_id);
    return state_->complete(std::move(**found));
}

Result<Directory::Found> Directory::find_token(std::string_view token) {
    const auto name = token_key(sign::sha256_hex(token));
    auto found = state_->find(name, [&](Transaction& transaction) -> Result<std::optional<Found>> {
        const auto id = transaction.get(identity_space, name);
        if (!id) return fail(id.error());
        if (!*id) return std::optional<Found>();
        return state_->load_key(transaction, **id, true);
    });
    if (!found) return fail(std::move(found).error());
    if (!*found) return fail(Code::not_found, "there is no such token");
    return state_->complete(std::move(**found));
}

Result<NewKey> Directory::create_key(const std::string& account, const std::string& user,
                                     const std::string& description) {
    CAIRN_TRY(check_account(account));
    CAIRN_TRY(check_description(description));
    const auto now = state_->clock.now();
    return state_->add(new_key(account, user, description, now), [&](Transaction& transaction) -> Result<void> {
        if (user.empty()) return ensure_account(transaction, account, now);
        if (state_->fixed.find_user(account, user)) return {};
        const auto stored = transaction.get(identity_space, user_key(account, user));
        if (!stored) return fail(stored.error());
        return *stored ? Result<void>() : no_user(account, user);
    });
}

Result<NewKey> Directory::create_ingest_token(const std::string& account, std::vector<std::string> accounts,
                                              const std::string& description) {
    CAIRN_TRY(check_account(account));
    CAIRN_TRY(check_ingest_accounts(accounts));
    CAIRN_TRY(check_description(description));
    const auto now = state_->clock.now();
    return state_->add(new_token_key(account, std::move(accounts), description, now),
                       [&](Transaction& transaction) { return ensure_account(transaction, account, now); });
}

Result<NewKey> Directory::create_session(const std::string& account, const std::string& role,
                                         const std::string& session, std::chrono::milliseconds lifetime,
                                         const std::string& description) {
    CAIRN_TRY(check_account(account));
    CAIRN_TRY(check_description(description));
    if (!is_name(session)) return fail(Code::invalid, fmt::format("\"{}\" is no session name", session));
    return state_->add(new_session_key(account, role, session, lifetime, description, state_->clock.now()),
                       [&](Transaction& transaction) -> Result<void> {
                           const auto stored = transaction.get(identity_space, role_key(account, role));
                           if (!stored) return fail(stored.error());
                           if (*stored) return {};
                           return fail(Code::not_found, fmt::format("account {} has no role {}", account, role));
                       });
}

Result<void> Directory::set_active(const std::string& key_id, bool active) {
    if (state_->fixed.find(key_id))
        return fail(Code::conflict, fmt::format("key {} is in the configuration file", key_id));
    return state_->change([&](Transaction& transaction) -> Result<void> {
        auto stored = read_key(transaction, key_id);
        if (!stored) return fail(std::move(stored).error());
        if (!*stored) return no_key(key_id);
        (*stored)->key.active = active;
        return transaction.put(identity_space, key_key(key_id), encode_key(**stored));
    });
}

Result<void> Directory::delete_key(const std::string& key_id) {
    if (state_->fixed.find(key_id))
        return fail(Code::conflict, fmt::format("key {} is in the configuration file", key_id));
    return state_->change([&](Transaction& transaction) -> Result<void> {
        const auto stored = read_key(transaction, key_id);
        if (!stored) return fail(stored.error());
        return *stored ? erase_key(transaction, **stored) : no_key(key_id);
    });
}

Result<std::vector<AccessKey>> Directory::list_keys() {
    std::vector<AccessKey> keys;
    CAIRN_TRY(state_->store.view([&](Transaction& transaction) {
        keys.clear();
        return for_each(transaction, "key/", [&](std::string_view id, std::string_view value) -> Result<void> {
            auto stored = decode_key(id, value);
            if (!stored) return fail(std::move(stored).error());
            if (!state_->fixed.find(id)) keys.push_back(std::move(stored->key));
            return {};
        });
    }));
    keys.insert(keys.end(), state_->fixed.keys().begin(), state_->fixed.keys().end());
    return keys;
}

Result<void> Directory::put_user(const User& user) {
    CAIRN_TRY(check_user(user));
    if (state_->fixed.find_user(user.account, user.name))
        return fail(Code::conflict, fmt::format("user {} is in the configuration file", user.name));
    const auto now = state_->clock.now();
    const auto new_id = user.id.empty() ? new_unique_id("AIDA") : user.id;
    return state_->change([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(ensure_account(transaction, user.account, now));
        const auto place = user_key(user.account, user.name);
        const auto value = transaction.get(identity_space, place);
        if (!value) return fail(value.error());
        auto changed = user;
        changed.id = new_id;
        if (changed.created == Time{}) changed.created = now;
        if (*value) {
            const auto before = decode_user(user.account, user.name, **value);
            if (!before) return fail(before.error());
            changed.id = before->id;
            changed.created = before->created;
        }
        return transaction.put(identity_space, place, encode_user(changed));
    });
}

Result<void> Directory::put_role(const Role& role) {
    CAIRN_TRY(check_role(role));
    const auto now = state_->clock.now();
    const auto new_id = new_unique_id("AROA");
    return state_->change([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(ensure_account(transaction, role.account, now));
        const auto place = role_key(role.account, role.name);
        const auto value = transaction.get(identity_space, place);
        if (!value) return fail(value.error());
        auto changed = role;
        changed.id = new_id;
        changed.created = now;
        if (*value) {
            const auto before = decode_role(role.account, role.name, **value);
            if (!before) return fail(before.error());
            changed.id = before->id;
            changed.created = before->created;
        }
        return transaction.put(identity_space, place, encode_role(changed));
    });
}

Result<void> Directory::delete_user(const std::string& account, const std::string& name) {
    if (state_->fixed.find_user(account, name))
        return fail(Code::conflict, fmt::format("user {} is in the configuration file", name));
    return state_->change([&](Transaction& transaction) -> Result<void> {
        const auto value = transaction.get(identity_space, user_key(account, name));
        if (!value) return fail(value.error());
        if (!*value) return no_user(account, name);
        std::vector<StoredKey> keys;
        CAIRN_TRY(for_each(transaction, "key/", [&](std::string_view id, std::string_view stored) -> Result<void> {
            auto key = decode_key(id, stored);
            if (!key) return fail(std::move(key).error());
            if (key->key.account == account && key->key.user == name) keys.push_back(std::move(*key));
            return {};
        }));
        for (const auto& key : keys) CAIRN_TRY(erase_key(transaction, key));
        return transaction.erase(identity_space, user_key(account, name));
    });
}

Result<std::vector<User>> Directory::list_users() {
    std::map<std::pair<std::string, std::string>, User> users;
    CAIRN_TRY(state_->store.view([&](Transaction& transaction) {
        users.clear();
        return for_each(transaction, "user/", [&](std::string_view place, std::string_view value) -> Result<void> {
            const auto account = place.substr(0, place.find('/'));
            const auto name = place.substr(std::min(account.size() + 1, place.size()));
            auto user = decode_user(account, name, value);
            if (!user) return fail(std::move(user).error());
            users.insert_or_assign({user->account, user->name}, std::move(*user));
            return {};
        });
    }));
    for (auto& user : state_->fixed.users()) users.insert_or_assign({user.account, user.name}, user);
    std::vector<User> list;
    for (auto& [place, user] : users) list.push_back(std::move(user));
    return list;
}

Result<std::vector<std::string>> Directory::accounts() {
    std::set<std::string> ids(state_->fixed.accounts().begin(), state_->fixed.accounts().end());
    CAIRN_TRY(state_->store.view([&](Transaction& transaction) {
        return for_each(transaction, "account/", [&](std::string_view id, std::string_view) -> Result<void> {
            ids.emplace(id);
            return {};
        });
    }));
    return std::vector<std::string>(ids.begin(), ids.end());
}

}  // namespace cairn::identity
