#include "follow/leases.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/time.h"

namespace cairn::follow {

namespace {

constexpr std::string_view space = "lease";
constexpr std::uint8_t encoding_version = 1;

struct Held {
    std::uint64_t token = 0;
    std::string holder;  // empty: nobody
    std::int64_t end_ms = 0;
};

Result<Held> read(Transaction& transaction, const std::string& name) {
    const auto value = transaction.get(space, name);
    if (!value) return fail(value.error());
    if (!*value) return Held{};
    ByteReader reader(**value);
    const auto version = reader.integer<std::uint8_t>();
    if (version > encoding_version) return fail(Code::invalid, "lease " + name + ": written by a newer version");
    Held held;
    held.token = reader.integer<std::uint64_t>();
    held.end_ms = reader.integer<std::int64_t>();
    held.holder = reader.text();
    if (!reader.ok() || !reader.rest().empty()) return fail(Code::corrupt, "lease " + name + ": damaged");
    return held;
}

Result<void> write(Transaction& transaction, const std::string& name, const Held& held) {
    std::string value;
    append<std::uint8_t>(value, encoding_version);
    append<std::uint64_t>(value, held.token);
    append<std::int64_t>(value, held.end_ms);
    append_text(value, held.holder);
    return transaction.put(space, name, value);
}

}  // namespace

Result<Lease> StoredLeases::acquire(const std::string& name, const std::string& holder, std::int64_t milliseconds) {
    Lease lease{name, 0};
    const auto taken = store_.transact([&](Transaction& transaction) -> Result<void> {
        auto held = read(transaction, name);
        if (!held) return fail(std::move(held).error());
        const auto now = to_milliseconds(clock_.now());
        if (!held->holder.empty() && held->holder != holder && held->end_ms > now)
            return fail(Code::conflict, fmt::format("lease {} is held by {}", name, held->holder));
        if (held->holder != holder) ++held->token;
        held->holder = holder;
        held->end_ms = now + milliseconds;
        lease.token = held->token;
        return write(transaction, name, *held);
    });
    if (!taken) return fail(taken.error());
    return lease;
}

Result<void> StoredLeases::check(Transaction& transaction, const Lease& lease) {
    const auto held = read(transaction, lease.name);
    if (!held) return fail(held.error());
    if (held->token != lease.token)
        return fail(Code::conflict, fmt::format("lease {} was taken by {}", lease.name, held->holder));
    return {};
}

Result<void> StoredLeases::release(const Lease& lease, const std::string& holder) {
    return store_.transact([&](Transaction& transaction) -> Result<void> {
        auto held = read(transaction, lease.name);
        if (!held) return fail(std::move(held).error());
        if (held->token != lease.token || held->holder != holder) return {};
        return write(transaction, lease.name, {held->token, "", 0});
    });
}

}  // namespace cairn::follow
