#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/json.h"
#include "view/session/graph.h"

namespace cairn::session {

/// The graph as its file.
inline std::string saved(const Graph& graph, std::uint64_t position) {
    std::string text;
    EXPECT_TRUE(graph.save(position, [&](std::string_view bytes) -> Result<void> {
        text.append(bytes);
        return {};
    }));
    return text;
}

/// Calls as a gateway or a trail shows them, told to a graph.
class Calls {
public:
    explicit Calls(Graph& graph, std::string space = "up", bool from_trail = false)
        : graph_(graph), space_(std::move(space)), from_trail_(from_trail) {}

    /// `identity`, `request` and `answer` are JSON; "" is null.
    struct Call {
        std::string source = "sts.amazonaws.com", name = {};
        std::string key = {}, identity = {}, request = {}, answer = {}, at = "2026-01-02T03:04:05Z";
        std::string event_id = {}, error_message = {};
        bool verified = true;
    };
    void tell(const Call& call) const {
        const auto json = [](const std::string& text) { return text.empty() ? Json() : *parse_json(text); };
        const auto identity = json(call.identity), request = json(call.request), answer = json(call.answer);
        graph_.learn({.space = space_,
                      .event_source = call.source,
                      .event_name = call.name,
                      .account = "111122223333",
                      .event_id = call.event_id,
                      .error_code = call.error_message.empty() ? "" : "AccessDenied",
                      .error_message = call.error_message,
                      .key_id = call.key,
                      .user_identity = &identity,
                      .request_parameters = &request,
                      .answer = &answer,
                      .at = *parse_time(call.at),
                      .from_trail = from_trail_,
                      .verified = call.verified});
    }

    /// `by` takes role ROLE of `account` in session SESSION and gets `key`.
    void assume(const std::string& by, const std::string& by_identity, const std::string& key, const std::string& role,
                const std::string& session, const std::string& at = "2026-01-02T03:04:05Z",
                const std::string& expires = "2026-01-02T04:04:05Z",
                const std::string& account = "111122223333") const {
        tell({.name = "AssumeRole",
              .key = by,
              .identity = by_identity,
              .request = R"({"roleArn":"arn:aws:iam::)" + account + ":role/team/" + role + R"(","roleSessionName":")" +
                         session + R"("})",
              .answer = R"({"credentials":{"accessKeyId":")" + key + R"(","expiration":")" + expires +
                        R"("},"assumedRoleUser":{"assumedRoleId":"AROAEXAMPLE:)" + session +
                        R"(","arn":"arn:aws:sts::)" + account + ":assumed-role/" + role + "/" + session + R"("}})",
              .at = at,
              .event_id = "event-of-" + key});
    }

private:
    Graph& graph_;
    const std::string space_;
    const bool from_trail_;
};

inline Time time_of(const char* text) { return *parse_time(text); }

/// The identity of user `name` as records have it.
inline std::string user(const std::string& name, const std::string& account = "111122223333") {
    return R"({"type":"IAMUser","principalId":"AIDA)" + name + R"(","arn":"arn:aws:iam::)" + account + ":user/" + name +
           R"(","accountId":")" + account + R"(","accessKeyId":"AKIA)" + name + R"(","userName":")" + name + R"("})";
}

}  // namespace cairn::session
