#include "view/history/token.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace cairn::history {

namespace {

constexpr std::uint8_t version = 1;

}  // namespace

std::string Token::encode() const {
    std::string bytes;
    append(bytes, version);
    append(bytes, search);
    append(bytes, number_bound);
    append(bytes, after.time_ms);
    append(bytes, after.number);
    append_text(bytes, after.event_id);
    append(bytes, crc32c(bytes));
    return to_base64(bytes);
}

Result<Token> Token::decode(std::string_view text) {
    const auto wrong = [] { return fail(Code::invalid, "the token is not one of this service"); };
    const auto bytes = from_base64(text);
    if (!bytes || bytes->size() < sizeof(std::uint32_t)) return wrong();
    const auto content = std::string_view(*bytes).substr(0, bytes->size() - sizeof(std::uint32_t));
    if (load<std::uint32_t>(bytes->data() + content.size()) != crc32c(content)) return wrong();
    ByteReader reader(content);
    if (reader.integer<std::uint8_t>() != version) return wrong();
    Token token;
    token.search = reader.integer<std::uint64_t>();
    token.number_bound = reader.integer<std::uint64_t>();
    token.after.time_ms = reader.integer<std::int64_t>();
    token.after.number = reader.integer<std::uint64_t>();
    token.after.event_id = reader.text();
    if (!reader.ok() || !reader.rest().empty() || token.after.event_id.size() > order_id_bytes) return wrong();
    return token;
}

}  // namespace cairn::history
