#include "support/s3_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "net/http_client.h"
#include "sign/digest.h"
#include "sign/sigv4.h"

namespace cairn::support {

namespace {

using std::chrono::steady_clock;

int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return ntohs(address.sin_port);
}

std::vector<std::string> command(const std::string& program, const std::string& folder, const std::string& address) {
    const char* servers = std::getenv("CAIRN_SERVERS");
    const auto path = std::string(servers ? servers : ".servers/bin") + "/" + program;
    if (program == "minio") return {path, "server", "--quiet", "--address", address, folder + "/data"};
    for (const char* part : {"root", "iam", "versions"}) std::filesystem::create_directories(folder + "/" + part);
    return {path,
            "--port",
            address,
            "--iam-dir",
            folder + "/iam",
            "posix",
            "--versioning-dir",
            folder + "/versions",
            folder + "/root"};
}

std::vector<std::string> environment(const std::string& program, const std::string& folder) {
    std::vector<std::string> all{"PATH=/usr/bin:/bin", "HOME=" + folder};
    if (program == "minio")
        all.insert(all.end(),
                   {std::string("MINIO_ROOT_USER=") + S3Server::access_key,
                    std::string("MINIO_ROOT_PASSWORD=") + S3Server::secret_key,
                    "MINIO_KMS_SECRET_KEY=cairn-key:Y2Fpcm4gdGVzdHMgZW5jcnlwdCB3aXRoIHRoaXMha2U=", "MINIO_BROWSER=off",
                    "MINIO_UPDATE=off", "MINIO_CALLHOME_ENABLE=off", "GOMEMLIMIT=300MiB"});
    else
        all.insert(all.end(), {std::string("ROOT_ACCESS_KEY=") + S3Server::access_key,
                               std::string("ROOT_SECRET_KEY=") + S3Server::secret_key});
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> made;
    for (auto& text : texts) made.push_back(text.data());
    made.push_back(nullptr);
    return made;
}

std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// It answers the calls of its key (ListBuckets): MinIO says that it is healthy before it does.
bool answers(const std::string& endpoint) {
    net::Request request;
    request.method = "GET";
    request.target = "/";
    const sign::Headers host{{"Host", endpoint.substr(endpoint.rfind('/') + 1)}};
    const auto signature = sign::sign(
        {request.method, request.target, &host, sign::sha256_hex("")}, {S3Server::access_key, S3Server::secret_key, ""},
        "us-east-1", "s3", std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()), false);
    request.headers.assign(signature.begin(), signature.end());
    const auto response = net::send(endpoint, request);
    return response && response->status == 200;
}

}  // namespace

Result<std::unique_ptr<S3Server>> S3Server::start(const std::string& program) {
    std::unique_ptr<S3Server> server(new S3Server);
    const auto& folder = server->folder_.path();
    const auto address = "127.0.0.1:" + std::to_string(free_port());
    auto words = command(program, folder, address), variables = environment(program, folder);
    if (!std::filesystem::exists(words.front()))
        return fail(Code::unavailable, words.front() + " is not there: run ./dev setup test");
    server->endpoint_ = "http://" + address;
    const auto log = folder + "/log";
    const auto arguments = pointers(words), environment_of_it = pointers(variables);
    server->process_ = ::fork();
    if (server->process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int out = ::open(log.c_str(), O_CREAT | O_WRONLY, 0600);
        ::dup2(out, 1);
        ::dup2(out, 2);
        ::execve(arguments[0], arguments.data(), environment_of_it.data());
        ::_exit(127);
    }
    for (const auto end = steady_clock::now() + std::chrono::seconds(60); steady_clock::now() < end;) {
        if (answers(server->endpoint_)) return server;
        if (::waitpid(server->process_, nullptr, WNOHANG) != 0) {
            server->process_ = -1;
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return fail(Code::unavailable, program + " does not start: " + content(log));
}

S3Server::~S3Server() {
    if (process_ <= 0) return;
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
}

}  // namespace cairn::support
