// What a forward proxy is asked: a CONNECT's place has one spelling, and a relayed head is one that parses to the same
// place.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "gateway/proxy_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace gateway = cairn::gateway;
    const std::string head(reinterpret_cast<const char*>(data), size);
    if (const auto place = gateway::read_connect(head)) {
        const bool address = place->host.find(':') != std::string::npos;
        const auto again = gateway::read_place(
            (address ? "[" + place->host + "]" : place->host) + ":" + std::to_string(place->port), 0);
        CAIRN_CHECK(again && *again == *place);
        CAIRN_CHECK(address || gateway::is_host_name(place->host));
    }
    cairn::net::Request request;
    if (!cairn::net::parse_head(head, request)) return 0;
    if (const auto relayed = gateway::read_relayed(head)) {
        cairn::net::Request passed;
        CAIRN_CHECK(cairn::net::parse_head(relayed->head, passed).has_value());
        CAIRN_CHECK(passed.method == request.method && passed.target == request.target);
        CAIRN_CHECK(passed.headers.size() == request.headers.size());
        CAIRN_CHECK(gateway::read_place(passed.find("host"), 80) == relayed->place);
    }
    return 0;
}
