#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wire/compiler/facts.h"
#include "wire/compiler/texts.h"
#include "wire/operations_format.h"

namespace cairn::wire {

/// The sections of shapes and members. What looks the same is stored once, whatever service it belongs to; only
/// structures that hold themselves are not shared.
class ShapeTable {
public:
    explicit ShapeTable(Texts& texts);

    /// The row of a service's structure; 0 for an empty name. Call begin() when another service's come.
    std::uint32_t structure(const FactService& service, const std::string& name);
    void begin() { done_.clear(); }

    const std::vector<ShapeRow>& shapes() const { return shapes_; }
    const std::vector<MemberRow>& members() const { return members_; }

private:
    struct Progress {
        bool finished = false;
        std::uint32_t row = 0;  ///< 0: not given out yet
    };

    std::uint32_t type(const FactService& service, std::string_view text);
    std::uint32_t inner_type(const FactService& service, std::string_view text, std::string_view otherwise,
                             MemberRow& row);
    MemberRow member(const FactService& service, const FactMember& fact);
    std::uint32_t intern(std::uint8_t kind, bool flat, const std::vector<MemberRow>& members, std::uint32_t row = 0);

    Texts& texts_;
    std::vector<ShapeRow> shapes_;
    std::vector<MemberRow> members_;
    std::map<std::string, std::uint32_t> known_;  ///< by their bytes
    std::map<std::string, Progress> done_;
};

}  // namespace cairn::wire
