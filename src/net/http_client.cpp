#include "net/http_client.h"

#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/check.h"

namespace cairn::net {

namespace {

using Use = std::function<bool(std::string_view)>;

/// One easy handle per thread: it keeps connections open between requests.
CURL* handle_of_thread() {
    static const auto initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    CAIRN_CHECK(initialised == CURLE_OK);
    thread_local const std::unique_ptr<CURL, void (*)(CURL*)> handle(curl_easy_init(), curl_easy_cleanup);
    CAIRN_CHECK(handle != nullptr);
    curl_easy_reset(handle.get());
    return handle.get();
}

struct Receiving {
    CURL* handle;
    const Use* use;  // null: everything is kept
    Response response{0, {}, {}};
    bool stopped = false;
};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == '\r' || text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    return text;
}

std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* context) {
    auto& response = static_cast<Receiving*>(context)->response;
    const auto line = trimmed({bytes, size});
    if (line.starts_with("HTTP/")) {
        response.headers.clear();  // a final answer after "100 Continue"
        return size;
    }
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) response.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    return size;
}

std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* context) {
    auto& receiving = *static_cast<Receiving*>(context);
    long status = 0;
    curl_easy_getinfo(receiving.handle, CURLINFO_RESPONSE_CODE, &status);
    if (receiving.use == nullptr || status / 100 != 2) {
        receiving.response.body.append(bytes, size);
        return size;
    }
    receiving.stopped = !(*receiving.use)({bytes, size});
    return receiving.stopped ? 0 : size;
}

class HeaderList {
public:
    explicit HeaderList(const Headers& headers) {
        add("Expect:");  // curl would wait for "100 Continue" before every larger body
        bool has_type = false;
        for (const auto& [name, value] : headers) {
            has_type |= equal_names(name, "content-type");
            add(value.empty() ? name + ";" : name + ": " + value);
        }
        if (!has_type) add("Content-Type:");
    }
    ~HeaderList() { curl_slist_free_all(list_); }
    HeaderList(const HeaderList&) = delete;
    HeaderList& operator=(const HeaderList&) = delete;

    curl_slist* get() const { return list_; }

private:
    void add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }

    curl_slist* list_ = nullptr;
};

bool is_loopback(std::string_view url) {
    const auto begin = url.find("://");
    const auto host = url.substr(begin == std::string_view::npos ? 0 : begin + 3);
    return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

void configure(CURL* handle, const std::string& url, const Request& request, const ClientOptions& options, bool streaming) {
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);  // a signature covers the path as written
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    if (!streaming) curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    if (streaming) curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    if (!options.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    if (is_loopback(url)) curl_easy_setopt(handle, CURLOPT_PROXY, "");

    if (request.method == "HEAD") {
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    } else {
        curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
}

Error error_of(CURLcode code, const std::string& endpoint, const char* detail) {
    const bool wrong = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
    const char* const reason = detail[0] != '\0' ? detail : curl_easy_strerror(code);
    return {wrong ? Code::invalid : Code::unavailable, fmt::format("{}: {}", endpoint, reason)};
}

Result<Response> perform(const std::string& endpoint, const Request& request, const Use* use, const ClientOptions& options) {
    if (!endpoint.starts_with("http://") && !endpoint.starts_with("https://"))
        return fail(Code::invalid, endpoint + ": an endpoint begins with http:// or https://");
    auto url = endpoint;
    while (url.ends_with('/')) url.pop_back();
    url += request.target.starts_with('/') ? request.target : "/" + request.target;

    CURL* const handle = handle_of_thread();
    const HeaderList headers(request.headers);
    Receiving receiving{handle, use};
    char detail[CURL_ERROR_SIZE] = "";
    configure(handle, url, request, options, use != nullptr);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &receiving);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &receiving);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
    const auto code = curl_easy_perform(handle);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
    if (code != CURLE_OK && !receiving.stopped) return fail(error_of(code, endpoint, detail));

    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    receiving.response.status = static_cast<int>(status);
    return std::move(receiving.response);
}

}  // namespace

Result<Response> send(const std::string& endpoint, const Request& request, const ClientOptions& options) {
    return perform(endpoint, request, nullptr, options);
}

Result<Response> receive_stream(const std::string& endpoint, const Request& request, const Use& use,
                                const ClientOptions& options) {
    return perform(endpoint, request, &use, options);
}

}  // namespace cairn::net
