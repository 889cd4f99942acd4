#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/body_form.h"

namespace cairn::wire {

/// Whether the bytes that were sent are not the body itself.
inline bool is_encoded(const BodyForm& form) { return form.gzip || form.framing != BodyForm::Framing::plain; }

/// The body itself: chunk heads, signatures and trailers of aws-chunked taken out, then decompressed. Nothing when that
/// is malformed, or when it is more than 16 MiB or more than a hundred times as long as what was sent.
std::optional<std::string> decoded_body(const BodyForm& form, std::string_view sent);

}  // namespace cairn::wire
