#include "wire/stream_failure.h"

#include <vector>

#include <gtest/gtest.h>

namespace cairn::wire {

namespace {

std::string big_endian(std::uint64_t value, int bytes) {
    std::string text;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text.push_back(static_cast<char>(value >> shift));
    return text;
}

std::string header(std::string_view name, std::string_view value, char type = 7) {
    std::string text(1, static_cast<char>(name.size()));
    text.append(name).push_back(type);
    if (type == 6 || type == 7) text += big_endian(value.size(), 2);
    return text.append(value);
}

std::string frame(const std::string& headers, std::string_view payload) {
    const auto total = 12 + headers.size() + payload.size() + 4;
    return big_endian(total, 4) + big_endian(headers.size(), 4) + "CRC1" + headers + std::string(payload) + "CRC2";
}

std::string event(std::string_view payload) {
    return frame(header(":message-type", "event") + header(":event-type", "Records"), payload);
}

CallFailure failure_in(std::string_view stream, std::size_t piece) {
    StreamFailure watch;
    for (std::size_t at = 0; at < stream.size(); at += piece) watch.add(stream.substr(at, piece));
    return watch.failure();
}

}  // namespace

TEST(StreamFailure, IsFoundWhereverBytesAreCut) {
    const auto all_types = header("true", "", 0) + header("false", "", 1) + header("byte", "1", 2) +
                           header("short", "12", 3) + header("int", "1234", 4) + header("long", "12345678", 5) +
                           header("bytes", "anything", 6) + header("time", "12345678", 8) +
                           header("uuid", "0123456789abcdef", 9);
    const struct {
        const char* name;
        std::string stream;
        const char *code, *message;
    } rows[] = {
        {"no frame", "", "", ""},
        {"events alone", event("a") + event("") + event(std::string(100'000, 'x')), "", ""},
        {"an exception",
         event("a") + frame(header(":exception-type", "throttlingException") + header(":message-type", "exception"),
                            R"({"message":"slow down"})"),
         "throttlingException", "slow down"},
        {"an error",
         event("a") + frame(header(":message-type", "error") + header(":error-code", "InternalError") +
                                header(":error-message", "we know"),
                            ""),
         "InternalError", "we know"},
        {"among headers of every type",
         frame(all_types + header(":message-type", "exception") + header(":exception-type", "X"), "{}"), "X", ""},
        {"without a payload", frame(header(":message-type", "exception") + header(":exception-type", "X"), ""), "X",
         ""},
        {"with a payload that is no JSON",
         frame(header(":message-type", "exception") + header(":exception-type", "X"), "no"), "X", ""},
        {"the first counts",
         frame(header(":message-type", "exception") + header(":exception-type", "X"), "{}") +
             frame(header(":message-type", "exception") + header(":exception-type", "Y"), "{}"),
         "X", ""},
        {"a frame without headers",
         frame("", "payload") + frame(header(":message-type", "error") + header(":error-code", "X"), ""), "X", ""},
        {"a frame shorter than itself", big_endian(15, 4) + big_endian(0, 4) + "CRC1" + event("a"), "", ""},
        {"headers longer than their frame", big_endian(20, 4) + big_endian(5, 4) + "CRC1xxxxx", "", ""},
        {"no event stream", std::string(1000, '\xff'), "", ""},
        {"a header that goes on beyond its frame",
         frame(std::string("\x05") + "a", "x") +
             frame(header(":message-type", "error") + header(":error-code", "X"), ""),
         "X", ""},
        {"a header of an unknown type", frame(header("a", "b", 42) + header(":message-type", "error"), ""), "", ""},
    };
    for (const auto& row : rows)
        for (const std::size_t piece : {1, 2, 3, 7, 11, 64, 1'000'000}) {
            const auto failure = failure_in(row.stream, piece);
            EXPECT_EQ(failure.code, row.code) << row.name << ", " << piece << " bytes at a time";
            EXPECT_EQ(failure.message, row.message) << row.name << ", " << piece << " bytes at a time";
        }
}

TEST(StreamFailure, TextsAreBounded) {
    const auto failure =
        failure_in(frame(header(":message-type", "exception") + header(":exception-type", std::string(5000, 'X')),
                         R"({"message":")" + std::string(5000, 'm') + R"("})"),
                   100);
    EXPECT_EQ(failure.code, std::string(1024, 'X'));
    EXPECT_EQ(failure.message, std::string(1024, 'm'));
}

}  // namespace cairn::wire
