#include "view/trail/chain.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"

namespace cairn::trail {

namespace {

constexpr std::string_view space = "trail";
constexpr std::string_view chain_prefix = "chain/";
constexpr auto second = std::chrono::seconds(1);
constexpr auto no_limit = std::numeric_limits<std::size_t>::max();

std::string row_name(const ChainName& name) {
    return fmt::format("{}/{}/{}", name.trail_id, name.account, name.region);
}
std::string chain_key(const ChainName& name) { return fmt::format("{}{}", chain_prefix, row_name(name)); }
std::string file_prefix(const ChainName& name) { return fmt::format("file/{}/", row_name(name)); }

std::optional<ChainName> parse_name(std::string_view key) {
    key.remove_prefix(chain_prefix.size());
    const auto first = key.find('/'), last = key.rfind('/');
    if (first == std::string_view::npos || first == last) return std::nullopt;
    return ChainName{std::string(key.substr(0, first)), std::string(key.substr(first + 1, last - first - 1)),
                     std::string(key.substr(last + 1))};
}

std::int64_t integer(const Json& json, std::string_view name) {
    const auto* member = json.find(name);
    return member ? member->as_integer() : 0;
}

Result<Chain> decode(const std::string& key, std::string_view text) {
    const auto json = parse_json(text);
    if (!json) return fail(Code::corrupt, fmt::format("digest chain {}: {}", key, json.error().message));
    Chain chain;
    chain.active = integer(*json, "active") != 0;
    chain.ending = integer(*json, "ending") != 0;
    chain.ended = from_milliseconds(integer(*json, "ended"));
    chain.window_start = from_milliseconds(integer(*json, "start"));
    chain.window_end = from_milliseconds(integer(*json, "end"));
    chain.last_published_ms = integer(*json, "published");
    chain.open_files = static_cast<std::uint64_t>(integer(*json, "open"));
    chain.late_files = static_cast<std::uint64_t>(integer(*json, "late"));
    if (const auto* previous = json->find("previous"))
        chain.previous = PreviousDigest{std::string(previous->text("bucket")), std::string(previous->text("key")),
                                        std::string(previous->text("hash")), std::string(previous->text("signature"))};
    return chain;
}

std::string encode(const Chain& chain) {
    Json json = JsonObject{{"active", chain.active ? 1 : 0},
                           {"ending", chain.ending ? 1 : 0},
                           {"ended", to_milliseconds(chain.ended)},
                           {"start", to_milliseconds(chain.window_start)},
                           {"end", to_milliseconds(chain.window_end)},
                           {"published", chain.last_published_ms},
                           {"open", chain.open_files},
                           {"late", chain.late_files}};
    if (chain.previous)
        json.set("previous", JsonObject{{"bucket", chain.previous->bucket},
                                        {"key", chain.previous->key},
                                        {"hash", chain.previous->hash},
                                        {"signature", chain.previous->signature}});
    return to_text(json);
}

/// The files published since the last digest. Their rows go with it.
Result<std::vector<LoggedFile>> take_files(Transaction& transaction, const ChainName& name, Time before) {
    const auto rows = transaction.scan(space, file_prefix(name), "", no_limit);
    if (!rows) return fail(rows.error());
    const auto stop = fmt::format("{}{:020}", file_prefix(name), to_milliseconds(before));
    std::vector<LoggedFile> files;
    for (const auto& [key, value] : *rows) {
        if (key >= stop) break;
        const auto json = parse_json(value);
        if (!json) return fail(Code::corrupt, fmt::format("delivered file {}: {}", key, json.error().message));
        files.push_back({std::string(json->text("bucket")), std::string(json->text("key")),
                         std::string(json->text("hash")), from_milliseconds(integer(*json, "newest")),
                         from_milliseconds(integer(*json, "oldest"))});
        CAIRN_TRY(transaction.erase(space, key));
    }
    return files;
}

/// Writes the digest of [window_start, end] and opens the next window.
Result<DigestToDeliver> close_window(Transaction& transaction, const ChainName& name, Chain& chain,
                                     const ChainContext& context, Time end) {
    auto files = take_files(transaction, name, end);
    if (!files) return fail(std::move(files).error());
    const auto& trail = context.trail;
    DigestToDeliver made;
    made.bucket = trail.bucket;
    made.key =
        digest_key({trail.prefix.value_or(""), "", name.account, name.region, trail.name, trail.home_region, end});
    made.digest = sign_digest({name.account, chain.window_start, end, made.bucket, made.key,
                               context.key->shown.fingerprint, chain.previous, std::move(*files)},
                              *context.key->secret);
    chain.previous = PreviousDigest{made.bucket, made.key, made.digest.hash, made.digest.signature};
    chain.window_start = end;
    chain.window_end = end + context.interval;
    chain.last_published_ms = std::max(chain.last_published_ms, to_milliseconds(end));
    return made;
}

/// It goes on, or is over: then all files are counted alike.
void end_ending(Chain& chain) {
    chain.ending = false;
    chain.open_files += std::exchange(chain.late_files, 0);
}

void stop(Chain& chain) {
    end_ending(chain);
    chain.active = false;
    chain.previous.reset();
}

void close_file(Chain& chain, Time planned) {
    auto& count = chain.ending && planned > chain.ended && chain.late_files > 0 ? chain.late_files : chain.open_files;
    if (count > 0) --count;
}

}  // namespace

Result<Chain> load_chain(Transaction& transaction, const ChainName& name) {
    const auto key = chain_key(name);
    const auto value = transaction.get(space, key);
    if (!value) return fail(value.error());
    return *value ? decode(key, **value) : Chain();
}

Result<void> save_chain(Transaction& transaction, const ChainName& name, const Chain& chain) {
    return transaction.put(space, chain_key(name), encode(chain));
}

Result<std::vector<std::pair<ChainName, Chain>>> load_active_chains(Transaction& transaction) {
    const auto rows = transaction.scan(space, chain_prefix, "", no_limit);
    if (!rows) return fail(rows.error());
    std::vector<std::pair<ChainName, Chain>> chains;
    for (const auto& [key, value] : *rows) {
        auto name = parse_name(key);
        auto chain = decode(key, value);
        if (!chain) return fail(std::move(chain).error());
        if (!name) return fail(Code::corrupt, fmt::format("digest chain {}: not a name", key));
        if (chain->active) chains.emplace_back(std::move(*name), std::move(*chain));
    }
    return chains;
}

Result<std::vector<DigestToDeliver>> begin_chain(Transaction& transaction, const ChainName& name,
                                                 const ChainContext& context, Time now) {
    auto chain = load_chain(transaction, name);
    if (!chain) return fail(std::move(chain).error());
    std::vector<DigestToDeliver> digests;
    if (chain->active && !chain->ending) return digests;
    Time begin = std::chrono::floor<std::chrono::seconds>(now);
    // The name of a digest is its end: no chain writes over the last digest of the one before.
    if (!chain->active) begin = std::max<Time>(begin, chain->window_start + second);
    if (chain->active && begin - second <= chain->window_start) {
        end_ending(*chain);  // a starting digest would have the name of the one before
        CAIRN_TRY(save_chain(transaction, name, *chain));
        return digests;
    }
    if (chain->active) {
        auto last = close_window(transaction, name, *chain, context, begin - second);
        if (!last) return fail(std::move(last).error());
        digests.push_back(std::move(*last));
        stop(*chain);
    }
    chain->active = true;
    chain->window_start = begin - context.interval;
    // Files that were published while nobody validated are in no digest.
    auto unseen =
        take_files(transaction, name, Time(std::chrono::milliseconds(std::numeric_limits<std::int64_t>::max())));
    if (!unseen) return fail(std::move(unseen).error());
    if (context.key) {
        auto first = close_window(transaction, name, *chain, context, begin);
        if (!first) return fail(std::move(first).error());
        digests.push_back(std::move(*first));
    } else {
        chain->window_end = begin;
        chain->last_published_ms = std::max(chain->last_published_ms, to_milliseconds(begin));
    }
    CAIRN_TRY(save_chain(transaction, name, *chain));
    return digests;
}

Result<void> end_chain(Transaction& transaction, const ChainName& name, Time now) {
    auto chain = load_chain(transaction, name);
    if (!chain) return fail(std::move(chain).error());
    if (!chain->active || chain->ending) return {};
    chain->ending = true;
    chain->ended = now;
    return save_chain(transaction, name, *chain);
}

Result<std::vector<DigestToDeliver>> close_windows(Transaction& transaction, const ChainName& name,
                                                   const ChainContext& context, Time now, std::size_t digests_max) {
    auto chain = load_chain(transaction, name);
    if (!chain) return fail(std::move(chain).error());
    std::vector<DigestToDeliver> digests;
    while (chain->active && chain->window_end <= now && digests.size() < digests_max) {
        const bool starting = !chain->previous;
        auto made = close_window(transaction, name, *chain, context, chain->window_end);
        if (!made) return fail(std::move(made).error());
        digests.push_back(std::move(*made));
        if (chain->ending && chain->open_files == 0 && !starting) stop(*chain);
    }
    if (!digests.empty()) CAIRN_TRY(save_chain(transaction, name, *chain));
    return digests;
}

Result<void> open_file(Transaction& transaction, const ChainName& name, Time planned) {
    auto chain = load_chain(transaction, name);
    if (!chain) return fail(std::move(chain).error());
    ++(chain->ending && planned > chain->ended ? chain->late_files : chain->open_files);
    return save_chain(transaction, name, *chain);
}

Result<void> add_file(Transaction& transaction, const ChainName& name, const LoggedFile& file, Time planned, Time now) {
    auto chain = load_chain(transaction, name);
    if (!chain) return fail(std::move(chain).error());
    chain->last_published_ms = std::max(chain->last_published_ms + 1, to_milliseconds(now));
    close_file(*chain, planned);
    if (chain->active)
        CAIRN_TRY(transaction.put(space, fmt::format("{}{:020}", file_prefix(name), chain->last_published_ms),
                                  to_text(JsonObject{{"bucket", file.bucket},
                                                     {"key", file.key},
                                                     {"hash", file.hash},
                                                     {"newest", to_milliseconds(file.newest)},
                                                     {"oldest", to_milliseconds(file.oldest)}})));
    return save_chain(transaction, name, *chain);
}

Result<void> drop_file(Transaction& transaction, const ChainName& name, Time planned) {
    auto chain = load_chain(transaction, name);
    if (!chain) return fail(std::move(chain).error());
    close_file(*chain, planned);
    return save_chain(transaction, name, *chain);
}

}  // namespace cairn::trail
