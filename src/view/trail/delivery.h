#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "event/block.h"
#include "follow/view.h"
#include "seam/clock.h"
#include "seam/delivery_store.h"
#include "seam/disk.h"
#include "seam/event_log.h"
#include "seam/log_sink.h"
#include "seam/notifier.h"
#include "view/trail/delivery_options.h"
#include "view/trail/key_maker.h"
#include "view/trail/signing_keys.h"
#include "view/trail/trails.h"

namespace cairn::trail {

/// Of this view, in the meta store.
inline constexpr std::string_view view_name = "trail";

/// Delivers what trails select: log files and digests to their buckets, a notice for each file to their topics, the
/// records themselves to their log groups. Every selected event is in one file, every file in one digest. Each
/// destination has lanes of its own: "file/", "digest/", "notice/", "logs/", the trail's id, and where it goes.
class Delivery final : public follow::View {
public:
    /// All of them outlive it. Without `notifier` no notices are sent, without `logs` no log group is written to; the
    /// status says so.
    struct Parts {
        EventLog& log;
        FindDictionary find_dictionary;
        MetaStore& store;
        Trails& trails;
        SigningKeys& keys;
        DeliveryStore& buckets;
        Notifier* notifier = nullptr;
        LogSink* logs = nullptr;
        Disk& disk;
        const Clock& clock;
        Metrics& metrics;
        KeyMaker* key_maker = nullptr;  ///< without it a key for digests is made where it is needed, and all waits
    };

    Delivery(const Parts& parts, const DeliveryOptions& options);
    ~Delivery() override;

    std::string name() const override { return std::string(view_name); }
    void restart(std::uint64_t position) override;
    Result<Planned> plan(std::uint64_t from, const std::vector<StoredBlock>& blocks) override;
    Result<void> store(Transaction& transaction, Planned& planned) override;
    Result<void> put(const follow::Plan& plan) override;
    Result<void> publish(Transaction& transaction, const follow::Plan& plan, std::vector<follow::Plan>& more) override;
    Result<bool> failed(Transaction& transaction, const follow::Plan& plan, const Error& error) override;

private:
    struct Halves;
    std::unique_ptr<Halves> halves_;
};

}  // namespace cairn::trail
