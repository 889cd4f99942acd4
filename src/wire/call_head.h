#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.h"

namespace cairn::wire {

using HeaderView = std::pair<std::string_view, std::string_view>;

/// The first header of that name (case-insensitive), without blanks around it; empty if there is none.
std::string_view find_header(std::span<const HeaderView> headers, std::string_view name);

/// A request as a proxy sees it. Nothing is decoded; the views must outlive what is done with it.
struct CallHead {
    std::string_view method;
    std::string_view target;  ///< as on the request line
    std::span<const HeaderView> headers;
    std::string_view body;  ///< its first bytes, as far as they are there

    std::string_view path() const;   ///< target before '?'
    std::string_view query() const;  ///< target after '?'; empty when there is none

    std::string_view find(std::string_view name) const { return find_header(headers, name); }
    bool has(std::string_view name) const;
};

/// The headers of a request of net/, as views.
std::vector<HeaderView> header_views(const net::Headers& headers);

/// The parameters of a query string or form, in order, looked up as they are: a query is split but not decoded.
class Parameters {
public:
    Parameters() = default;

    static Parameters of_query(std::string_view text);
    static Parameters of_fields(const std::vector<std::pair<std::string, std::string>>& fields);  ///< decoded already

    bool has(std::string_view name) const { return find(name) != nullptr; }

    /// The value, as it is on the wire, of the first parameter of that name; null if there is none.
    const std::string_view* find(std::string_view name) const;

    /// Its decoded value ('+' is a blank); nothing if there is none. The second does not mind the case of the name.
    std::optional<std::string> text(std::string_view name) const;
    std::optional<std::string> text_any_case(std::string_view name) const;

    const std::vector<HeaderView>& all() const { return all_; }
    bool empty() const { return all_.empty(); }

private:
    std::optional<std::string> decoded(const std::string_view* value) const;

    std::vector<HeaderView> all_;
    bool decoded_ = false;
};

/// Percent-decodes; a broken escape stays as it is.
std::string decode_lenient(std::string_view raw, bool plus_is_blank);

/// Whether `raw` is `plain` once it is decoded.
bool same_decoded(std::string_view raw, std::string_view plain);

}  // namespace cairn::wire
