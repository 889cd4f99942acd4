#include "match/query_parser.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/moment.h"

namespace cairn::match {

namespace {

constexpr std::size_t text_bytes_max = 16 * 1024;
constexpr std::size_t terms_max = 256;

template <class T>
using Parsed = std::expected<T, QueryError>;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_byte(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; }

bool is_word(std::string_view text, std::string_view lowered) {
    return text.size() == lowered.size() && std::equal(text.begin(), text.end(), lowered.begin(),
                                                       [](char c, char wanted) { return (c | 0x20) == wanted; });
}

std::string_view symbol(Operator op) {
    switch (op) {
        case Operator::equal: return "=";
        case Operator::not_equal: return "!=";
        case Operator::contains: return ":";
        case Operator::starts_with: return "^";
        case Operator::greater: return ">";
        case Operator::at_least: return ">=";
        case Operator::less: return "<";
        case Operator::at_most: return "<=";
        case Operator::in: return "in";
        case Operator::has: return "has:";
    }
    return {};
}

bool is_allowed(const FieldInfo& field, Operator op) {
    switch (op) {
        case Operator::equal:
        case Operator::not_equal:
        case Operator::in: return field.operators & op_equal;
        case Operator::contains: return field.operators & (op_part | op_contains);
        case Operator::starts_with: return field.operators & op_part;
        case Operator::has: return field.operators & op_has;
        default: return field.operators & op_order;
    }
}

/// For messages: "= != in(...) has:".
std::string operators_of(const FieldInfo& field) {
    std::string all;
    for (const Operator op :
         {Operator::equal, Operator::not_equal, Operator::contains, Operator::starts_with, Operator::greater,
          Operator::at_least, Operator::less, Operator::at_most, Operator::in, Operator::has}) {
        if (!is_allowed(field, op)) continue;
        if (!all.empty()) all += ' ';
        all += symbol(op);
        if (op == Operator::in) all += "(...)";
    }
    return all;
}

std::string unknown_field(const std::string& name) {
    const auto meant = field_meant_by(name);
    if (meant.empty()) return fmt::format("unknown field \"{}\"; quote it to look for the text", name);
    return fmt::format("unknown field \"{}\": did you mean {}, or the text, in quotes?", name, meant);
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Parsed<QueryTree> run() {
        QueryTree tree;
        if (text_.size() > text_bytes_max)
            return wrong(0, fmt::format("the search is longer than {} bytes", text_bytes_max));
        Joiners joiners;
        skip_space();
        while (at_ < text_.size()) {
            if (peek() == ')') return wrong(at_, "')' without '('");
            auto group = read_group();
            if (!group) return std::unexpected(std::move(group).error());
            tree.groups.push_back(std::move(*group));
            if (auto joined = read_joiner(joiners); !joined) return std::unexpected(std::move(joined).error());
        }
        tree.any = joiners.any;
        return tree;
    }

private:
    /// The one joiner of a level, once it was seen; none written is "and".
    struct Joiners {
        bool seen = false;
        bool any = false;
    };

    struct Text {
        std::string text;
        std::size_t begin = 0;
        bool quoted = false;
    };

    std::unexpected<QueryError> wrong(std::size_t position, std::string message, std::string_view field = {}) const {
        return std::unexpected(QueryError{std::move(message), std::string(field), position});
    }

    char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
    bool at_end() const { return at_ >= text_.size(); }
    void skip_space() {
        while (!at_end() && is_space(peek())) ++at_;
    }

    Parsed<TermGroup> read_group() {
        TermGroup group;
        if (peek() == '-' && peek(1) == '(') return wrong(at_, "'-' stands before a single term, not before a group");
        if (peek() != '(') {
            auto term = read_term();
            if (!term) return std::unexpected(std::move(term).error());
            group.terms.push_back(std::move(*term));
            return group;
        }
        const std::size_t begin = at_++;
        Joiners joiners;
        skip_space();
        while (peek() != ')') {
            if (at_end()) return wrong(begin, "'(' without ')'");
            if (peek() == '(' || (peek() == '-' && peek(1) == '(')) return wrong(at_, "a group inside a group");
            auto term = read_term();
            if (!term) return std::unexpected(std::move(term).error());
            group.terms.push_back(std::move(*term));
            if (auto joined = read_joiner(joiners); !joined) return std::unexpected(std::move(joined).error());
        }
        if (group.terms.empty()) return wrong(begin, "an empty group");
        ++at_;
        group.any = joiners.any;
        return group;
    }

    /// Between two terms: "and", "or" or only space. Nothing may follow a written joiner but a term.
    Parsed<void> read_joiner(Joiners& joiners) {
        const std::size_t end = at_;
        skip_space();
        if (at_end() || peek() == ')') return {};
        const std::size_t begin = at_;
        const auto word = text_.substr(at_, word_length());
        const bool any = is_word(word, "or");
        if (!any && !is_word(word, "and")) {
            if (begin == end && peek() != '(' && text_[begin - 1] != ')')
                return wrong(begin, "a space is missing before this");
            return join(joiners, false, begin);
        }
        at_ += word.size();
        skip_space();
        if (at_end() || peek() == ')') return wrong(begin, fmt::format("nothing follows \"{}\"", word));
        return join(joiners, any, begin);
    }

    Parsed<void> join(Joiners& joiners, bool any, std::size_t begin) {
        if (joiners.seen && joiners.any != any)
            return wrong(begin, "\"and\" and \"or\" on one level: put one of them in parentheses (a space is \"and\")");
        joiners = {true, any};
        return {};
    }

    std::size_t word_length() const {
        std::size_t length = 0;
        while (is_letter(peek(length))) ++length;
        const char next = peek(length);
        return next == '\0' || is_space(next) || next == '(' || next == ')' ? length : 0;
    }

    Parsed<Term> read_term() {
        if (++terms_ > terms_max) return wrong(at_, fmt::format("more than {} terms", terms_max));
        const std::size_t begin = at_;
        if (const auto length = word_length(); length > 0) {
            const auto word = text_.substr(at_, length);
            if (is_word(word, "and") || is_word(word, "or"))
                return wrong(at_, fmt::format("\"{}\" has nothing before it; quote it to look for the word", word));
        }
        bool negated = false;
        if (peek() == '-') {
            negated = true;
            ++at_;
        }
        auto term = read_positive(begin);
        if (term) term->negated = negated;
        return term;
    }

    Parsed<Term> read_positive(std::size_t begin) {
        if (at_end() || is_space(peek()) || peek() == ')') return wrong(begin, "'-' without a term");
        if (peek() == '"') return read_text_term();
        if (text_.substr(at_).starts_with("has:")) {
            at_ += 4;
            const std::size_t name_begin = at_;
            Term term;
            term.op = Operator::has;
            const auto name = read_field(term);
            if (!name) return std::unexpected(name.error());
            if (name->empty()) return wrong(name_begin, "has: needs a field");
            if (!at_end() && !is_space(peek()) && peek() != ')')
                return wrong(name_begin, fmt::format("has:{} takes no value", *name), *name);
            return finish(std::move(term), *name, name_begin, name_begin);
        }
        if (begins_operator(0))
            return wrong(at_, "a field is missing before the operator; quote it to look for the text");
        if (!begins_field()) return read_text_term();
        Term term;
        const std::size_t name_begin = at_;
        const auto name = read_field(term);
        if (!name) return std::unexpected(name.error());
        skip_space();
        const std::size_t op_begin = at_;
        const auto op = read_operator();
        if (!op) return wrong(op_begin, fmt::format("{} needs an operator", *name), *name);
        term.op = *op;
        return read_values(std::move(term), *name, name_begin, op_begin);
    }

    /// True when a name and an operator come next, or a path; else the word is a text to look for.
    bool begins_field() const {
        if (peek() == '$' && (peek(1) == '.' || peek(1) == '[')) return true;
        if (!is_letter(peek()) || begins_arn()) return false;
        std::size_t length = 0;
        while (is_name_byte(peek(length))) ++length;
        std::size_t next = length;
        while (is_space(peek(next))) ++next;
        return begins_operator(next) || (next > length && begins_in(next));
    }

    /// "arn:aws:" and its kin: who pastes an ARN looks for the text, not for a part of the field `arn`.
    bool begins_arn() const {
        const auto rest = text_.substr(at_);
        return rest.starts_with("arn:aws:") || rest.starts_with("arn:aws-");
    }

    bool begins_operator(std::size_t ahead) const {
        const char c = peek(ahead);
        return c == '=' || c == '<' || c == '>' || c == ':' || c == '^' || (c == '!' && peek(ahead + 1) == '=');
    }

    bool begins_in(std::size_t ahead) const {
        if (peek(ahead) != 'i' || peek(ahead + 1) != 'n') return false;
        ahead += 2;
        while (is_space(peek(ahead))) ++ahead;
        return peek(ahead) == '(';
    }

    std::optional<Operator> read_operator() {
        const auto taken = [&](std::size_t length, Operator op) {
            at_ += length;
            return op;
        };
        switch (peek()) {
            case '=': return taken(1, Operator::equal);
            case ':': return taken(1, Operator::contains);
            case '^': return taken(1, Operator::starts_with);
            case '!': return peek(1) == '=' ? std::optional(taken(2, Operator::not_equal)) : std::nullopt;
            case '>': return peek(1) == '=' ? taken(2, Operator::at_least) : taken(1, Operator::greater);
            case '<': return peek(1) == '=' ? taken(2, Operator::at_most) : taken(1, Operator::less);
            default: return begins_in(0) ? std::optional(taken(2, Operator::in)) : std::nullopt;
        }
    }

    /// Reads a name or path into `term`; returns it as it was written.
    Parsed<std::string> read_field(Term& term) {
        const std::size_t begin = at_;
        if (peek() == '$') {
            if (auto read = read_path(term); !read) return std::unexpected(std::move(read).error());
            term.field = &path_field();
        } else {
            while (is_name_byte(peek())) ++at_;
            term.field = find_field(text_.substr(begin, at_ - begin));
        }
        std::string name(text_.substr(begin, at_ - begin));
        if (!term.field && !name.empty()) return wrong(begin, unknown_field(name), name);
        return name;
    }

    /// "$.a.b[0]['any key'].*": steps as in metric filter selectors.
    Parsed<void> read_path(Term& term) {
        const std::size_t begin = at_++;
        const auto bad = [&](const char* what) {
            return wrong(begin, fmt::format("{} in the path", what), text_.substr(begin, at_ - begin));
        };
        while (peek() == '.' || peek() == '[') {
            if (peek() == '[') {
                if (auto read = read_bracket(term, begin); !read) return read;
                continue;
            }
            ++at_;
            if (peek() == '[') continue;
            const std::size_t step = at_;
            if (peek() == '*')
                ++at_;
            else
                while (is_name_byte(peek())) ++at_;
            if (at_ == step) return bad("a member name is missing");
            term.path.emplace_back(text_.substr(step, at_ - step));
        }
        if (term.path.empty()) return bad("a member name is missing");
        return {};
    }

    Parsed<void> read_bracket(Term& term, std::size_t begin) {
        const auto bad = [&](const char* what) {
            return wrong(begin, fmt::format("{} in the path", what), text_.substr(begin, at_ - begin));
        };
        ++at_;
        std::string step;
        if (peek() == '\'' || peek() == '"') {
            const char quote = peek();
            for (++at_; !at_end() && peek() != quote; ++at_) {
                if (peek() == '\\' && (peek(1) == quote || peek(1) == '\\')) ++at_;
                step.push_back(peek());
            }
            if (at_end()) return bad("a quote is not closed");
            ++at_;
        } else if (peek() == '*') {
            step = "*";
            ++at_;
        } else {
            while (is_digit(peek())) step.push_back(text_[at_++]);
            if (step.empty()) return bad("an index is missing");
        }
        if (peek() != ']') return bad("']' is missing");
        ++at_;
        term.path.push_back(std::move(step));
        return {};
    }

    Parsed<Term> read_text_term() {
        auto value = read_value(false);
        if (!value) return std::unexpected(std::move(value).error());
        Term term;
        term.field = find_field("text");
        term.op = Operator::contains;
        term.values.push_back(std::move(value->text));
        return finish(std::move(term), "text", value->begin, value->begin);
    }

    Parsed<Term> read_values(Term term, const std::string& name, std::size_t name_begin, std::size_t op_begin) {
        if (term.op != Operator::in) {
            if (peek() == '=')
                return wrong(
                    op_begin,
                    fmt::format("{}{}= is no operator; quote a value that begins with =", name, symbol(term.op)), name);
            skip_space();
            auto value = read_value(false);
            if (!value) return std::unexpected(std::move(value).error());
            if (value->text.empty() && !value->quoted)
                return wrong(op_begin, fmt::format("{}{} needs a value", name, symbol(term.op)), name);
            term.values.push_back(std::move(value->text));
            return finish(std::move(term), name, op_begin, value->begin);
        }
        skip_space();
        ++at_;  // '(' is there, or this would be no "in"
        while (true) {
            skip_space();
            auto value = read_value(true);
            if (!value) return std::unexpected(std::move(value).error());
            if (value->text.empty() && !value->quoted)
                return wrong(at_, fmt::format("{} in (...) lacks a value", name), name);
            term.values.push_back(std::move(value->text));
            skip_space();
            if (peek() == ')') break;
            if (peek() != ',') return wrong(at_, fmt::format("{} in (...) lacks ',' or ')'", name), name);
            ++at_;
        }
        ++at_;
        return finish(std::move(term), name, op_begin, name_begin);
    }

    /// A quoted text or a bare word; a bare word may come out empty.
    Parsed<Text> read_value(bool in_list) {
        Text value;
        value.begin = at_;
        if (peek() == '"') {
            value.quoted = true;
            for (++at_; peek() != '"' || at_end(); ++at_) {
                if (at_end()) return wrong(value.begin, "a quote is not closed");
                if (peek() == '\\' && (peek(1) == '"' || peek(1) == '\\')) ++at_;
                value.text.push_back(peek());
            }
            ++at_;
            return value;
        }
        if (peek() == '\'') return wrong(at_, "quotes are \", not '; put a value that begins with ' into them");
        while (!at_end() && !is_space(peek()) && peek() != ')' && peek() != '"' && !(in_list && peek() == ',')) {
            if (peek() == '(') return wrong(at_, "quote a value that holds parentheses");
            value.text.push_back(text_[at_++]);
        }
        return value;
    }

    /// Checks operator and values against the field, and prepares them.
    Parsed<Term> finish(Term term, const std::string& name, std::size_t op_begin, std::size_t value_begin) const {
        if (!is_allowed(*term.field, term.op))
            return wrong(op_begin,
                         fmt::format("{} does not know the operator {}; it takes {}", name, symbol(term.op),
                                     operators_of(*term.field)),
                         name);
        if (term.op == Operator::contains) {
            if (term.values.front().empty()) return wrong(value_begin, fmt::format("{}: needs a text", name), name);
            term.texts.emplace_back(term.values.front());
        }
        const auto bad = [&](const std::string& value, const char* what) {
            return wrong(value_begin, fmt::format("{}: \"{}\" is no {}", name, value, what), name);
        };
        const bool ordered = term.op == Operator::greater || term.op == Operator::at_least ||
                             term.op == Operator::less || term.op == Operator::at_most;
        switch (term.field->field) {
            case Field::event_time:
                for (const auto& value : term.values) {
                    const auto time = parse_written_time(value);
                    if (!time)
                        return bad(value, "time such as 2026-11-21, \"2026-11-21 16:00\" or 2026-11-21T16:00:00Z");
                    term.times.push_back(*time);
                }
                break;
            case Field::path:
                if (ordered && !is_number(term.values.front())) return bad(term.values.front(), "number");
                break;
            case Field::read_only:
            case Field::mfa:
                for (auto& value : term.values) {
                    const bool yes = is_word(value, "true");
                    if (!yes && !is_word(value, "false"))
                        return wrong(value_begin, fmt::format("{}: \"{}\" is neither true nor false", name, value),
                                     name);
                    value = yes ? "true" : "false";
                }
                break;
            case Field::category:
                for (auto& value : term.values) value = full_category(value);
                break;
            case Field::source_ip:
                if (term.op == Operator::equal || term.op == Operator::not_equal || term.op == Operator::in)
                    return with_ranges(std::move(term), name, value_begin);
                break;
            default: break;
        }
        return term;
    }

    /// Categories by any spelling of case, by their names or the short ones.
    static std::string full_category(const std::string& value) {
        for (std::size_t i = 0; i < category_count; ++i) {
            const auto name = category_name(static_cast<Category>(i));
            if (static_cast<Category>(i) == Category::other) continue;  // shown by the name it has in the record
            std::string lowered(name);
            for (char& c : lowered) c = static_cast<char>(c | 0x20);
            if (is_word(value, lowered)) return std::string(name);
        }
        if (is_word(value, "network")) return "NetworkActivity";
        if (is_word(value, "activity")) return "ActivityAuditLog";
        return value;
    }

    Parsed<Term> with_ranges(Term term, const std::string& name, std::size_t value_begin) const {
        std::vector<std::string> plain;
        for (auto& value : term.values) {
            if (value.find('/') == std::string::npos) {
                plain.push_back(std::move(value));
                continue;
            }
            const auto range = parse_address_range(value);
            if (!range) return wrong(value_begin, fmt::format("{}: \"{}\" is no address range", name, value), name);
            term.ranges.push_back(*range);
        }
        term.values = std::move(plain);
        return term;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t terms_ = 0;
};

}  // namespace

std::expected<QueryTree, QueryError> parse_query(std::string_view text) { return Parser(text).run(); }

}  // namespace cairn::match
