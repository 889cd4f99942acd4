#include "view/trail/delivery.h"

#include "view/trail/planning.h"
#include "view/trail/putting.h"
#include "view/trail/under_way.h"

namespace cairn::trail {

struct Delivery::Halves {
    Halves(const Parts& parts, const DeliveryOptions& options)
        : under_way{{parts.disk, options.spool_folder}, {parts.disk, {}}, {}, {}},
          planning({parts.find_dictionary, parts.store, parts.trails, parts.keys, parts.key_maker, parts.clock,
                    parts.metrics, under_way},
                   options),
          putting({{parts.log, parts.find_dictionary, parts.trails},
                   parts.trails,
                   parts.buckets,
                   parts.notifier,
                   parts.logs,
                   parts.clock,
                   under_way},
                  options) {}

    UnderWay under_way;
    Planning planning;
    Putting putting;
};

Delivery::Delivery(const Parts& parts, const DeliveryOptions& options)
    : halves_(std::make_unique<Halves>(parts, options)) {}
Delivery::~Delivery() = default;
void Delivery::restart(std::uint64_t) { halves_->planning.restart(); }
Result<follow::View::Planned> Delivery::plan(std::uint64_t from, const std::vector<StoredBlock>& blocks) {
    return halves_->planning.plan(from, blocks);
}
Result<void> Delivery::store(Transaction& transaction, Planned& planned) {
    return halves_->planning.store(transaction, planned);
}
Result<void> Delivery::put(const follow::Plan& plan) { return halves_->putting.put(plan); }
Result<void> Delivery::publish(Transaction& transaction, const follow::Plan& plan, std::vector<follow::Plan>& more) {
    return halves_->putting.publish(transaction, plan, more);
}
Result<bool> Delivery::failed(Transaction& transaction, const follow::Plan& plan, const Error& error) {
    return halves_->putting.failed(transaction, plan, error);
}

}  // namespace cairn::trail
