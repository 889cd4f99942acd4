#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "seam/delivery_store.h"
#include "seam/meta_store.h"
#include "seam/notifier.h"
#include "view/trail/signing_keys.h"
#include "view/trail/trails.h"

namespace cairn::api {

/// What the operations on trails work with; all of it outlives the API.
struct TrailServices {
    trail::Trails& trails;
    trail::SigningKeys& keys;
    MetaStore& store;                 ///< for the status of deliveries
    DeliveryStore& buckets;
    Notifier* notifier = nullptr;     ///< null: there is no topic that could be told
    std::vector<std::string> regions; ///< that exist
    std::size_t trails_per_region = 5;
    bool lenient = false;             ///< accepts topics, log groups and keys that are not there, as emulators do
};

}  // namespace cairn::api
