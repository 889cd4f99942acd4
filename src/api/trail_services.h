#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "seam/delivery_store.h"
#include "seam/key_service.h"
#include "seam/log_sink.h"
#include "seam/meta_store.h"
#include "seam/notifier.h"
#include "view/trail/signing_keys.h"
#include "view/trail/trails.h"

namespace cairn::api {

/// What the operations on trails work with; all of it outlives the API.
struct TrailServices {
    trail::Trails& trails;
    trail::SigningKeys& keys;
    MetaStore& store;  ///< for the status of deliveries
    DeliveryStore& buckets;
    Notifier* notifier = nullptr;       ///< null: there is no topic that could be told
    LogSink* logs = nullptr;            ///< null: there is no log group
    KeyService* key_service = nullptr;  ///< null: there is no key
    std::vector<std::string> regions;   ///< that exist
    std::size_t trails_per_region = 5;
    bool lenient = false;  ///< accepts topics, log groups and keys that are not there, as emulators do

    /// Where a bucket lies; an empty answer: that is not known.
    std::function<std::optional<std::string>(const std::string& bucket)> bucket_region = {};
    bool store_has_keys = false;  ///< `buckets` knows keys itself: what one is good for shows when the marker is put

    /// How long the services that a trail names may take together to be tried.
    std::chrono::milliseconds patience{15'000};
};

}  // namespace cairn::api
