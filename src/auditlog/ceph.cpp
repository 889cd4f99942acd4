#include "auditlog/ceph.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "sign/text.h"

namespace cairn::auditlog {

namespace {

/// "2026-11-21T16:00:00.123456Z"; older gateways write a blank for the T.
std::optional<Time> time_of(const Json& entry) {
    auto text = std::string(entry.text("time"));
    if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
    return parse_time(text);
}

/// Numbers are written as numbers or as text.
std::uint64_t number_of(const Json& entry, std::string_view name) {
    const auto* value = entry.find(name);
    if (!value) return 0;
    if (value->is_integer()) return value->as_integer() > 0 ? static_cast<std::uint64_t>(value->as_integer()) : 0;
    std::uint64_t number = 0;
    const auto& text = value->as_string();
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// How long a call took. What no call takes is what no clock said.
std::chrono::milliseconds duration_of(const Json& entry) {
    constexpr std::chrono::milliseconds longest = std::chrono::weeks(1);
    const auto milliseconds = number_of(entry, "total_time");
    return milliseconds <= static_cast<std::uint64_t>(longest.count()) ? std::chrono::milliseconds(milliseconds)
                                                                       : std::chrono::milliseconds(0);
}

/// "HTTP_X_AMZ_ACL" is x-amz-acl.
std::string header_name(std::string_view variable) {
    if (variable.starts_with("HTTP_")) variable.remove_prefix(5);
    auto name = sign::lower_case(variable);
    std::ranges::replace(name, '_', '-');
    return name;
}

/// Gateways before Quincy write the query twice: "/bucket?policy?policy".
void drop_second_query(std::string& target) {
    const auto begin = target.find('?');
    if (begin == std::string::npos) return;
    const auto query = std::string_view(target).substr(begin + 1);
    const auto half = query.size() / 2;
    if (query.size() % 2 == 1 && query[half] == '?' && query.substr(0, half) == query.substr(half + 1))
        target.resize(begin + 1 + half);
}

/// "GET /bucket/key?acl HTTP/1.1" is a method and a target.
bool read_request_line(std::string_view line, LoggedCall& call) {
    const auto first = line.find(' ');
    if (first == std::string_view::npos) return false;
    call.method = line.substr(0, first);
    line.remove_prefix(first + 1);
    call.target = line.substr(0, line.rfind(" HTTP/"));
    drop_second_query(call.target);
    return call.target.starts_with('/');
}

/// Where the bucket stood in the host's name, the path lacks it. That of a tenant is "tenant/bucket" in the entry; its
/// path has "tenant:bucket" if the client is of another tenant ("RGW Multi-tenancy" of Ceph's documentation).
void make_path_style(std::string_view bucket, std::string& target) {
    if (bucket.empty()) return;
    const auto slash = bucket.rfind('/');
    const auto tenant = std::string(slash == std::string_view::npos ? std::string_view() : bucket.substr(0, slash));
    const auto name = std::string(bucket.substr(slash + 1)), encoded = encode_path(name);
    const auto path = sign::path_of(target);
    const auto begins_with = [&](const std::string& begin) {
        return path.starts_with(begin) && (path.size() == begin.size() || path[begin.size()] == '/');
    };
    const auto tenant_begin = "/" + encode_path(tenant);
    if (begins_with("/" + name) || begins_with("/" + encoded) || begins_with(tenant_begin + ":" + encoded) ||
        begins_with(tenant_begin + "%3A" + encoded))
        return;
    target.insert(0, "/" + encoded);
}

/// The action of a form that went to "/", which the request line does not tell: "create_role" is CreateRole.
std::string action_query(std::string_view operation) {
    std::string action;
    bool upper = true;
    for (const char c : operation) {
        if (c != '_') action += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        upper = c == '_';
    }
    const bool sts = action.starts_with("Assume") || action == "GetSessionToken";
    return "?Action=" + action + (sts ? "&Version=2011-06-15" : "&Version=2010-05-08");
}

/// Sessions of roles say whose they are in `sts_info`.
std::string identity_of(const Json& entry, const Home& home) {
    const auto key_id = entry.text("access_key_id");
    auto user = entry.text("user");
    if (user == "anonymous") user = {};
    const auto* session = entry.find("sts_info");
    const auto role = session ? session->text("role_name") : std::string_view();
    if (role.empty()) return user_identity(user, key_id, home);
    return session_identity(role.substr(role.find('$') + 1), session->text("role_session"), key_id, home);
}

}  // namespace

Result<std::optional<LoggedCall>> read_ceph_entry(const Json& entry, const Home& home) {
    LoggedCall call;
    call.server = wire::UpstreamProfile::ceph;
    if (!read_request_line(entry.text("uri"), call))
        return fail(Code::invalid, "no entry of Ceph's ops log: \"uri\" is no request line");
    const auto began = time_of(entry);
    if (!began) return fail(Code::invalid, "no entry of Ceph's ops log: \"time\" is no date and time");
    const auto operation = entry.text("operation");
    if (call.method == "POST" && call.target == "/" && !operation.empty()) call.target += action_query(operation);
    make_path_style(entry.text("bucket"), call.target);
    if (const auto* headers = entry.find("http_x_headers"))
        for (const auto& header : headers->as_array())
            for (const auto& [name, value] : header.as_object())
                call.headers.emplace_back(header_name(name), value.as_string());
    call.headers.emplace_back("user-agent", entry.text("user_agent"));
    call.status = static_cast<int>(number_of(entry, "http_status"));
    if (call.status >= 300) call.error_code = entry.text("error_code");
    call.request_bytes = number_of(entry, "bytes_received");
    call.response_bytes = number_of(entry, "bytes_sent");
    call.ended = *began + duration_of(entry);
    call.peer_address = entry.text("remote_addr");
    call.request_id = entry.text("trans_id");
    call.user_identity = identity_of(entry, home);
    if (const auto* data = entry.find("op_data"))
        if (const auto* objects = data->find("objects"))
            for (const auto& object : objects->as_array())
                if (const auto* error = object.find("error"); !error || !error->as_bool())
                    call.deleted_keys.emplace_back(object.text("key"));
    return call;
}

}  // namespace cairn::auditlog
