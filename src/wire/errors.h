#pragma once

#include <string>
#include <string_view>

namespace cairn::wire {

/// How a service is spoken to. More will follow (ec2, rest-xml, CBOR).
enum class Protocol { json, rest_json, query };

/// An error as the API answers it. `code` is a name of the table below; the message may hold what the caller sent,
/// never a secret.
struct ApiError {
    std::string code;
    std::string message;
};

/// One row of the table of AWS error codes. The awsJson protocol answers errors of its models with 400 whatever the
/// model declares (docs/api.md, "Errors"); the other protocols use the status of the reference.
struct ErrorKind {
    std::string_view code;        ///< as awsJson and restJson name it
    int json_status;              ///< awsJson
    int status;                   ///< every other protocol
    std::string_view query_code;  ///< as awsQuery names it
};

/// The row of `code`, or that of InternalFailure when there is none.
const ErrorKind& error_kind(std::string_view code);

/// True when the table has a row of that name.
bool known_error(std::string_view code);

int error_status(Protocol protocol, std::string_view code);

}  // namespace cairn::wire
