#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

#include "base/metrics.h"
#include "base/result.h"
#include "gateway/channel.h"
#include "gateway/options.h"
#include "net/tls.h"

namespace cairn::gateway {

/// Where an URL points.
struct UpstreamAddress {
    bool tls = false;
    std::string host;
    std::uint16_t port = 0;
};
/// Error: invalid: no http or https URL, or one with a path.
Result<UpstreamAddress> parse_upstream_url(std::string_view url);

/// One server behind the gateway, shared by all loops. Members may be called from any thread.
class Upstream : public std::enable_shared_from_this<Upstream> {
public:
    /// Resolves the name; blocks for it. A name that cannot be resolved is tried again by refresh().
    /// Error: invalid, naming url or CA file.
    static Result<std::shared_ptr<Upstream>> open(UpstreamOptions options, Mode mode, Metrics& metrics);

    /// How to get to a server that was not named beforehand.
    struct Way {
        UpstreamAddress server;    ///< whose certificate it is to have
        UpstreamAddress dialled;   ///< that connections are made to
        bool local_too = false;    ///< addresses for which is_local() says true are taken as well
        net::TlsContext tls = {};  ///< for `server.tls`
    };

    /// Without addresses until refresh() has found some. The url of `options` is not used.
    static std::shared_ptr<Upstream> make(UpstreamOptions options, Way way, Mode mode, Metrics& metrics);

    const UpstreamOptions options;
    const UpstreamAddress address;

    /// Resolves the name again. Blocks. False when it cannot be resolved; what was known of it stays then.
    bool refresh();
    void refresh_or_warn();

    std::vector<sockaddr_storage> addresses() const;

    /// Has it addresses, but none that may be connected to?
    bool only_local() const;
    const net::TlsContext& tls() const { return tls_; }

    Counter& calls(int status) { return *calls_[static_cast<std::size_t>(status / 100 % 6)]; }
    Counter &connections, &reused, &retries, &unreachable, &resets, &time_outs, &cut_answers, &gone_clients;
    Counter &received_bytes, &sent_bytes;
    Histogram& seconds;

private:
    Upstream(UpstreamOptions options, Way way, Mode mode, Metrics& metrics);

    const UpstreamAddress dialled_;
    const bool local_too_;
    const net::TlsContext tls_;
    Counter* calls_[6];
    mutable std::mutex mutex_;
    std::vector<sockaddr_storage> addresses_;  // guarded by mutex_
    bool only_local_ = false;                  // guarded by mutex_
};

/// A connection to an upstream, of one loop.
class Link final : public ChannelOwner {
public:
    /// Begins to connect to the `place`-th address. Null when there is none, or no socket to be had.
    static std::shared_ptr<Link> connect(EventLoop& loop, Upstream& upstream, std::size_t place);

    Link(EventLoop& loop, Upstream& upstream, int socket);

    enum class State { connecting, open, failed };
    /// Goes on with connecting and the TLS handshake.
    State state();

    Upstream& upstream;
    const std::shared_ptr<Upstream> upstream_alive;
    Channel channel;
    Moment since{};  ///< of connecting, or of lying idle
    bool reused = false;
    ChannelOwner* user = nullptr;

    void channel_ready() override {
        if (user != nullptr) user->channel_ready();
    }

private:
    State state_ = State::connecting;
    bool connected_ = false;
};

/// The unused connections of one loop: what was used last is used first.
class LinkPool final : public Timed {
public:
    explicit LinkPool(EventLoop& loop) : loop_(loop) { loop_.add_timed(*this); }
    ~LinkPool() override { loop_.remove_timed(*this); }

    /// Null when there is none.
    std::shared_ptr<Link> take(Upstream& upstream);
    void give(std::shared_ptr<Link> link);
    void clear() { idle_.clear(); }

    void tick(Moment now) override;

private:
    static constexpr std::size_t idle_max = 512;
    static bool is_dead(Link& link);

    EventLoop& loop_;
    std::vector<std::shared_ptr<Link>> idle_;
};

}  // namespace cairn::gateway
