#include "cli/import_sinks.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <zstd.h>

#include "base/json.h"
#include "event/record.h"

namespace cairn::cli {

namespace {

using ingest::Outcome;

/// A JSON array holds records with line breaks inside, too.
std::string joined(const std::vector<std::string_view>& texts) {
    std::size_t size = 2;
    for (const auto text : texts) size += text.size() + 1;
    std::string body;
    body.reserve(size);
    body.push_back('[');
    for (const auto text : texts) {
        if (body.size() > 1) body.push_back(',');
        body.append(text);
    }
    body.push_back(']');
    return body;
}

Result<std::string> compressed(const std::string& body) {
    std::string out(ZSTD_compressBound(body.size()), '\0');
    const auto size = ZSTD_compress(out.data(), out.size(), body.data(), body.size(), 1);
    if (ZSTD_isError(size)) return fail(Code::internal, fmt::format("zstd: {}", ZSTD_getErrorName(size)));
    out.resize(size);
    return out;
}

Result<ImportSink::Taken> read_receipt(std::string_view text) {
    const auto json = parse_json(text);
    if (!json) return fail(Code::internal, "the node's answer is no JSON: " + json.error().message);
    const auto number = [&](std::string_view name) {
        const auto* member = json->find(name);
        return member ? static_cast<std::uint64_t>(member->as_integer()) : 0;
    };
    ImportSink::Taken taken;
    taken.counts = {number("stored"), number("duplicate"), number("conflict"), number("rejected")};
    const auto* results = json->find("results");
    if (!results) return taken;
    for (const auto& result : results->as_array()) {
        const auto* index = result.find("index");
        const auto outcome = result.text("outcome") == "conflict" ? Outcome::conflict : Outcome::rejected;
        taken.problems.push_back({index ? static_cast<std::size_t>(index->as_integer()) : 0, outcome,
                                  std::string(result.text("eventID")), std::string(result.text("reason"))});
    }
    return taken;
}

/// One connection per caller at a time: Remote is for one thread.
class RemoteSink final : public ImportSink {
public:
    explicit RemoteSink(Remote remote) : remote_(std::move(remote)) {}

    Result<Taken> put(const std::vector<std::string_view>& texts) override {
        auto body = compressed(joined(texts));
        if (!body) return fail(std::move(body).error());
        for (int attempts_left = attempts; true; std::this_thread::sleep_for(std::chrono::seconds(1))) {
            Remote remote = remote_;
            const auto answer = remote.call("POST", "/ingest?inlet=import", *body,
                                            {{"Content-Type", "application/json"}, {"Content-Encoding", "zstd"}});
            if (answer) return read_receipt(*answer);
            if (!answer.error().message.starts_with("Busy:") || --attempts_left == 0) return fail(answer.error());
        }
    }

private:
    static constexpr int attempts = 60;  ///< at a node that has too much to do
    const Remote remote_;
};

class LocalSink final : public ImportSink {
public:
    explicit LocalSink(ingest::Ingest& ingest) : ingest_(ingest) {}

    Result<Taken> put(const std::vector<std::string_view>& texts) override {
        ingest::Writer writer;
        writer.envelope.inlet = Inlet::import;
        writer.envelope.writer = "cairn";
        // The caller keeps the texts alive until this returns, so an empty buffer is enough.
        const auto receipt = ingest_.submit_and_wait(std::make_shared<const std::string>(), texts, std::move(writer));
        if (!receipt) return fail(receipt.error());
        Taken taken{receipt->counts, {}};
        for (std::size_t i = 0; i < receipt->results.size(); ++i) {
            const auto& result = receipt->results[i];
            if (result.outcome == Outcome::conflict || result.outcome == Outcome::rejected)
                taken.problems.push_back({i, result.outcome, result.event_id, result.reason});
        }
        return taken;
    }

private:
    ingest::Ingest& ingest_;
};

}  // namespace

Result<std::string> remote_store(const RemoteOptions& options) {
    auto remote = Remote::connect(options);
    if (!remote) return fail(std::move(remote).error());
    const auto answer = remote->answer("POST", "/ingest?inlet=import", "[]", {{"Content-Type", "application/json"}});
    if (!answer) return fail(answer.error());
    return std::string(answer->find("x-cairn-store"));
}

Result<std::unique_ptr<ImportSink>> remote_sink(const RemoteOptions& options) {
    auto remote = Remote::connect(options);
    if (!remote) return fail(std::move(remote).error());
    return std::make_unique<RemoteSink>(std::move(*remote));
}

std::unique_ptr<ImportSink> local_sink(ingest::Ingest& ingest) { return std::make_unique<LocalSink>(ingest); }

}  // namespace cairn::cli
