#include "node/fingerprints.h"

#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "event/record.h"

namespace cairn::node {

namespace {

constexpr std::string_view space = "node", entry = "fingerprint_key";
constexpr std::size_t step_bytes = 16 << 20;                                     // of the log, read at a time
constexpr RecordLimits stored_limits{.bytes_max = 64 << 20, .depth_max = 4096};  // whatever was accepted once

struct Remembered {
    std::string key_id;
    std::uint64_t since = 0;
};

/// "KEY_ID SINCE"
Result<std::optional<Remembered>> read_remembered(MetaStore& meta) {
    std::optional<Remembered> remembered;
    CAIRN_TRY(meta.view([&](Transaction& transaction) -> Result<void> {
        auto text = transaction.get(space, entry);
        if (!text) return fail(std::move(text).error());
        remembered.reset();
        if (!*text) return {};
        const auto blank = std::min((*text)->find(' '), (*text)->size());
        Remembered found{(*text)->substr(0, blank), 0};
        const auto* const end = (*text)->data() + (*text)->size();
        if (blank < (*text)->size()) std::from_chars((*text)->data() + blank + 1, end, found.since);
        remembered = std::move(found);
        return {};
    }));
    return remembered;
}

Fingerprint fingerprint_of(const HashKey& key, const EventView& event) {
    return {identity_hash(key, event.account, event.event_id), key.hash128(event.raw)};
}

}  // namespace

Result<Fingerprints> Fingerprints::open(Parts parts) {
    Fingerprints fingerprints(std::move(parts));
    const auto& key_id = fingerprints.parts_.key_id;
    auto& log = fingerprints.parts_.log;
    auto remembered = read_remembered(fingerprints.parts_.meta);
    if (!remembered) return fail(std::move(remembered).error());
    fingerprints.known_ = *remembered && (*remembered)->key_id == key_id;
    if (fingerprints.known_) {
        fingerprints.key_since_ = (*remembered)->since;
    } else if (log.end() > 0 && (*remembered || !fingerprints.is_of_newest_event())) {
        fingerprints.key_since_ = log.end();
        fingerprints.key_changed_ = true;
        log_warning(
            "fingerprint.key is not the key that the log was written with: the fingerprints of what is stored "
            "are made again",
            {{"events", log.end() - log.begin()}});
    }
    return fingerprints;
}

Result<void> Fingerprints::remember() const {
    if (known_) return {};
    return parts_.meta.transact([&](Transaction& transaction) {
        return transaction.put(space, entry, fmt::format("{} {}", parts_.key_id, key_since_));
    });
}

/// True, too, when nothing can be told.
bool Fingerprints::is_of_newest_event() const {
    const auto number = parts_.log.end() - 1;
    std::optional<Fingerprint> stored;
    const auto looked = parts_.log.for_each_fingerprint(
        number, [&](std::uint64_t first_number, std::span<const Fingerprint> fingerprints) {
            if (first_number <= number && number - first_number < fingerprints.size())
                stored = fingerprints[number - first_number];
        });
    auto event = read_event(parts_.log, parts_.find_dictionary, number);
    if (!looked || !stored || !event) return true;
    event->record.reserve(event->record.size() + RecordParser::padding);
    RecordParser parser(stored_limits);
    const auto view = parser.parse(event->record);
    if (!view) return true;
    const auto made = fingerprint_of(parts_.key, **view);
    return made.identity == stored->identity && made.content == stored->content;
}

Result<void> Fingerprints::for_each(std::uint64_t from, const Use& use) const {
    if (from < key_since_) CAIRN_TRY(make_again(from, use));
    return parts_.log.for_each_fingerprint(std::max(from, key_since_),
                                           [&](std::uint64_t number, std::span<const Fingerprint> fingerprints) {
                                               for (const auto& fingerprint : fingerprints) {
                                                   if (number >= key_since_) use(number, fingerprint);
                                                   ++number;
                                               }
                                           });
}

Result<void> Fingerprints::make_again(std::uint64_t from, const Use& use) const {
    RecordParser parser(stored_limits);
    BlockReader::Records records;
    while (from < key_since_) {
        const auto blocks = parts_.log.read(from, step_bytes);
        if (!blocks) return fail(blocks.error());
        if (blocks->empty()) return {};
        for (const auto& block : *blocks) {
            from = block.first_number + block.event_count;
            const auto reader = BlockReader::open(block.bytes, parts_.find_dictionary);
            for (std::uint32_t i = 0; reader && i < reader->sub_block_count(); ++i) {
                if (!reader->read_sub_block(i, records)) continue;
                for (std::size_t k = 0; k < records.ends.size(); ++k) {
                    const auto number = block.first_number + reader->first_of(i) + k;
                    const auto event = parser.parse(records.record(k));
                    if (number < key_since_ && event) use(number, fingerprint_of(parts_.key, **event));
                }
            }
        }
    }
    return {};
}

Result<std::string> remembered_fingerprint_key(MetaStore& meta) {
    auto remembered = read_remembered(meta);
    if (!remembered) return fail(std::move(remembered).error());
    return *remembered ? std::move((*remembered)->key_id) : std::string();
}

}  // namespace cairn::node
