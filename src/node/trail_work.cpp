#include "node/trail_work.h"

#include <chrono>
#include <future>
#include <optional>
#include <stop_token>
#include <thread>

#include "backend/dir/dir_store.h"
#include "backend/s3/s3_delivery.h"
#include "base/log.h"
#include "follow/follower.h"
#include "node/neighbours.h"
#include "node/remote_s3.h"
#include "sign/seal.h"
#include "view/trail/delivery.h"
#include "view/trail/key_maker.h"
#include "view/trail/signing_keys.h"
#include "view/trail/trails.h"

namespace cairn::node {

namespace {

constexpr int at_once_wait_ms = 20;
constexpr std::chrono::seconds stop_patience{5};

trail::DeliveryOptions delivery_options(const Config& config) {
    trail::DeliveryOptions options;
    options.delivery_interval = config.delivery_interval;
    options.digest_interval = config.digest_interval;
    options.compression = config.trail_compression == "small" ? trail::Compression::small : trail::Compression::fast;
    options.regions = config.regions;
    return options;
}

/// A neighbour that does not answer holds its own workers only.
follow::FollowerOptions follower_options(const Config& config) {
    follow::FollowerOptions options;
    options.workers = options.kind_workers;
    for (const auto* neighbour : {&config.sns, &config.logs})
        options.workers += neighbour->configured() ? options.kind_workers : 0;
    options.holder = "trail";
    options.retry_least_ms = 1000;
    options.retry_most_ms = 3'600'000;
    options.position_pause_ms = 1'000;
    // Windows and files are closed when the view is asked: often enough for the shortest of them.
    if (config.delivery_interval < std::chrono::seconds(1) || config.digest_interval < std::chrono::seconds(10))
        options.idle_wait_ms = at_once_wait_ms;
    return options;
}

std::optional<std::string> region_of_bucket(neighbour::Buckets& buckets, const std::string& name) {
    const auto bucket = buckets.find(name);
    return bucket ? std::optional(bucket->region) : std::nullopt;
}

}  // namespace

struct TrailWork::State {
    State(const Config& config, Parts parts, std::unique_ptr<EmbeddedStore> objects, std::optional<RemoteS3> elsewhere)
        : neighbours(config, parts.clock),
          remote(std::move(elsewhere)),
          box(parts.master_key),
          keys(parts.store, box),
          key_maker(keys, parts.clock),
          trails(parts.store, parts.clock),
          objects(std::move(objects)),
          buckets(parts.store, *this->objects, parts.clock, neighbours.keys(), config.validation == "lenient"),
          remote_buckets(remote ? std::make_unique<S3Delivery>(*remote->store) : nullptr),
          delivery({parts.log, parts.find_dictionary, parts.store, trails, keys, destination(), neighbours.topics(),
                    neighbours.log_groups(), parts.disk, parts.clock, parts.metrics, &key_maker},
                   delivery_options(config)),
          follower({delivery, parts.log, parts.store, nullptr, parts.clock, parts.metrics}, follower_options(config)),
          services{
              trails,
              keys,
              parts.store,
              destination(),
              neighbours.topics(),
              neighbours.log_groups(),
              neighbours.keys(),
              config.regions,
              static_cast<std::size_t>(config.trails_per_region),
              config.validation == "lenient",
              [this](const std::string& bucket) { return remote ? std::nullopt : region_of_bucket(buckets, bucket); },
              remote.has_value()},
          s3_services{.buckets = buckets, .retention = *this->objects, .regions = config.regions} {
        buckets.on_change([this] { follower.retry_now(); });
    }

    DeliveryStore& destination() { return remote_buckets ? static_cast<DeliveryStore&>(*remote_buckets) : buckets; }

    Neighbours neighbours;
    const std::optional<RemoteS3> remote;  ///< where trails deliver to instead of the embedded buckets
    const sign::SecretBox box;
    trail::SigningKeys keys;
    trail::KeyMaker key_maker;
    trail::Trails trails;
    const std::unique_ptr<EmbeddedStore> objects;
    neighbour::Buckets buckets;
    const std::unique_ptr<S3Delivery> remote_buckets;
    trail::Delivery delivery;
    follow::Follower follower;
    const api::TrailServices services;
    const api::S3Services s3_services;
    std::jthread sweeper;  ///< ends first
};

TrailWork::TrailWork(std::unique_ptr<State> state) : state_(std::move(state)) {}
TrailWork::~TrailWork() = default;

Result<std::unique_ptr<TrailWork>> TrailWork::open(const Config& config, Parts parts) {
    auto objects = open_dir_store(parts.disk, buckets_folder, parts.store, parts.clock);
    if (!objects) return fail(std::move(objects).error());
    std::optional<RemoteS3> remote;
    if (config.s3.configured()) {
        auto opened = open_remote_s3(config, parts.clock);
        if (!opened) return fail(std::move(opened).error());
        remote = std::move(*opened);
    }
    auto state = std::make_unique<State>(config, parts, std::move(*objects), std::move(remote));
    CAIRN_TRY(state->trails.load());
    return std::unique_ptr<TrailWork>(new TrailWork(std::move(state)));
}

void TrailWork::start() {
    state_->follower.start();
    state_->sweeper = std::jthread([&objects = *state_->objects](const std::stop_token& stop) {
        if (const auto swept = objects.sweep(stop); !swept)
            log_error("what a crash left in buckets was not all found", {{"reason", swept.error().message}});
    });
}

void TrailWork::stop() {
    state_->sweeper.request_stop();
    const auto stopped = std::async(std::launch::async, [this] { state_->follower.stop(); });
    // One that hangs must not hold the end of the node: what is not delivered now is delivered after the next start.
    if (stopped.wait_for(stop_patience) == std::future_status::timeout) {
        state_->neighbours.give_up();
        if (state_->remote) state_->remote->store->give_up();
    }
    stopped.wait();
}

const api::TrailServices& TrailWork::services() const { return state_->services; }
const api::S3Services& TrailWork::s3_services() const { return state_->s3_services; }
neighbour::Buckets& TrailWork::buckets() { return state_->buckets; }
EmbeddedStore& TrailWork::objects() { return *state_->objects; }
std::uint64_t TrailWork::published() const { return state_->follower.position(); }

}  // namespace cairn::node
