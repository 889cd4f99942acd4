#include "wire/generic_parameters.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "net/http.h"
#include "wire/cbor.h"
#include "wire/form_tree.h"

namespace cairn::wire {

namespace {

constexpr int depth_max = 32;
constexpr std::string_view placeholder = "HIDDEN_DUE_TO_SECURITY_REASONS";

std::string with_lower_first(std::string_view name) {
    std::string out(name);
    if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] + 32);
    return out;
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Of the protocol or the signature, and no parameter of the call.
bool is_not_the_calls(std::string_view name) {
    static constexpr std::array<std::string_view, 9> names{"Action",    "Version",         "AWSAccessKeyId",
                                                           "Signature", "SignatureMethod", "SignatureVersion",
                                                           "Timestamp", "Expires",         "SecurityToken"};
    return net::equal_names(name.substr(0, 6), "X-Amz-") ||
           std::ranges::any_of(names, [&](std::string_view one) { return net::equal_names(one, name); });
}

Json shown(const Json& value, int depth) {
    if (depth > depth_max) return nullptr;
    if (value.is_array()) {
        Json out = JsonArray{};
        for (const auto& element : value.as_array()) out.array().push_back(shown(element, depth + 1));
        return out;
    }
    if (!value.is_object()) return value;
    Json out = JsonObject{};
    for (const auto& [name, member] : value.as_object())
        out.set(with_lower_first(name), may_be_secret(name) ? Json(placeholder) : shown(member, depth + 1));
    return out;
}

/// "Tag.member.1.Key" and "Tag.1.Key" are lists, all else are structures.
Json shown(const FormNode& node, bool upper, int depth) {
    if (depth > depth_max) return nullptr;
    if (node.children.empty()) return node.value;
    const auto* list = node.children.size() == 1 ? node.find("member") : nullptr;
    const auto& children = list && !list->children.empty() ? list->children : node.children;
    const bool numbered = std::ranges::all_of(children, [](const auto& child) { return is_number(child.first); });
    Json out = numbered ? Json(JsonArray{}) : Json(JsonObject{});
    for (const auto& [name, child] : children) {
        if (numbered)
            out.array().push_back(shown(child, upper, depth + 1));
        else if (depth > 0 || !is_not_the_calls(name))
            out.set(upper ? name : with_lower_first(name),
                    may_be_secret(name) ? Json(placeholder) : shown(child, upper, depth + 1));
    }
    return out;
}

Json document_of(const Classified& classified, const RequestBody& body) {
    if (!body.whole || body.bytes.empty()) return nullptr;
    const auto document =
        classified.protocol == CallProtocol::rpc_cbor ? parse_cbor(body.bytes) : parse_json(body.bytes);
    return document ? shown(*document, 0) : Json();
}

}  // namespace

bool may_be_secret(std::string_view name) {
    static constexpr std::array<std::string_view, 12> parts{"password",   "passwd",     "passphrase",    "secret",
                                                            "privatekey", "credential", "authorization", "apikey",
                                                            "assertion",  "plaintext",  "userdata",      "signature"};
    static constexpr std::array<std::string_view, 6> harmless{
        "nexttoken", "clienttoken", "clientrequesttoken", "paginationtoken", "continuationtoken", "idempotencytoken"};
    std::string plain;
    for (const char c : name)
        if (c != '_' && c != '-' && c != '.') plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (plain.ends_with("token")) return std::ranges::find(harmless, plain) == harmless.end();
    return std::ranges::any_of(parts, [&](std::string_view part) { return plain.find(part) != std::string::npos; });
}

Json generic_parameters(const CallHead& call, const Classified& classified, const RequestBody& body) {
    const bool form = classified.protocol == CallProtocol::query || classified.protocol == CallProtocol::ec2;
    auto parameters = Parameters::of_query(form && body.whole ? body.bytes : std::string_view());
    if (!form || !parameters.has("Action")) parameters = Parameters::of_query(call.query());
    const bool ec2 = classified.protocol == CallProtocol::ec2;
    auto out = shown(read_form_tree(parameters), ec2, 0);
    if (!out.is_object()) out = JsonObject{};
    if (ec2) {
        if (out.as_object().empty()) out = "";
        return JsonObject{{classified.event_name + "Request", std::move(out)}};
    }
    if (form) return out;
    const auto document = document_of(classified, body);
    for (const auto& [name, value] : document.as_object()) out.set(name, value);
    return out;
}

}  // namespace cairn::wire
