#include "view/trail/signing_keys.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/json.h"

namespace cairn::trail {

namespace {

constexpr std::string_view space = "trail";
constexpr auto validity = std::chrono::days(30);
constexpr auto overlap = std::chrono::days(1);

std::string prefix_of(std::string_view region) { return fmt::format("signing/{}/", region); }
std::string key_of(std::string_view region, Time valid_from) {
    return fmt::format("{}{:020}", prefix_of(region), to_milliseconds(valid_from));
}

bool is_valid(const PublicKey& key, Time now) { return key.valid_from <= now && now < key.valid_to; }

}  // namespace

Result<std::vector<SigningKeys::Stored>> SigningKeys::load(Transaction& transaction, std::string_view region) {
    const auto pairs = transaction.scan(space, prefix_of(region), "", std::numeric_limits<std::size_t>::max());
    if (!pairs) return fail(pairs.error());
    std::vector<Stored> keys;
    for (const auto& [key, value] : *pairs) {
        const auto json = parse_json(value);
        const auto der = json ? from_base64(json->text("public")) : std::nullopt;
        const auto sealed = json ? from_base64(json->text("private")) : std::nullopt;
        const auto *from = json ? json->find("from") : nullptr, *to = json ? json->find("to") : nullptr;
        if (!der || der->empty() || !sealed || !from || !to)
            return fail(Code::corrupt, fmt::format("signing key {}: damaged", key));
        keys.push_back({{*der, sign::rsa_fingerprint(*der), from_milliseconds(from->as_integer()),
                         from_milliseconds(to->as_integer())},
                        *sealed});
    }
    return keys;
}

Result<void> SigningKeys::save(Transaction& transaction, std::string_view region, const Stored& key) {
    return transaction.put(space, key_of(region, key.shown.valid_from),
                           to_text(JsonObject{{"public", to_base64(key.shown.der)},
                                              {"private", to_base64(key.sealed)},
                                              {"from", to_milliseconds(key.shown.valid_from)},
                                              {"to", to_milliseconds(key.shown.valid_to)}}));
}

Result<SigningKeys::Key> SigningKeys::unsealed(const Stored& stored) {
    const std::lock_guard lock(mutex_);
    const auto known = std::ranges::find_if(known_, [&](const Key& key) { return key.shown.der == stored.shown.der; });
    if (known != known_.end()) return *known;
    const auto der = box_.open(stored.sealed, stored.shown.fingerprint);
    if (!der) return fail(der.error());
    auto secret = sign::RsaKey::from_private_der(*der);
    if (!secret) return fail(std::move(secret).error());
    known_.push_back({stored.shown, std::make_shared<const sign::RsaKey>(std::move(*secret))});
    return known_.back();
}

Result<SigningKeys::Found> SigningKeys::find(std::string_view region, Time now) {
    std::vector<Stored> keys;
    CAIRN_TRY(store_.view([&](Transaction& transaction) -> Result<void> {
        auto loaded = load(transaction, region);
        if (!loaded) return fail(std::move(loaded).error());
        keys = std::move(*loaded);
        return {};
    }));
    const auto newest = std::find_if(
        keys.rbegin(), keys.rend(), [&](const Stored& key) { return !key.sealed.empty() && is_valid(key.shown, now); });
    if (newest == keys.rend()) return Found{std::nullopt, true};
    auto key = unsealed(*newest);
    if (!key) return fail(std::move(key).error());
    return Found{std::move(*key), newest->shown.valid_to - now <= overlap};
}

Result<SigningKeys::Key> SigningKeys::current(std::string_view region, Time now) {
    const std::lock_guard lock(making_);
    for (int attempt = 0; attempt < 2; ++attempt) {
        auto found = find(region, now);
        if (!found) return fail(std::move(found).error());
        if (!found->wants_new) return std::move(*found->key);
        CAIRN_TRY(add(region, now));
    }
    return fail(Code::internal, fmt::format("no signing key could be made for {}", region));
}

Result<void> SigningKeys::add(std::string_view region, Time now) {
    const auto made = sign::RsaKey::generate();
    const auto from = std::chrono::floor<std::chrono::seconds>(now);
    Stored key{{made.public_der(), "", from, from + validity}, ""};
    key.shown.fingerprint = sign::rsa_fingerprint(key.shown.der);
    key.sealed = box_.seal(made.private_der(), key.shown.fingerprint);
    return store_.transact([&](Transaction& transaction) -> Result<void> {
        auto keys = load(transaction, region);
        if (!keys) return fail(std::move(keys).error());
        for (auto& old : *keys) {
            if (old.shown.valid_to > now || old.sealed.empty()) continue;
            old.sealed.clear();
            CAIRN_TRY(save(transaction, region, old));
        }
        return save(transaction, region, key);
    });
}

Result<std::vector<PublicKey>> SigningKeys::list(std::string_view region, Time from, Time to) const {
    std::vector<PublicKey> shown;
    CAIRN_TRY(store_.view([&](Transaction& transaction) -> Result<void> {
        const auto keys = load(transaction, region);
        if (!keys) return fail(keys.error());
        shown.clear();
        for (const auto& key : *keys)
            if (key.shown.valid_from <= to && key.shown.valid_to >= from) shown.push_back(key.shown);
        return {};
    }));
    return shown;
}

}  // namespace cairn::trail
