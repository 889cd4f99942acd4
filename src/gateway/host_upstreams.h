#pragma once

#include <chrono>
#include <compare>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "gateway/host_names.h"
#include "gateway/options.h"
#include "gateway/upstream.h"

namespace cairn::gateway {

/// The upstreams of a forward proxy: one for each place that clients ask for, made when the first does. Names are
/// resolved on threads of its own, and again when they are used later. Members may be called from any thread and do not
/// block, but for open() and the end.
class HostUpstreams {
public:
    struct Asked {
        Place place;
        bool recorded = false;  ///< an intercepted host: the upstream `options.upstream`; else one named "other"
        friend auto operator<=>(const Asked&, const Asked&) = default;
    };

    /// Error: invalid, naming what is wrong with connect_to or the CA file. `metrics` outlives it.
    static Result<std::unique_ptr<HostUpstreams>> open(const ForwardOptions& options, Mode mode, Metrics& metrics);
    ~HostUpstreams();
    HostUpstreams(const HostUpstreams&) = delete;
    HostUpstreams& operator=(const HostUpstreams&) = delete;

    /// Null when it is not known: then look_up().
    std::shared_ptr<Upstream> find(const Asked& asked);

    /// Calls `found` once, on a thread of this: with an upstream that has addresses, or has none because the name
    /// cannot be resolved or all are local; with null when too many names wait, or at the end.
    using Found = std::move_only_function<void(std::shared_ptr<Upstream>)>;
    void look_up(Asked asked, Found found);

private:
    static constexpr std::size_t upstreams_max = 4096, waiting_max = 1024;
    static constexpr int threads = 4;
    static constexpr std::chrono::seconds refresh_interval{30};

    struct Redirection {
        std::string pattern;
        UpstreamAddress to;
        std::optional<bool> tls;  // as asked when empty
    };
    struct Known {
        std::shared_ptr<Upstream> upstream;
        Moment resolved{}, used{};
    };
    using Task = std::move_only_function<void(bool)>;  // false: it is not to be done any more

    HostUpstreams(const ForwardOptions& options, std::vector<Redirection> redirections, net::TlsContext tls, Mode mode,
                  Metrics& metrics);

    static Result<Redirection> parse(std::string_view text);
    std::shared_ptr<Upstream> make(const Asked& asked) const;
    std::shared_ptr<Upstream> keep(const Asked& asked, std::shared_ptr<Upstream> made);
    bool post(Task& task);
    void work();

    const ForwardOptions options_;
    const std::vector<Redirection> redirections_;
    const net::TlsContext tls_;
    const Mode mode_;
    Metrics& metrics_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<Asked, Known> known_;  // guarded by mutex_, as all below
    std::deque<Task> tasks_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace cairn::gateway
