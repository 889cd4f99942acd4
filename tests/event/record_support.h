#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "event/record.h"

/// Parses texts that need not be padded.
class Parse {
public:
    explicit Parse(cairn::RecordLimits limits = {}) : parser_(limits) {}

    cairn::Result<const cairn::EventView*> operator()(std::string_view text) {
        text_.assign(text);
        text_.append(cairn::RecordParser::padding, '\x7f');
        return parser_.parse(std::string_view(text_).substr(0, text.size()));
    }

    /// The view of a text that must be accepted.
    const cairn::EventView& view(std::string_view text) {
        const auto parsed = (*this)(text);
        if (!parsed) {
            ADD_FAILURE() << parsed.error().message << " in " << text.substr(0, 300);
            static const cairn::EventView none;
            return none;
        }
        return **parsed;
    }

    /// The error of a text that must be refused.
    std::string error(std::string_view text) {
        const auto parsed = (*this)(text);
        return parsed ? std::string() : parsed.error().message;
    }

private:
    cairn::RecordParser parser_;
    std::string text_;
};

using Pairs = std::set<std::pair<std::string, std::string>>;

inline Pairs resource_pairs(std::span<const cairn::Resource> resources) {
    Pairs pairs;
    for (const auto& resource : resources) pairs.emplace(resource.type, resource.name);
    EXPECT_EQ(pairs.size(), resources.size()) << "an entry is repeated";
    return pairs;
}

/// A small management record with `members` in front: ,"name":value...
inline std::string record_with(std::string_view members) {
    return R"({"eventVersion":"1.08","eventTime":"2026-01-02T03:04:05Z","eventSource":"ec2.amazonaws.com",)"
           R"("eventName":"StopInstances","awsRegion":"eu-west-1","eventID":"11111111-2222-3333-4444-555555555555",)"
           R"("recipientAccountId":"111122223333")" +
           (members.empty() ? std::string() : "," + std::string(members)) + "}";
}

inline std::string call(std::string_view source, std::string_view name, std::string_view request,
                        std::string_view response = "null") {
    return R"({"eventVersion":"1.08","eventTime":"2026-01-02T03:04:05Z","eventSource":")" + std::string(source) +
           R"(.amazonaws.com","eventName":")" + std::string(name) + R"(","eventID":"e","requestParameters":)" +
           std::string(request) + R"(,"responseElements":)" + std::string(response) + "}";
}
