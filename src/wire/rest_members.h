#pragma once

#include <span>
#include <string_view>

#include "base/json.h"
#include "wire/call_head.h"
#include "wire/renderer.h"

namespace cairn::wire {

/// What requests and answers of the rest protocols have in common. All put what they find into the object `out`.

/// A member that is a header, or all headers that begin alike.
void put_header(Json& out, const Renderer& renderer, MemberFacts member, std::span<const HeaderView> headers);

/// The member that is the whole body, or those that are in it and nowhere else. Nothing of a body of bytes.
void put_body(Json& out, const Renderer& renderer, ShapeFacts shape, std::string_view body, bool xml);

}  // namespace cairn::wire
