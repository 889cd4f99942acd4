#include "ingest/slice.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "event/record.h"
#include "ingest/json_cut.h"

namespace cairn::ingest {

namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// Members that begin records as services and collectors write them, and never a container: no need to look further.
constexpr std::array<std::string_view, 12> record_members = {
    "eventVersion", "userIdentity", "eventTime", "eventSource",   "eventName", "awsRegion",
    "apiVersion",   "errorCode",    "eventID",   "eventCategory", "eventType", "additionalEventData"};

class Slicer {
public:
    Slicer(std::string_view body, std::size_t slices_max) : body_(body), slices_max_(slices_max) {}

    Sliced run() {
        at_ = body_.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
        line_from_ = at_;
        scope_ = body_;
        at_ = skip_space(body_, at_);
        if (at_ == body_.size()) return std::move(out_);
        if (body_[at_] == '[') {
            found(Container::array);
            if (elements(Elements::any)) after_document();
        } else if (body_[at_] == '{') {
            documents();
        } else {
            problem(at_, is_utf16() ? "UTF-16 text; only UTF-8 is read" : "neither a JSON object nor an array");
        }
        return std::move(out_);
    }

private:
    enum class Elements { records, any };

    void found(Container container) {
        if (out_.container == Container::unknown) out_.container = container;
    }

    /// What some shells write when output is redirected.
    bool is_utf16() const { return body_.starts_with("\xff\xfe") || body_.starts_with("\xfe\xff"); }

    bool full() const { return out_.slices.size() >= slices_max_; }

    /// The line of a position; positions come in rising order.
    std::uint64_t line_of(std::size_t position) {
        while (line_from_ < position) {
            const void* next = std::memchr(body_.data() + line_from_, '\n', position - line_from_);
            if (next == nullptr) break;
            line_from_ = static_cast<std::size_t>(static_cast<const char*>(next) - body_.data()) + 1;
            ++line_;
        }
        line_from_ = std::max(line_from_, position);
        return line_;
    }

    /// False once no more slices are taken.
    bool add(std::size_t begin, std::string_view text) {
        if (stopped_) return false;
        if (full()) {
            out_.slices.push_back({{}, line_of(begin), "more than " + std::to_string(slices_max_) + " records"});
            stopped_ = true;
            return false;
        }
        out_.slices.push_back({text, line_of(begin), {}});
        return true;
    }

    bool problem(std::size_t position, std::string what) {
        if (!add(position, {})) return false;
        out_.slices.back().problem = std::move(what);
        return true;
    }

    /// JSON values one after another: NDJSON, or documents over several lines until one is damaged.
    void documents() {
        while (!stopped_ && (at_ = skip_space(body_, at_)) < body_.size()) {
            const std::size_t begin = at_;
            const auto line = line_at(begin);
            if (whole_line(line)) continue;
            scope_ = lines_ ? body_.substr(0, begin + line.size()) : body_;
            if (body_[begin] == '{' ? document() : not_an_object(begin)) continue;
            if (broken_container_ || (!lines_ && !is_line_of_json(next_line(begin + line.size())))) return;
            lines_ = true;
            at_ = begin + line.size();
        }
    }

    bool not_an_object(std::size_t begin) {
        found(Container::ndjson);
        problem(begin, "not a JSON object");
        return false;
    }

    std::string_view line_at(std::size_t begin) {
        if (begin >= line_end_) line_end_ = std::min(body_.find('\n', begin), body_.size());
        return body_.substr(begin, line_end_ - begin);
    }

    std::string_view next_line(std::size_t at) { return line_at(skip_space(body_, at)); }

    static bool is_line_of_json(std::string_view line) {
        const auto name = skip_space(line, 1);
        return line.starts_with('{') && name < line.size() && line[name] == '"';
    }

    /// The fast way: a line that begins as a record does and ends with a brace is one record.
    bool whole_line(std::string_view line) {
        auto text = line;
        while (text.ends_with('\r') || text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
        if (!text.starts_with('{') || !text.ends_with('}') || !begins_as_record(text)) return false;
        if (!lines_) {  // a document over several lines may look the same: only its end tells
            const auto end = value_end(body_, at_);
            if (end != npos && end != at_ + text.size()) return false;
            lines_ = true;
        }
        found(Container::ndjson);
        add(at_, text);
        at_ += line.size();
        return true;
    }

    static bool begins_as_record(std::string_view text) {
        const auto quote = skip_space(text, 1);
        if (quote >= text.size() || text[quote] != '"') return false;
        const auto name = text.substr(quote + 1, std::min(text.find('"', quote + 1), text.size()) - quote - 1);
        return std::ranges::find(record_members, name) != record_members.end();
    }

    /// One object at at_, whatever it is. False, with the problem told, when it is broken.
    bool document() {
        const std::size_t begin = at_;
        ++depth_;
        const auto kind = object(begin);
        --depth_;
        if (!kind) return false;
        if (*kind == Container::ndjson) add(begin, scope_.substr(begin, at_ - begin));
        found(*kind);
        return true;
    }

    struct Parts {
        std::string_view detail, lookup_event;
        bool detail_type = false, digest = false;
        bool nested = false;                        ///< held records, which are sliced already
        bool told = false;                          ///< was broken inside them, which was told already
        bool no_records = false, has_time = false;  ///< "Records" is no array; a plain record may have such a member
    };

    /// Walks over the members of the object at `begin`, slicing what its kind holds; at_ is then behind it. Answers
    /// ndjson for a plain record, which is left to the caller.
    std::optional<Container> object(std::size_t begin) {
        Parts parts;
        at_ = skip_space(scope_, begin + 1);
        if (at_ < scope_.size() && scope_[at_] == '}') {
            ++at_;
            return Container::ndjson;
        }
        while (true) {
            if (!member(parts)) return broken(begin, parts);
            at_ = skip_space(scope_, at_);
            const char separator = at_ < scope_.size() ? scope_[at_] : '\0';
            if (separator != '}' && separator != ',') return broken(begin, parts);
            ++at_;
            if (separator == '}') break;
            at_ = skip_space(scope_, at_);
        }
        return finish(begin, parts);
    }

    std::optional<Container> broken(std::size_t begin, const Parts& parts) {
        found(Container::ndjson);
        if (!parts.told) problem(parts.nested ? at_ : begin, "JSON object is damaged or not closed");
        broken_container_ |= parts.nested;
        return std::nullopt;
    }

    /// One member at at_. False when it is broken.
    bool member(Parts& parts) {
        if (at_ >= scope_.size() || scope_[at_] != '"') return false;
        const auto name_end = string_end(scope_, at_);
        if (name_end == npos) return false;
        const auto name = scope_.substr(at_ + 1, name_end - at_ - 2);
        at_ = skip_space(scope_, name_end);
        if (at_ >= scope_.size() || scope_[at_] != ':') return false;
        at_ = skip_space(scope_, at_ + 1);
        const char first = at_ < scope_.size() ? scope_[at_] : '\0';

        if (first == '[' && depth_ == 1 && (name == "Records" || name == "Events")) {
            found(name == "Records" ? Container::records_object : Container::lookup_output);
            parts.nested = true;
            parts.told = !elements(name == "Records" ? Elements::records : Elements::any);
            return !parts.told;
        }
        const auto end = any_value_end(scope_, at_);
        if (end == npos) return false;
        const auto value = scope_.substr(at_, end - at_);
        if (name == "detail" && first == '{') parts.detail = value;
        if (name == "CloudTrailEvent" && first == '"') parts.lookup_event = value;
        parts.no_records |= depth_ == 1 && name == "Records";
        parts.has_time |= name == "eventTime";
        parts.detail_type |= name == "detail-type";
        parts.digest |= name == "digestS3Object" || name == "digestStartTime";
        at_ = end;
        return true;
    }

    Container finish(std::size_t begin, const Parts& parts) {
        if (parts.nested) return out_.container;
        if (parts.digest) return Container::digest;
        if (parts.detail_type && !parts.detail.empty()) {
            add(begin, parts.detail);
            return Container::eventbridge;
        }
        if (!parts.lookup_event.empty()) {
            lookup_event(begin, parts.lookup_event.substr(1, parts.lookup_event.size() - 2));
            return Container::lookup_output;
        }
        if (!parts.no_records || parts.has_time) return Container::ndjson;
        problem(begin, "Records is not an array");
        return Container::records_object;
    }

    void lookup_event(std::size_t begin, std::string_view content) {
        std::string text;
        text.reserve(content.size() + RecordParser::padding);
        if (!unescape(content, text)) {
            problem(begin, "CloudTrailEvent is no valid JSON string");
            return;
        }
        if (text.empty()) {
            problem(begin, "CloudTrailEvent is empty");
            return;
        }
        const std::size_t size = text.size();
        text.append(RecordParser::padding, '\0');
        // The padding keeps the text off the string's own buffer: it stays in place when the vector grows.
        out_.unescaped.push_back(std::move(text));
        add(begin, std::string_view(out_.unescaped.back()).substr(0, size));
    }

    /// The array at at_; at_ is then behind it. False, with the problem told, when it is broken.
    bool elements(Elements kind) {
        const std::size_t begin = at_;
        at_ = skip_space(scope_, at_ + 1);
        if (at_ < scope_.size() && scope_[at_] == ']') {
            ++at_;
            return true;
        }
        while (at_ < scope_.size()) {
            if (!element(kind)) return false;
            at_ = skip_space(scope_, at_);
            if (at_ >= scope_.size()) break;
            const char separator = scope_[at_++];
            if (separator == ']') return true;
            if (separator != ',') {
                problem(at_ - 1, "neither ',' nor ']' after an element");
                return false;
            }
            at_ = skip_space(scope_, at_);
        }
        problem(std::min(std::max(at_, begin), scope_.size()), "JSON array is not closed");
        return false;
    }

    bool element(Elements kind) {
        const std::size_t begin = at_;
        if (scope_[at_] == '{' && (kind == Elements::any && !begins_as_record(scope_.substr(at_)))) {
            return document() && !stopped_;
        }
        const auto end = any_value_end(scope_, at_);
        if (end == npos) {
            problem(begin, "JSON array is damaged or not closed");
            return false;
        }
        const auto text = scope_.substr(begin, end - begin);
        at_ = end;
        return text.front() == '{' ? add(begin, text) : problem(begin, "not a JSON object");
    }

    void after_document() {
        at_ = skip_space(scope_, at_);
        if (at_ < scope_.size()) problem(at_, "text after the end of the array");
    }

    const std::string_view body_;
    std::string_view scope_;  ///< what the document at hand may reach: the body, or one line of it
    const std::size_t slices_max_;
    Sliced out_;
    std::size_t at_ = 0;
    std::size_t line_end_ = 0;   ///< of the line last asked for
    std::size_t line_from_ = 0;  ///< line_ counts the lines up to here
    std::uint64_t line_ = 1;
    int depth_ = 0;                  ///< documents inside each other
    bool lines_ = false;             ///< the body is NDJSON: no document goes beyond its line
    bool broken_container_ = false;  ///< damage behind records that were sliced out of a document
    bool stopped_ = false;           ///< slices_max was reached
};

}  // namespace

Sliced slice(std::string_view body, std::size_t slices_max) { return Slicer(body, slices_max).run(); }

}  // namespace cairn::ingest
