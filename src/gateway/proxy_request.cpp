#include "gateway/proxy_request.h"

#include "gateway/head_lines.h"

namespace cairn::gateway {

namespace {

std::unexpected<net::HeadProblem> refuse(const char* text) { return std::unexpected(net::HeadProblem{400, text}); }

/// "GET", "http://host/path", "HTTP/1.1"
struct RequestLine {
    std::string_view method, target, version;
};

RequestLine split(std::string_view line) {
    const auto method_end = line.find(' '), target_end = line.rfind(' ');
    if (method_end == target_end) return {};
    return {line.substr(0, method_end), line.substr(method_end + 1, target_end - method_end - 1),
            line.substr(target_end + 1)};
}

std::string_view host_of(std::string_view head) {
    take_line(head);
    while (const auto line = take_line(head)) {
        const auto field = line->empty() ? std::nullopt : read_field(*line);
        if (!field) break;
        if (net::equal_names(field->name, "host")) return field->value;
    }
    return {};
}

}  // namespace

std::expected<Place, net::HeadProblem> read_connect(std::string_view head) {
    auto rest = head;
    const auto first = take_line(rest);
    if (!first) return refuse("lines of a head end in CRLF");
    const auto line = split(*first);
    if (line.method != "CONNECT") return refuse("malformed request line");
    // All but the target is read as that of any request.
    net::Request request;
    const auto framing = net::parse_head("GET / " + std::string(line.version) + "\r\n" + std::string(rest), request);
    if (!framing) return std::unexpected(framing.error());
    if (framing->has_body()) return refuse("a CONNECT has no body");
    auto place = read_place(line.target, 0);
    if (!place) return refuse("the target of a CONNECT is a host and a port");
    return *std::move(place);
}

std::expected<RelayedHead, net::HeadProblem> read_relayed(std::string_view head) {
    static constexpr std::string_view scheme = "http://";
    auto rest = head;
    const auto first = take_line(rest);
    if (!first) return refuse("lines of a head end in CRLF");
    const auto line = split(*first);
    if (line.target.starts_with('/') || line.target == "*")
        return refuse("this is a forward proxy: it takes CONNECT, and targets that begin with http://");
    if (!net::equal_names(line.target.substr(0, scheme.size()), scheme))
        return refuse("a proxy takes targets that begin with http://; for https there is CONNECT");
    auto path = line.target.substr(scheme.size());
    const auto authority = path.substr(0, path.find_first_of("/?"));
    path.remove_prefix(authority.size());
    const auto place = read_place(authority, 80);
    if (!place) return refuse("malformed request target");
    const auto host = read_place(host_of(head), 80);
    if (!host || *host != *place) return refuse("the Host of a request is that of its target");

    RelayedHead relayed{*place, {}};
    relayed.head.reserve(head.size());
    relayed.head.append(line.method).append(path.starts_with('/') ? " " : " /").append(path);
    relayed.head.append(" ").append(line.version).append("\r\n").append(rest);
    return relayed;
}

}  // namespace cairn::gateway
