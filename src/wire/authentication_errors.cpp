#include "wire/authentication_errors.h"

#include <algorithm>
#include <array>

namespace cairn::wire {

namespace {

constexpr std::array<std::string_view, 20> codes{"AuthFailure",
                                                 "AuthorizationHeaderMalformed",
                                                 "ExpiredToken",
                                                 "ExpiredTokenException",
                                                 "IncompleteSignature",
                                                 "IncompleteSignatureException",
                                                 "InvalidAccessKeyId",
                                                 "InvalidClientTokenId",
                                                 "InvalidClientTokenIdException",
                                                 "InvalidSignatureException",
                                                 "InvalidToken",
                                                 "MissingAuthenticationToken",
                                                 "MissingAuthenticationTokenException",
                                                 "NotSignedUp",
                                                 "RequestExpired",
                                                 "RequestTimeTooSkewed",
                                                 "SignatureDoesNotMatch",
                                                 "SignatureDoesNotMatchException",
                                                 "TokenRefreshRequired",
                                                 "UnrecognizedClientException"};

}  // namespace

bool is_authentication_error(std::string_view code) {
    if (code.starts_with("Client.")) code.remove_prefix(7);  // EC2's
    return std::ranges::find(codes, code) != codes.end();
}

}  // namespace cairn::wire
