#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "base/json.h"
#include "seam/delivery_store.h"
#include "seam/meta_store.h"
#include "seam/notifier.h"
#include "view/trail/signing_keys.h"
#include "view/trail/trails.h"
#include "wire/errors.h"

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

/// An operation on trails: `input` has the types of the model. Answers its output, as Model::write takes it. Blocks.
using TrailOperation = std::expected<Json, wire::ApiError> (*)(const TrailServices&, const Call&, const Json& input);

/// Null when it is none of these.
TrailOperation find_trail_operation(std::string_view operation);

/// What a policy must allow the operation on: the ARN of the trail it names, or "*".
std::string trail_resource(std::string_view operation, const Call& call, const Json& input);

}  // namespace cairn::api
