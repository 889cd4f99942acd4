#pragma once

#include <string>
#include <string_view>

#include "net/http.h"
#include "wire/classify.h"

namespace cairn::gateway {

/// The protocol that the sender of a request understands errors in.
enum class ErrorForm { plain, json, rest_json, xml, ec2, s3, cbor };

/// Of a call whose protocol is not known it is that of its service.
ErrorForm error_form(const wire::Classified& call);

/// Why the gateway itself answers.
struct Refusal {
    int status;                ///< 400 to 599
    std::string_view reason;   ///< for the header x-cairn-error: "upstream_unreachable"
    std::string_view message;  ///< for people; holds nothing that the caller sent
};

/// A finished answer with its body, unless `head_only`, that the SDKs of that protocol read as an error. It says that
/// the connection ends.
std::string refusal_answer(ErrorForm form, const Refusal& refusal, bool head_only);

}  // namespace cairn::gateway
