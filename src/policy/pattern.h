#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/call.h"

namespace cairn::policy {

/// ASCII letters in lower case, everything else as it is.
std::string folded(std::string_view text);

/// The values of the key `folded_name` in `context`, in order.
std::vector<std::string_view> values_of(const Context& context, std::string_view folded_name);

/// What a text is compared with: bytes and the wildcards `*` and `?`. Unlike a plain pattern it can hold a literal `*`.
class Glob {
public:
    void add_literal(std::string_view text);
    void add_with_wildcards(std::string_view text);

    bool matches(std::string_view text) const;

    /// Compares the six parts of an ARN one by one, so that no wildcard reaches over a colon of the first five; parts
    /// that the glob leaves off may be anything (IAM User Guide, "IAM JSON policy elements: Resource").
    bool matches_arn(std::string_view arn) const;

private:
    std::u16string units_;  // up to 255: a byte
};

/// A string of a policy: wildcards, where they have a meaning, and variables: "${aws:username}",
/// "${aws:username, 'nobody'}", "${*}", "${?}" and "${$}" (IAM User Guide, "IAM policy elements: Variables and tags").
class Pattern {
public:
    struct Syntax {
        bool wildcards = true;
        bool variables = true;
    };

    /// Error: invalid, for a variable that is not closed or has no name.
    static Result<Pattern> parse(std::string_view text, Syntax syntax);

    /// With the values of `context` put in, which count as literal text. Empty when a variable has no value, or
    /// several.
    std::optional<Glob> expand(const Context& context) const;

    /// `test` of the expanded text; empty when there is none.
    template <class Test>
    std::optional<bool> satisfies(const Context& context, Test&& test) const {
        if (fixed_) return test(*fixed_);
        const auto glob = expand(context);
        return glob ? std::optional<bool>(test(*glob)) : std::nullopt;
    }

    /// The same as plain text, in which `*` and `?` are wildcards. Empty also when a value holds one of these.
    std::optional<std::string> expand_plain(const Context& context) const;

    bool has_variables() const { return !fixed_; }
    bool mentions(std::string_view folded_key) const;
    const std::string& source() const { return source_; }

private:
    struct Part {
        std::string text;  ///< literal or with wildcards; unused in a variable
        bool wildcards = false;
        std::string variable;  ///< folded key
        std::optional<std::string> fallback;
    };
    Result<void> add_variable(std::string_view inside);
    static std::optional<std::string_view> value_of(const Part& part, const Context& context);

    std::string source_;
    std::vector<Part> parts_;
    std::optional<Glob> fixed_;  // there is no variable
};

}  // namespace cairn::policy
