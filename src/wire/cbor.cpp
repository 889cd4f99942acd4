#include "wire/cbor.h"

#include <bit>
#include <cmath>
#include <optional>

#include "base/bytes.h"

namespace cairn::wire {

namespace {

constexpr int depth_max = 64;
constexpr unsigned indefinite = 31, break_byte = 0xff;

/// A half-precision number (RFC 8949, Appendix D).
double half(unsigned bits) {
    const unsigned exponent = bits >> 10 & 0x1f, mantissa = bits & 0x3ff;
    const double size = exponent == 0    ? std::ldexp(mantissa, -24)
                        : exponent != 31 ? std::ldexp(mantissa + 1024, static_cast<int>(exponent) - 25)
                        : mantissa == 0  ? INFINITY
                                         : NAN;
    return bits & 0x8000 ? -size : size;
}

Json number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    return value;
}

class CborReader {
public:
    explicit CborReader(std::string_view bytes) : bytes_(bytes) {}

    Result<Json> read() {
        auto value = item(0);
        if (!value) return fail(Code::invalid, "malformed cbor");
        if (!bytes_.empty()) return fail(Code::invalid, "bytes behind the cbor item");
        return *std::move(value);
    }

private:
    using Found = std::optional<Json>;

    std::optional<std::uint64_t> big_endian(std::size_t size) {
        if (bytes_.size() < size) return std::nullopt;
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes_[i]);
        bytes_.remove_prefix(size);
        return value;
    }

    std::optional<std::uint64_t> argument(unsigned info) {
        if (info < 24) return info;
        return info <= 27 ? big_endian(std::size_t{1} << (info - 24)) : std::nullopt;
    }

    bool at_break() {
        if (bytes_.empty() || static_cast<unsigned char>(bytes_[0]) != break_byte) return false;
        bytes_.remove_prefix(1);
        return true;
    }

    Found item(int depth) {
        if (bytes_.empty() || depth > depth_max) return std::nullopt;
        const auto first = static_cast<unsigned char>(bytes_[0]);
        bytes_.remove_prefix(1);
        const unsigned major = first >> 5, info = first & 0x1f;
        if (major == 7) return simple(info);
        if (major == 2 || major == 3) {
            const auto content = text(major, info);
            if (!content) return std::nullopt;
            return major == 2 ? to_base64(*content) : *content;
        }
        if (major == 4) return list(info, depth);
        if (major == 5) return map(info, depth);
        const auto value = argument(info);
        if (!value) return std::nullopt;
        if (major == 6) return item(depth + 1);
        if (*value > INT64_MAX) return major == 0 ? static_cast<double>(*value) : -1.0 - static_cast<double>(*value);
        const auto small = static_cast<std::int64_t>(*value);
        return Json(major == 0 ? small : -1 - small);
    }

    Found simple(unsigned info) {
        switch (info) {
            case 20: return Json(false);
            case 21: return Json(true);
            case 22:
            case 23: return Json(nullptr);
            case 25:
                if (const auto bits = big_endian(2)) return number(half(static_cast<unsigned>(*bits)));
                return std::nullopt;
            case 26:
                if (const auto bits = big_endian(4))
                    return number(std::bit_cast<float>(static_cast<std::uint32_t>(*bits)));
                return std::nullopt;
            case 27:
                if (const auto bits = big_endian(8)) return number(std::bit_cast<double>(*bits));
                return std::nullopt;
            default: return std::nullopt;
        }
    }

    /// A string of one piece or, of indefinite length, of several.
    std::optional<std::string> text(unsigned major, unsigned info) {
        if (info != indefinite) {
            const auto size = argument(info);
            if (!size || *size > bytes_.size()) return std::nullopt;
            std::string content(bytes_.substr(0, *size));
            bytes_.remove_prefix(*size);
            return content;
        }
        std::string content;
        while (!at_break()) {
            if (bytes_.empty()) return std::nullopt;
            const auto first = static_cast<unsigned char>(bytes_[0]);
            bytes_.remove_prefix(1);
            if (first >> 5 != major || (first & 0x1f) == indefinite) return std::nullopt;
            const auto piece = text(major, first & 0x1f);
            if (!piece) return std::nullopt;
            content += *piece;
        }
        return content;
    }

    Found list(unsigned info, int depth) {
        const auto count = info == indefinite ? std::optional<std::uint64_t>(UINT64_MAX) : argument(info);
        if (!count) return std::nullopt;
        JsonArray items;
        for (std::uint64_t i = 0; i < *count; ++i) {
            if (info == indefinite && at_break()) break;
            auto value = item(depth + 1);
            if (!value) return std::nullopt;
            items.push_back(*std::move(value));
        }
        return Json(std::move(items));
    }

    Found map(unsigned info, int depth) {
        const auto count = info == indefinite ? std::optional<std::uint64_t>(UINT64_MAX) : argument(info);
        if (!count) return std::nullopt;
        JsonObject members;
        for (std::uint64_t i = 0; i < *count; ++i) {
            if (info == indefinite && at_break()) break;
            if (bytes_.empty() || static_cast<unsigned char>(bytes_[0]) >> 5 != 3) return std::nullopt;
            auto key = item(depth + 1);
            auto value = key ? item(depth + 1) : std::nullopt;
            if (!value) return std::nullopt;
            members.emplace_back(key->as_string(), *std::move(value));
        }
        return Json(std::move(members));
    }

    std::string_view bytes_;
};

}  // namespace

Result<Json> parse_cbor(std::string_view bytes) { return CborReader(bytes).read(); }

}  // namespace cairn::wire
