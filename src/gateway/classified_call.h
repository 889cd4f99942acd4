#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"
#include "wire/classify.h"

namespace cairn::gateway {

/// The body of a request as a record needs it, whatever it was wrapped in.
class PlainBody {
public:
    /// `sent` outlives it.
    PlainBody(const wire::BodyForm& form, std::string_view sent);
    PlainBody(const PlainBody&) = delete;
    PlainBody& operator=(const PlainBody&) = delete;

    bool readable() const { return readable_; }  ///< false: damaged, or too long once it is unwrapped
    std::string_view bytes() const { return bytes_; }

private:
    std::optional<std::string> unwrapped_;
    bool readable_ = true;
    std::string_view bytes_;
};

/// Which call a request is. `body` is what is there of it, as it was sent.
wire::Classified classify_request(const net::Request& head, std::string_view body,
                                  const wire::ClassifyOptions& options);

/// Whether classify_request() needs the body to say it.
bool needs_body(const net::Request& head);

/// The service of the credential scope, as far as the head tells. Empty if there is none.
std::string scope_service(const net::Request& head);

}  // namespace cairn::gateway
