#include "net/http_client.h"

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/check.h"
#include "base/deadline.h"

namespace cairn::net {

namespace {

using Use = std::function<bool(std::string_view)>;

using Handle = std::unique_ptr<CURL, void (*)(CURL*)>;

/// Easy handles that nobody uses now. Each keeps its connections open; whoever calls the same place next takes the one
/// that was used last.
class IdleHandles {
public:
    Handle take(const std::string& place) {
        {
            std::lock_guard lock(mutex_);
            if (const auto found = idle_.find(place); found != idle_.end()) {
                auto handle = std::move(found->second.back());
                found->second.pop_back();
                if (found->second.empty()) idle_.erase(found);
                --count_;
                return handle;
            }
        }
        Handle made(curl_easy_init(), curl_easy_cleanup);
        CAIRN_CHECK(made != nullptr);
        return made;
    }

    void give_back(const std::string& place, Handle handle) {
        curl_easy_reset(handle.get());  // connections stay
        std::lock_guard lock(mutex_);
        if (count_ >= count_max) return;
        idle_[place].push_back(std::move(handle));
        ++count_;
    }

private:
    static constexpr std::size_t count_max = 64;

    std::mutex mutex_;
    std::map<std::string, std::vector<Handle>> idle_;  // none of them empty; guarded by mutex_
    std::size_t count_ = 0;                            // guarded by mutex_
};

IdleHandles& idle_handles() {
    static const auto initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    CAIRN_CHECK(initialised == CURLE_OK);
    static IdleHandles handles;
    return handles;
}

/// A handle for one call.
class TakenHandle {
public:
    explicit TakenHandle(std::string place) : place_(std::move(place)), handle_(idle_handles().take(place_)) {}
    ~TakenHandle() { idle_handles().give_back(place_, std::move(handle_)); }
    TakenHandle(const TakenHandle&) = delete;

    CURL* get() const { return handle_.get(); }

private:
    const std::string place_;
    Handle handle_;
};

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
    if (colon != std::string_view::npos)
        response.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    return size;
}

/// Ends a transfer that is cancelled, or in which nothing moves. curl looks once a second, and when something came.
class Watch {
public:
    explicit Watch(const ClientOptions& options) : options_(options) {}

    bool needed() const { return options_.cancel || options_.silence_timeout.count() > 0; }
    const char* reason() const { return reason_; }

    static int look(void* watch, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
        return static_cast<Watch*>(watch)->must_end(received + sent) ? 1 : 0;
    }

private:
    bool must_end(curl_off_t moved) {
        const auto now = std::chrono::steady_clock::now();
        if (moved != moved_) {
            moved_ = moved;
            since_ = now;
        }
        if (options_.cancel && *options_.cancel) reason_ = "cancelled";
        if (options_.silence_timeout.count() > 0 && now - since_ >= options_.silence_timeout)
            reason_ = "no byte came or went for too long";
        return reason_ != nullptr;
    }

    const ClientOptions& options_;
    curl_off_t moved_ = 0;
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
    const char* reason_ = nullptr;
};

/// Room for the whole body, when its length is said and can be believed.
void reserve_body(CURL* handle, std::string& body) {
    constexpr curl_off_t believed_max = 64 << 20;
    curl_off_t length = -1;
    curl_easy_getinfo(handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length > 0 && length <= believed_max) body.reserve(static_cast<std::size_t>(length));
}

std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* context) {
    auto& receiving = *static_cast<Receiving*>(context);
    long status = 0;
    curl_easy_getinfo(receiving.handle, CURLINFO_RESPONSE_CODE, &status);
    if (receiving.use == nullptr || status / 100 != 2) {
        if (receiving.response.body.empty()) reserve_body(receiving.handle, receiving.response.body);
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

/// What is sent, seen the same way whoever owns the body.
struct Sending {
    const std::string& method;
    const std::string& target;
    const Headers& headers;
    std::string_view body;
};

void set_bounds(CURL* handle, const ClientOptions& options, bool streaming, Watch& watch) {
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    if (!streaming) curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    if (watch.needed()) {
        curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, Watch::look);
        curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &watch);
    }
}

void configure(CURL* handle, const std::string& url, const Sending& request, const ClientOptions& options) {
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);  // a signature covers the path as written
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    if (!options.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    if (is_loopback(url)) curl_easy_setopt(handle, CURLOPT_PROXY, "");

    if (request.method == "HEAD") {
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
        return;
    }
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data() ? request.body.data() : "");
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

Error error_of(CURLcode code, const std::string& endpoint, const char* detail) {
    const bool wrong = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
    const char* const reason = detail[0] != '\0' ? detail : curl_easy_strerror(code);
    return {wrong ? Code::invalid : Code::unavailable, fmt::format("{}: {}", endpoint, reason)};
}

/// As far as the thread's deadline lets; streams have none.
ClientOptions bounded(ClientOptions options) {
    options.timeout = Deadline::left(options.timeout);
    options.connect_timeout = Deadline::left(options.connect_timeout);
    return options;
}

Result<Response> perform(const std::string& endpoint, const Sending& request, const Use* use,
                         const ClientOptions& options) {
    if (!endpoint.starts_with("http://") && !endpoint.starts_with("https://"))
        return fail(Code::invalid, endpoint + ": an endpoint begins with http:// or https://");
    if (options.cancel && *options.cancel) return fail(Code::unavailable, endpoint + ": cancelled");
    if (options.timeout.count() <= 0) return fail(Code::unavailable, endpoint + ": there is no time left to ask");
    auto url = endpoint;
    while (url.ends_with('/')) url.pop_back();
    url += request.target.starts_with('/') ? request.target : "/" + request.target;

    const TakenHandle taken(endpoint + '\n' + options.ca_file);
    CURL* const handle = taken.get();
    const HeaderList headers(request.headers);
    Receiving receiving{handle, use};
    char detail[CURL_ERROR_SIZE] = "";
    configure(handle, url, request, options);
    Watch watch(options);
    set_bounds(handle, options, use != nullptr, watch);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &receiving);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &receiving);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
    const auto code = curl_easy_perform(handle);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
    if (code == CURLE_ABORTED_BY_CALLBACK && watch.reason())
        return fail(Code::unavailable, fmt::format("{}: {}", endpoint, watch.reason()));
    if (code != CURLE_OK && !receiving.stopped) return fail(error_of(code, endpoint, detail));

    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    receiving.response.status = static_cast<int>(status);
    return std::move(receiving.response);
}

}  // namespace

Result<Response> send(const std::string& endpoint, const Request& request, const ClientOptions& options) {
    return perform(endpoint, {request.method, request.target, request.headers, request.body}, nullptr,
                   bounded(options));
}

Result<Response> send(const std::string& endpoint, const OutgoingRequest& request, const ClientOptions& options) {
    return perform(endpoint, {request.method, request.target, request.headers, request.body}, nullptr,
                   bounded(options));
}

Result<Response> receive_stream(const std::string& endpoint, const Request& request, const Use& use,
                                const ClientOptions& options) {
    return perform(endpoint, {request.method, request.target, request.headers, request.body}, &use, options);
}

}  // namespace cairn::net
