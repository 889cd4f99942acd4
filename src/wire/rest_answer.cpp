#include <array>

#include "wire/answer_parts.h"
#include "wire/rest_members.h"

namespace cairn::wire {

namespace {

constexpr std::array<std::string_view, 10> shown_headers{
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
    "x-amz-version-id",
    "x-amz-copy-source-version-id",
    "x-amz-delete-marker",
    "x-amz-expiration",
    "x-amz-abort-date",
    "x-amz-abort-rule-id",
    "x-amz-storage-class",
};

}  // namespace

Json rest_members(const Classified& call, const CallAnswer& answer, std::string_view content) {
    const Renderer renderer(call.service);
    const auto output = call.operation.output();
    const bool xml = call.protocol == CallProtocol::rest_xml || call.is_s3();
    Json out = JsonObject{};
    for (const auto member : output.members()) {
        if (member.location() == Location::status)
            renderer.put(out, member, [&] { return Json(answer.status); });
        else if (member.location() == Location::header || member.location() == Location::header_prefix)
            put_header(out, renderer, member, answer.headers);
    }
    if (!content.empty()) put_body(out, renderer, output, content, xml);
    return out;
}

Json s3_write_members(const CallAnswer& answer) {
    Json out = JsonObject{};
    for (const auto name : shown_headers)
        if (const auto value = answer.find(name); !value.empty()) out.set(name, value);
    return out;
}

}  // namespace cairn::wire
