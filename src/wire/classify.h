#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire/body_form.h"
#include "wire/call_head.h"
#include "wire/credential.h"
#include "wire/operations.h"
#include "wire/own_paths.h"
#include "wire/s3_address.h"

namespace cairn::wire {

/// Says which call a request is, whatever AWS protocol, SDK or signature it comes with. It decides nothing: a call that
/// is not known gets a name all the same. Pure; any thread.

enum class CallProtocol : std::uint8_t {
    unknown,
    json_1_0,
    json_1_1,
    query,
    ec2,
    rest_json,
    rest_xml,
    s3,  ///< rest-xml with S3's own ways
    rpc_cbor,
    rpc_json,
};

/// "json-1.1", "s3" and so on, for logs and metrics.
std::string_view protocol_name(CallProtocol protocol);

struct ClassifyOptions {
    UpstreamProfile profile = UpstreamProfile::generic;
    std::vector<std::string> endpoint_names;  ///< of S3, in lower case: see read_s3_host()
    std::string default_service;              ///< signing name, for requests that do not say; empty: s3
    friend bool operator==(const ClassifyOptions&, const ClassifyOptions&) = default;
};

struct Classified {
    Credential credential;
    CallProtocol protocol = CallProtocol::unknown;
    ServiceFacts service;        ///< false: none that is known
    OperationFacts operation;    ///< false: none that is known
    std::string event_source;    ///< "s3.amazonaws.com"; of a server's own paths a name without amazonaws.com
    std::string event_name;      ///< of an unknown call: from X-Amz-Target, Action, or method and path
    bool read_only = false;      ///< of an unknown call: as its name or method suggests
    std::string_view data_type;  ///< resources.type of a data event; empty: a management event
    OwnPath own_path = OwnPath::none;
    S3Address s3;  ///< of S3's calls; else empty
    BodyForm body;

    bool is_s3() const { return protocol == CallProtocol::s3; }
    bool is_s3_control() const { return service && service.name() == "s3control"; }
};

/// `call.body` should hold the first bytes of a form (64 KB are enough for the query protocol, post_form_bytes_max for
/// an upload); other bodies are not looked at.
Classified classify(const CallHead& call, const ClassifyOptions& options);

/// Whether classify() looks at the body of a request with this head.
bool classification_needs_body(const CallHead& call);

}  // namespace cairn::wire
