#pragma once

#include <string>
#include <string_view>

#include "wire/operations.h"

namespace cairn::wire {

/// A Host header in lower case, without port and trailing dot.
std::string plain_host(std::string_view host);

/// "192.0.2.1" or "[2001:db8::1]".
bool is_ip_host(std::string_view host);

/// What an endpoint of AWS is called: "portal.sso" and "us-east-1" of "portal.sso.us-east-1.amazonaws.com". Also of
/// amazonaws.com.cn, api.aws and LocalStack's domain. `prefix` is empty for all other hosts.
struct EndpointName {
    std::string_view prefix, region;
};
EndpointName endpoint_of(std::string_view plain_host);

/// The services whose endpoint a host is, "ACCOUNT.s3-control..." and the like among them.
ServiceList services_of_host(std::string_view plain_host);

}  // namespace cairn::wire
