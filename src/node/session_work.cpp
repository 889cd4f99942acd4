#include "node/session_work.h"

#include "base/log.h"
#include "follow/follower.h"
#include "view/session/graph.h"
#include "view/session/view.h"

namespace cairn::node {

namespace {

constexpr int catch_up_ms = 2'000;

/// The graph as the gateway sees it.
class GraphBook final : public gateway::KeyBook {
public:
    explicit GraphBook(session::Graph& graph) : graph_(graph) {}

    Json find(std::string_view space, std::string_view key_id, Time at) const override {
        return graph_.find(space, key_id, at);
    }

    void learn(const gateway::LearnedCall& call, std::string_view account) override {
        graph_.learn({.space = call.upstream,
                      .event_source = call.event_source,
                      .event_name = call.event_name,
                      .account = account,
                      .event_id = {},
                      .error_code = {},
                      .error_message = {},
                      .key_id = call.key_id,
                      .user_identity = call.user_identity,
                      .request_parameters = call.request_parameters,
                      .answer = call.answer,
                      .at = call.at});
    }

private:
    session::Graph& graph_;
};

class OwnBook final : public gateway::KeyBook {
public:
    Json find(std::string_view space, std::string_view key_id, Time at) const override {
        return book_.find(space, key_id, at);
    }
    void learn(const gateway::LearnedCall& call, std::string_view account) override { book_.learn(call, account); }

private:
    session::Graph graph_;
    GraphBook book_{graph_};
};

std::vector<std::string> regions_of(const Config& config) {
    auto regions = config.regions;
    regions.push_back(config.region);
    return regions;
}

follow::FollowerOptions follower_options() {
    follow::FollowerOptions options;
    options.workers = 0;  // there are no plans
    options.holder = "session";
    options.position_pause_ms = 60'000;  // the file says where to go on
    return options;
}

}  // namespace

struct SessionWork::State {
    State(const Config& config, Parts parts)
        : log(parts.log),
          view({*graph, parts.disk, session_folder, parts.find_dictionary, parts.store, parts.clock}),
          follower({view, parts.log, parts.store, nullptr, parts.clock, parts.metrics}, follower_options()),
          services{*graph, [this] { follower.wait_for(log.end(), catch_up_ms); }, regions_of(config)} {
        parts.metrics.gauge("cairn_session_keys", "Access keys that the session graph knows.",
                            [known = graph] { return static_cast<double>(known->key_count()); });
        parts.metrics.gauge("cairn_session_forgotten_keys", "Access keys that it had to forget since the start.",
                            [known = graph] { return static_cast<double>(known->forgotten()); });
    }

    EventLog& log;
    const std::shared_ptr<session::Graph> graph = std::make_shared<session::Graph>();  // gauges look at it
    session::SessionView view;
    follow::Follower follower;
    GraphBook book{*graph};
    const api::SessionServices services;
};

SessionWork::SessionWork(std::unique_ptr<State> state) : state_(std::move(state)) {}
SessionWork::~SessionWork() = default;

Result<std::unique_ptr<SessionWork>> SessionWork::open(const Config& config, Parts parts) {
    auto state = std::make_unique<State>(config, parts);
    CAIRN_TRY(state->view.open(parts.log.end()));
    return std::unique_ptr<SessionWork>(new SessionWork(std::move(state)));
}

void SessionWork::start() { state_->follower.start(); }

void SessionWork::stop() {
    state_->follower.stop();
    if (const auto saved = state_->view.save(); !saved)
        log_warning("the session graph is not saved", {{"reason", saved.error().message}});
}

LiveLearner& SessionWork::learner() { return state_->view.learner(state_->log.end()); }
const api::SessionServices& SessionWork::services() const { return state_->services; }
gateway::KeyBook& SessionWork::book() { return state_->book; }
std::uint64_t SessionWork::published() const { return state_->follower.position(); }

std::unique_ptr<gateway::KeyBook> make_key_book() { return std::make_unique<OwnBook>(); }

}  // namespace cairn::node
