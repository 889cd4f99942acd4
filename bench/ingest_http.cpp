// A running node under load over loopback, and the bound in the same run: a bare server that receives the same
// requests, cuts lines, checks them with simdjson, compresses with the same codec, writes and syncs in groups, and
// answers.
//   ingest_http CAIRN FILE FOLDER [events, of which a tenth teaches the dictionary and at most a tenth is sent one by
//   one] [codec]
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "event/block.h"

extern char** environ;

using namespace cairn;
using Clock = std::chrono::steady_clock;

namespace {

[[noreturn]] void give_up(const std::string& why) {
    fmt::print(stderr, "ingest_http: {}\n", why);
    std::exit(1);
}

// ---- data

/// Records one after another, each with its line feed, and where each ends.
struct Records {
    std::string text;
    std::vector<std::size_t> ends;

    std::size_t size() const { return ends.size(); }
    std::string_view lines(std::size_t begin, std::size_t end) const {
        const auto from = begin == 0 ? 0 : ends[begin - 1];
        return std::string_view(text).substr(from, ends[end - 1] - from);
    }
};

Records read_records(const char* path, std::size_t count) {
    Records records;
    std::ifstream file(path);
    for (std::string line; records.size() < count && std::getline(file, line);) {
        records.text.append(line).push_back('\n');
        records.ends.push_back(records.text.size());
    }
    if (records.size() < count) give_up(fmt::format("{} has only {} records", path, records.size()));
    return records;
}

// ---- the load generator

struct Load {
    std::size_t first = 0, last = 0;  ///< records
    std::size_t per_request = 1000;
    int connections = 4;
};

struct Measured {
    double seconds = 0, p50_ms = 0, p99_ms = 0;
};

int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) give_up("cannot connect");
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    return socket;
}

/// Posts records on a few connections from one thread, each connection one request after another.
class Generator {
public:
    Generator(const Records& records, Load load, std::uint16_t port, std::string token)
        : records_(records),
          load_(load),
          token_(std::move(token)),
          epoll_(::epoll_create1(EPOLL_CLOEXEC)),
          next_(load.first) {
        clients_.resize(static_cast<std::size_t>(load.connections));
        for (std::size_t i = 0; i < clients_.size(); ++i) {
            clients_[i].socket = connect_to(port);
            epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {.u64 = i}};
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_[i].socket, &event);
        }
    }
    ~Generator() {
        for (const auto& client : clients_) ::close(client.socket);
        ::close(epoll_);
    }

    Measured run() {
        const auto begin = Clock::now();
        for (auto& client : clients_) begin_request(client);
        epoll_event events[64];
        while (busy_ > 0) {
            const int count = ::epoll_wait(epoll_, events, 64, 30'000);
            if (count == 0) give_up("no answer for 30 seconds");
            for (int i = 0; i < count; ++i) serve(clients_[events[i].data.u64]);
        }
        const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        std::ranges::sort(times_ms_);
        return {seconds, times_ms_[times_ms_.size() / 2], times_ms_[times_ms_.size() * 99 / 100]};
    }

private:
    struct Client {
        int socket = -1;
        std::string head, answer;
        std::string_view body;
        std::size_t sent = 0;
        bool waits = false;
        Clock::time_point begun;
    };

    void begin_request(Client& client) {
        if (next_ == load_.last) return;
        const auto end = std::min(next_ + load_.per_request, load_.last);
        client.body = records_.lines(next_, end);
        next_ = end;
        client.head = fmt::format(
            "POST /ingest HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
            token_, client.body.size());
        client.sent = 0;
        client.answer.clear();
        client.waits = true;
        client.begun = Clock::now();
        ++busy_;
        send_more(client);
    }

    void send_more(Client& client) {
        const auto size = client.head.size() + client.body.size();
        while (client.sent < size) {
            const auto head = std::string_view(client.head).substr(std::min(client.sent, client.head.size()));
            const auto body = client.body.substr(client.sent - std::min(client.sent, client.head.size()));
            iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                              {const_cast<char*>(body.data()), body.size()}};
            const msghdr message{.msg_name = nullptr,
                                 .msg_namelen = 0,
                                 .msg_iov = parts,
                                 .msg_iovlen = 2,
                                 .msg_control = nullptr,
                                 .msg_controllen = 0,
                                 .msg_flags = 0};
            const auto sent = ::sendmsg(client.socket, &message, MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) return;
            if (sent <= 0) give_up("connection lost while sending");
            client.sent += static_cast<std::size_t>(sent);
        }
    }

    void serve(Client& client) {
        if (!client.waits) return;
        send_more(client);
        char buffer[4096];
        for (;;) {
            const auto got = ::recv(client.socket, buffer, sizeof buffer, 0);
            if (got < 0 && errno == EAGAIN) return;
            if (got <= 0) give_up("connection lost while waiting for an answer");
            client.answer.append(buffer, static_cast<std::size_t>(got));
            if (is_whole(client.answer)) break;
        }
        const auto stored = fmt::format("\"stored\":{},", std::ranges::count(client.body, '\n'));
        if (!client.answer.starts_with("HTTP/1.1 200") || client.answer.find(stored) == std::string::npos)
            give_up("not stored: " + client.answer.substr(0, 1000));
        times_ms_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - client.begun).count());
        client.waits = false;
        --busy_;
        begin_request(client);
    }

    static bool is_whole(std::string_view answer) {
        const auto head = answer.find("\r\n\r\n");
        const auto length = answer.find("Content-Length: ");
        return head != std::string_view::npos && length < head &&
               answer.size() >= head + 4 + std::strtoull(answer.data() + length + 16, nullptr, 10);
    }

    const Records& records_;
    const Load load_;
    const std::string token_;
    const int epoll_;
    std::size_t next_;
    std::size_t busy_ = 0;
    std::vector<Client> clients_;
    std::vector<double> times_ms_;
};

// ---- the bound

/// Receives, checks, compresses, syncs, answers: nothing is admitted, indexed or authenticated.
class BareServer {
public:
    BareServer(const std::string& folder, BlockCodec codec)
        : codec_(std::move(codec)),
          file_(::open((folder + "/bound").c_str(), O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600)) {
        buffer_ = static_cast<char*>(std::aligned_alloc(page, commit_bytes_max));
        std::memset(buffer_, 0, commit_bytes_max);
        for (std::size_t at = 0; at < file_bytes; at += commit_bytes_max)
            if (::pwrite(file_, buffer_, commit_bytes_max, static_cast<off_t>(at)) < 0)
                give_up("cannot write the bound's file");
        ::fdatasync(file_);
    }

    std::uint16_t listen() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 100) != 0)
            give_up("cannot listen");
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        return ntohs(address.sin_port);
    }

    /// Never returns.
    void serve() {
        std::thread([this] { write(); }).detach();
        int epolls[2] = {::epoll_create1(EPOLL_CLOEXEC), ::epoll_create1(EPOLL_CLOEXEC)};
        for (const int epoll : epolls) std::thread([this, epoll] { receive(epoll); }).detach();
        for (std::size_t i = 0;; ++i) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            const int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            epoll_event event{EPOLLIN, {.ptr = new Input{.socket = socket}}};
            ::epoll_ctl(epolls[i % 2], EPOLL_CTL_ADD, socket, &event);
        }
    }

private:
    static constexpr std::size_t page = 4096, commit_bytes_max = 4 << 20, file_bytes = 256 << 20;
    static constexpr std::size_t own_block_bytes_min = 16 * 1024, block_bytes_wanted = 128 * 1024;

    struct Input {
        int socket;
        std::string bytes{};
        std::size_t have = 0, wanted = 0;  ///< wanted 0: the head is not read yet
        std::size_t body = 0;
    };
    struct Done {
        int socket;
        std::size_t events;
        std::string blocks;   ///< compressed where the request was large enough
        std::string records;  ///< else as they came
    };

    void receive(int epoll) {
        simdjson::dom::parser parser;
        BlockBuilder builder(RetentionClass::management);
        epoll_event events[64];
        for (;;) {
            const int count = ::epoll_wait(epoll, events, 64, -1);
            for (int i = 0; i < count; ++i) {
                auto& input = *static_cast<Input*>(events[i].data.ptr);
                if (read(input)) take(input, parser, builder);
            }
        }
    }

    /// Whether a request is there as a whole.
    static bool read(Input& input) {
        if (input.bytes.size() < input.wanted + simdjson::SIMDJSON_PADDING + 64 * 1024)
            input.bytes.resize(input.wanted + simdjson::SIMDJSON_PADDING + 64 * 1024);
        const auto got = ::recv(input.socket, input.bytes.data() + input.have,
                                input.bytes.size() - simdjson::SIMDJSON_PADDING - input.have, 0);
        if (got < 0 && errno == EAGAIN) return false;
        if (got <= 0) {
            ::close(input.socket);
            return false;
        }
        input.have += static_cast<std::size_t>(got);
        const auto all = std::string_view(input.bytes).substr(0, input.have);
        if (input.wanted == 0) {
            const auto head = all.find("\r\n\r\n");
            if (head == std::string_view::npos) return false;
            input.body = head + 4;
            input.wanted = input.body + std::strtoull(all.data() + all.find("Content-Length: ") + 16, nullptr, 10);
        }
        return input.have >= input.wanted;
    }

    void take(Input& input, simdjson::dom::parser& parser, BlockBuilder& builder) {
        Done done{input.socket, 0, {}, {}};
        const auto body = std::string_view(input.bytes).substr(input.body, input.wanted - input.body);
        const bool own_block = body.size() >= own_block_bytes_min;
        for (std::size_t at = 0; at < body.size(); ++done.events) {
            const auto line = body.substr(at, body.find('\n', at) - at);
            simdjson::dom::element root;
            if (parser.parse(line.data(), line.size(), false).get(root)) give_up("not JSON");
            if (own_block) {
                builder.add(line, {});
                if (builder.raw_bytes() >= block_bytes_wanted) done.blocks += builder.finish(codec_);
            }
            at += line.size() + 1;
        }
        if (builder.event_count() > 0) done.blocks += builder.finish(codec_);
        if (!own_block) done.records = body;
        input.have = input.wanted = 0;
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(done));
        wake_.notify_one();
    }

    void write() {
        BlockBuilder builder(RetentionClass::management);
        std::size_t at = 0;
        for (;;) {
            std::vector<Done> batch;
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return !queue_.empty(); });
                batch.swap(queue_);
            }
            std::size_t size = 0;
            const auto put = [&](std::string_view block) {
                if (size + block.size() > commit_bytes_max) give_up("the bound's commit is too large");
                std::memcpy(buffer_ + size, block.data(), block.size());
                size += block.size();
            };
            for (const auto& done : batch) {
                put(done.blocks);
                for (std::size_t line = 0; line < done.records.size();) {
                    const auto end = done.records.find('\n', line);
                    builder.add(std::string_view(done.records).substr(line, end - line), {});
                    line = end + 1;
                }
            }
            if (builder.event_count() > 0) put(builder.finish(codec_));
            size = (size + page - 1) / page * page;
            if (at + size > file_bytes) at = 0;
            if (::pwrite(file_, buffer_, size, static_cast<off_t>(at)) < 0 || ::fdatasync(file_) != 0)
                give_up("the bound cannot write");
            at += size;
            for (const auto& done : batch) {
                const auto answer = fmt::format("{{\"stored\":{},}}", done.events);
                const auto text = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", answer.size(), answer);
                ::send(done.socket, text.data(), text.size(), MSG_NOSIGNAL);
            }
        }
    }

    const BlockCodec codec_;
    const int file_;
    int listener_ = -1;
    char* buffer_ = nullptr;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Done> queue_;  // guarded by mutex_
};

// ---- servers as processes

struct Server {
    pid_t process = 0;
    std::uint16_t port = 0;
    std::string token = "-";
};

void stop(const Server& server, int signal) {
    ::kill(server.process, signal);
    ::waitpid(server.process, nullptr, 0);
}

double cpu_seconds(pid_t process) {
    std::ifstream file(fmt::format("/proc/{}/stat", process));
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::vector<std::string> all{std::istream_iterator<std::string>(fields), {}};
    return static_cast<double>(std::stoull(all[11]) + std::stoull(all[12])) /
           static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double anonymous_mb(pid_t process) {
    std::ifstream file(fmt::format("/proc/{}/status", process));
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("RssAnon:")) return std::strtod(line.c_str() + 8, nullptr) / 1000;
    return 0;
}

Server start_bound(const std::string& folder, BlockCodec codec) {
    BareServer bare(folder, std::move(codec));
    const auto port = bare.listen();
    const pid_t process = ::fork();
    if (process == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        bare.serve();
    }
    return {process, port};
}

std::string output_of(const std::string& command) {
    std::string text;
    auto* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) give_up("cannot run " + command);
    char buffer[4096];
    while (const auto got = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, got);
    if (::pclose(pipe) != 0) give_up("failed: " + command);
    return text;
}

Server start_node(const std::string& cairn, const std::string& folder, const char* codec) {
    const auto data = folder + "/data", config = folder + "/cairn.toml", endpoint = folder + "/endpoint";
    std::ofstream(config) << fmt::format("account = \"111122223333\"\n[storage]\ncodec = \"{}\"\n", codec);
    const auto made = output_of(fmt::format(
        "'{}' keys create --ingest --json --write-account '*' --account 111122223333 --config '{}' --data '{}'", cairn,
        config, data));
    simdjson::dom::parser parser;
    Server server;
    server.token = std::string_view(parser.parse(simdjson::padded_string(made))["secret"]);
    const char* arguments[] = {cairn.c_str(),     "serve",          "--config", config.c_str(),
                               "--data",          data.c_str(),     "--listen", "127.0.0.1:0",
                               "--endpoint-file", endpoint.c_str(), nullptr};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, (folder + "/output").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    if (::posix_spawn(&server.process, cairn.c_str(), &files, nullptr, const_cast<char**>(arguments), environ) != 0)
        give_up("cannot start " + cairn);
    for (int i = 0; i < 1000 && !std::filesystem::exists(endpoint); ++i) ::usleep(10'000);
    std::ifstream file(endpoint);
    std::string line;
    while (std::getline(file, line) && !line.starts_with("endpoint=")) {
    }
    server.port = static_cast<std::uint16_t>(std::strtoul(line.c_str() + line.rfind(':') + 1, nullptr, 10));
    if (server.port == 0) give_up("the node did not start: see " + folder + "/output");
    return server;
}

struct Rate {
    double per_second, cpu_us;
};

Rate measure(const char* name, const Server& server, const Records& records, const Load& load) {
    const auto cpu = cpu_seconds(server.process);
    const auto measured = Generator(records, load, server.port, server.token).run();
    const auto events = static_cast<double>(load.last - load.first);
    const Rate rate{events / measured.seconds, (cpu_seconds(server.process) - cpu) / events * 1e6};
    fmt::print(
        "  {:<6} {:5} a request, {:2} connections: {:8.0f} events/s, {:6.2f} us of CPU an event, p50 {:6.2f} ms, p99 "
        "{:6.2f} ms, {:4.0f} MB anonymous\n",
        name, load.per_request, load.connections, rate.per_second, rate.cpu_us, measured.p50_ms, measured.p99_ms,
        anonymous_mb(server.process));
    return rate;
}

void compare(const char* codec, const std::string& cairn, const std::string& folder, const Records& records,
             DictionaryPointer dictionary) {
    const auto taught = records.size() / 10, single = std::min<std::size_t>(records.size() / 10, 50'000);
    const Load teach{0, taught, 1000, 4}, many{taught, records.size() - single, 1000, 4},
        one{records.size() - single, records.size(), 1, 64};
    fmt::print("codec {}\n", codec);

    const auto node_folder = folder + "/" + codec;
    std::filesystem::create_directories(node_folder);
    const auto node = start_node(cairn, node_folder, codec);
    Generator(records, teach, node.port, node.token).run();
    std::this_thread::sleep_for(std::chrono::seconds(4));  // the dictionary is learned
    const auto node_many = measure("cairn", node, records, many), node_one = measure("cairn", node, records, one);
    stop(node, SIGTERM);

    const auto bound = start_bound(
        node_folder, {.level = std::string_view(codec) == "fast" ? 1 : 3, .dictionary = std::move(dictionary)});
    Generator(records, teach, bound.port, bound.token).run();
    const auto bound_many = measure("bound", bound, records, many), bound_one = measure("bound", bound, records, one);
    stop(bound, SIGKILL);
    std::filesystem::remove_all(node_folder);
    fmt::print(
        "  of the bound: {:.2f} of the rate with {:.2f} times the CPU at 1,000 a request; {:.2f} with {:.2f} at 1\n",
        node_many.per_second / bound_many.per_second, node_many.cpu_us / bound_many.cpu_us,
        node_one.per_second / bound_one.per_second, node_one.cpu_us / bound_one.cpu_us);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const auto records = read_records(argv[2], argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 400'000);
    std::vector<std::string> samples;
    for (std::size_t i = 0; i < std::min<std::size_t>(40'000, records.size() / 10); ++i) {
        const auto line = records.lines(i, i + 1);
        samples.emplace_back(line.substr(0, line.size() - 1));
    }
    const auto dictionary = train_dictionary(samples, 1 << 20);
    if (!dictionary) give_up(dictionary.error().message);
    fmt::print("{} events of {} B\n", records.size(), records.text.size() / records.size());
    for (const char* codec : {"dense", "fast"})
        if (argc < 6 || std::string_view(argv[5]) == codec) compare(codec, argv[1], argv[3], records, *dictionary);
}
