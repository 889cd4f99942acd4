#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_server.h"
#include "wire/classify.h"

namespace cairn::gateway {

/// When a client gets its answer: as soon as it comes, or once the call is durably recorded. `intent`: likewise, and
/// the call is not made before it is durable that it may have been.
enum class Mode { observe, closed, intent };

std::string_view name_of(Mode mode);

struct UpstreamOptions {
    std::string name;  ///< in routes, records and metrics
    std::string url;   ///< "http://127.0.0.1:5000", "https://s3.example.com"; no path
    std::string region = "us-east-1", account = "123456789012";  ///< of calls that name none
    wire::ClassifyOptions calls = {};  ///< what kind of server it is, and what its calls do not say themselves
    bool record_admin_paths = true;    ///< calls of the server's own, like MinIO's /minio/admin
    std::string ca_file;               ///< PEM to trust besides the system's
    bool verify_tls = true;
    bool forward_client_ip = false;  ///< append X-Forwarded-For
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds silence_timeout{300'000};  ///< between two bytes of an answer, and before the first
    std::chrono::milliseconds idle_timeout{4'000};       ///< how long an unused connection is kept
    std::chrono::milliseconds continue_timeout{900};     ///< after it the gateway says "100 Continue"; 0: never
    friend bool operator==(const UpstreamOptions&, const UpstreamOptions&) = default;
};

/// A way from a listener to an upstream. Empty members match everything; "*.example.com" matches the names below.
struct Route {
    std::string host, sni, scope_service;
    std::string upstream;  ///< its name
    friend bool operator==(const Route&, const Route&) = default;
};

struct ListenerOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;               ///< 0: any free one, see Gateway::endpoints()
    std::vector<net::TlsFiles> tls = {};  ///< none: plain HTTP; several: chosen by the name that the client asks for
    bool proxy_protocol = false;          ///< trusted peers begin with a PROXY header
    std::chrono::milliseconds head_timeout{30'000};    ///< first byte of a request to the end of its head
    std::chrono::milliseconds client_timeout{60'000};  ///< between two bytes of a request, or taken of an answer
    std::chrono::milliseconds idle_timeout{75'000};    ///< between requests
    std::vector<Route> routes = {};                    ///< the first that matches
    bool forward = false;                              ///< a forward proxy: without `tls` and `routes`
    friend bool operator==(const ListenerOptions&, const ListenerOptions&) = default;
};

/// Of all listeners that are forward proxies.
struct ForwardOptions {
    std::string ca_folder;  ///< of the authority that clients are told to trust; made if absent
    /// Hosts whose calls are recorded; "*.example.com" matches the names below.
    std::vector<std::string> intercept = {"*.amazonaws.com", "*.amazonaws.com.cn", "*.api.aws", "*.on.aws"};
    /// "[PATTERN=][http://|https://]HOST:PORT": where intercepted hosts are really connected to, the first that
    /// matches. Without a scheme as the client asked for; with https the certificate is still that of the host.
    std::vector<std::string> connect_to = {};
    bool tunnel_others = true;  ///< other hosts get a tunnel, unrecorded; else they are refused
    bool tunnel_local = false;  ///< also to addresses for which is_local() says true
    std::size_t tunnels_max = 1000;
    std::chrono::milliseconds tunnel_idle_timeout{600'000};  ///< without a byte in either direction
    UpstreamOptions upstream = {};                           ///< of the intercepted hosts; the url is not used

    ForwardOptions() {
        upstream.name = "aws";
        upstream.calls.profile = wire::UpstreamProfile::aws;
    }
    friend bool operator==(const ForwardOptions&, const ForwardOptions&) = default;
};

struct GatewayOptions {
    Mode mode = Mode::closed;
    bool intent_reads = true;  ///< mode `intent`: also of calls that change nothing
    std::vector<ListenerOptions> listeners = {};
    std::vector<UpstreamOptions> upstreams = {};
    ForwardOptions forward = {};
    std::vector<std::string> trusted_proxies = {};  ///< ranges of addresses
    int threads = 2;
    std::size_t connections_max = 20'000;
    std::size_t copies_bytes_max = 256u << 20;  ///< of the bodies that records are made from, together
    friend bool operator==(const GatewayOptions&, const GatewayOptions&) = default;
};

}  // namespace cairn::gateway
