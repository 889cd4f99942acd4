#include "node/engine.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "admit/seen_index.h"
#include "backend/posix/posix_disk.h"
#include "base/log.h"
#include "base/periodic.h"
#include "journal/dictionary_store.h"
#include "journal/journal.h"
#include "net/answer_burst.h"
#include "node/bucket_retention.h"
#include "node/dictionary_trainer.h"
#include "node/fingerprints.h"
#include "node/mortal_disk.h"
#include "node/object_holds.h"
#include "node/retention.h"

namespace cairn::node {

namespace {

constexpr const char* log_folder = "log";
constexpr const char* seen_folder = "seen";
constexpr const char* history_folder = "view/history";
constexpr const char* reserve_path = "reserve";
constexpr std::uint64_t reserve_bytes = 8u << 20;  // twice what the manifest of a log of years takes

Result<void> remove_files(Disk& disk, const std::string& folder) {
    const auto names = disk.list(folder);
    if (!names) return fail(names.error());
    for (const auto& name : *names) CAIRN_TRY(disk.remove(folder + '/' + name));
    return names->empty() ? Result<void>() : disk.sync_folder(folder);
}

class OpenEngine final : public Engine {
public:
    OpenEngine(const Config& config, Metrics& metrics) : config_(config), metrics_(metrics) {}

    ~OpenEngine() override {
        // Who uses something goes before it.
        bucket_retention_.reset();
        retention_.reset();
        holds_.reset();
        training_.reset();
        trainer_.reset();
        if (trails_) trails_->stop();
        if (sessions_) sessions_->stop();
        if (journal_) journal_->leave();
        if (ingest_) ingest_->drain();
        ingest_.reset();
        trails_.reset();
        sessions_.reset();
        history_.reset();
        journal_.reset();
        seen_.reset();
    }

    Result<void> open() {
        auto store = open_store(config_.data);
        if (!store) return fail(std::move(store).error());
        store_ = std::move(*store);
        auto lock = lock_data_folder(config_.data);
        if (!lock) return fail(std::move(lock).error());
        lock_ = std::move(*lock);
        directory_ = open_directory(config_, store_, clock_);
        hash_key_ = std::make_unique<HashKey>(store_.hash_key);
        auto disk = open_disk(config_.data);
        if (!disk) return fail(std::move(disk).error());
        disk_ = std::move(*disk);
        CAIRN_TRY(open_log());
        CAIRN_TRY(open_seen());
        CAIRN_TRY(open_history());
        CAIRN_TRY(open_trails());
        CAIRN_TRY(open_sessions());
        open_ingest();
        open_retention();
        return {};
    }

    EventLog& log() override { return *journal_; }
    history::History& history() override { return *history_; }
    TrailWork& trails() override { return *trails_; }
    SessionWork& sessions() override { return *sessions_; }
    ingest::Ingest& ingest() override { return *ingest_; }
    identity::Directory& directory() override { return *directory_; }
    const Clock& clock() const override { return clock_; }
    FindDictionary find_dictionary() override { return dictionaries_->finder(); }
    const std::string& store_id() const override { return store_.id; }
    void drain() override { ingest_->drain(); }
    void set_holds(std::vector<Hold> holds) override {
        object_holds_->set(holds);
        holds_->set(std::move(holds));
    }

private:
    Result<void> open_log() {
        auto dictionaries = journal::DictionaryStore::open(*disk_, log_folder);
        if (!dictionaries) return fail(std::move(dictionaries).error());
        dictionaries_ = std::move(*dictionaries);

        journal::JournalOptions options;
        options.disk_budget_bytes = static_cast<std::uint64_t>(config_.disk_budget_bytes);
        options.journal_file_bytes = static_cast<std::uint64_t>(config_.journal_file_bytes);
        options.archive.file_bytes_max = static_cast<std::uint64_t>(config_.archive_file_bytes);
        auto journal = journal::Journal::open({.disk = *disk_,
                                               .folder = log_folder,
                                               .clock = clock_,
                                               .metrics = metrics_,
                                               .codec = [this] { return codec(); },
                                               .find_dictionary = dictionaries_->finder()},
                                              options);
        if (!journal) return fail(std::move(journal).error());
        journal_ = std::move(*journal);
        return {};
    }

    Result<void> open_seen() {
        auto fingerprints =
            Fingerprints::open({*journal_, dictionaries_->finder(), *store_.meta, *hash_key_, store_.id});
        if (!fingerprints) return fail(std::move(fingerprints).error());
        fingerprints_.emplace(std::move(*fingerprints));
        if (fingerprints_->key_changed()) CAIRN_TRY(remove_files(*disk_, seen_folder));
        CAIRN_TRY(fingerprints_->remember());
        admit::SeenSource source;
        source.begin = journal_->begin();
        source.end = journal_->end();
        source.for_each_fingerprint = [this](std::uint64_t from, const admit::SeenSource::Use& use) {
            return fingerprints_->for_each(from, use);
        };
        trimmed_ = !journal_->tombstones().empty();
        admit::SeenOptions options;
        options.table_entries = static_cast<std::uint32_t>(config_.identity_table);
        options.alive = [this](std::uint64_t number) { return is_retained(number); };
        auto seen = admit::SeenIndex::open(*disk_, seen_folder, std::move(source), metrics_, std::move(options));
        if (!seen) return fail(std::move(seen).error());
        seen_ = std::move(*seen);
        return {};
    }

    Result<void> open_history() {
        history::HistoryOptions options;
        for (auto& events : options.file_events)
            events = events * static_cast<std::size_t>(config_.history_head_events) / options.head_events;
        options.head_events = static_cast<std::size_t>(config_.history_head_events);
        auto history = history::History::open(
            {*disk_, history_folder, *journal_, dictionaries_->finder(), clock_, metrics_}, options);
        if (!history) return fail(std::move(history).error());
        history_ = std::move(*history);
        return {};
    }

    Result<void> open_trails() {
        auto trails = TrailWork::open(
            config_, {*journal_, dictionaries_->finder(), *store_.meta, store_.master_key, *disk_, clock_, metrics_});
        if (!trails) return fail(std::move(trails).error());
        trails_ = std::move(*trails);
        return {};
    }

    Result<void> open_sessions() {
        auto sessions =
            SessionWork::open(config_, {*journal_, dictionaries_->finder(), *store_.meta, *disk_, clock_, metrics_});
        if (!sessions) return fail(std::move(sessions).error());
        sessions_ = std::move(*sessions);
        return {};
    }

    void open_ingest() {
        ingest::IngestOptions options;
        options.limits.bytes_max = static_cast<std::size_t>(config_.record_bytes);
        options.limits.depth_max = static_cast<std::size_t>(config_.record_depth);
        options.fast_codec = config_.codec == "fast";
        ingest_ = std::make_unique<ingest::Ingest>(ingest::Ingest::Parts{*journal_,
                                                                         *seen_,
                                                                         {history_.get()},
                                                                         [this] { return codec(); },
                                                                         dictionaries_->finder(),
                                                                         *hash_key_,
                                                                         clock_,
                                                                         metrics_,
                                                                         [](const auto& answer_all) {
                                                                             const net::AnswerBurst burst;
                                                                             answer_all();
                                                                         },
                                                                         &sessions_->learner()},
                                                   options);
        trainer_ = std::make_unique<DictionaryTrainer>(
            DictionaryTrainer::Parts{
                *journal_, dictionaries_->finder(), [this] { return dictionaries_->newest(); },
                [this](DictionaryPointer learned) { return dictionaries_->add(std::move(learned)); }},
            static_cast<std::size_t>(config_.dictionary_bytes));
        if (config_.dictionary_bytes > 0)
            training_.emplace(std::chrono::milliseconds(500), [this] { trainer_->look(); });
    }

    void open_retention() {
        holds_ = std::make_unique<HoldKeeper>(*journal_, dictionaries_->finder(), metrics_);
        holds_->set(config_.holds);
        reserve_ = std::make_unique<DiskReserve>(*disk_, reserve_path, reserve_bytes);
        reserve_->fill();
        retention_ = std::make_unique<Retention>(
            config_,
            Retention::Parts{
                *journal_, *seen_,
                [this] { return std::min({history_->covered(), trails_->published(), sessions_->published()}); },
                *holds_, *reserve_, clock_, trimmed_});
        object_holds_ = std::make_unique<ObjectHolds>(trails_->objects());
        object_holds_->set(config_.holds);
        bucket_retention_ = std::make_unique<BucketRetention>(
            config_, BucketRetention::Parts{trails_->buckets(), trails_->objects(), *object_holds_, *reserve_, clock_,
                                            metrics_});
    }

    /// Nearly always answered without looking: most logs have never let anything go.
    bool is_retained(std::uint64_t number) const {
        if (!trimmed_.load(std::memory_order_relaxed)) return true;
        const auto block = journal_->find(number);
        return block || block.error().code != Code::not_found;
    }

    BlockCodec codec() const {
        BlockCodec codec;
        codec.dictionary = dictionaries_->newest();
        if (config_.codec == "fast") codec.level = 1;
        if (!codec.dictionary) codec.sub_block_bytes = 16 * 1024;
        return codec;
    }

    const Config config_;
    Metrics& metrics_;
    SystemClock clock_;
    Store store_;
    std::unique_ptr<FolderLock> lock_;
    std::unique_ptr<identity::Directory> directory_;
    std::unique_ptr<HashKey> hash_key_;
    std::unique_ptr<Disk> disk_;
    std::unique_ptr<journal::DictionaryStore> dictionaries_;
    std::unique_ptr<journal::Journal> journal_;
    std::atomic<bool> trimmed_{false};  ///< some archive file was let go
    std::optional<Fingerprints> fingerprints_;
    std::unique_ptr<admit::SeenIndex> seen_;
    std::unique_ptr<history::History> history_;
    std::unique_ptr<TrailWork> trails_;
    std::unique_ptr<SessionWork> sessions_;
    std::unique_ptr<ingest::Ingest> ingest_;
    std::unique_ptr<DictionaryTrainer> trainer_;
    std::optional<Periodic> training_;
    std::unique_ptr<HoldKeeper> holds_;
    std::unique_ptr<DiskReserve> reserve_;
    std::unique_ptr<Retention> retention_;
    std::unique_ptr<ObjectHolds> object_holds_;
    std::unique_ptr<BucketRetention> bucket_retention_;
};

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(const Config& config, Metrics& metrics) {
    auto engine = std::make_unique<OpenEngine>(config, metrics);
    CAIRN_TRY(engine->open());
    return engine;
}

}  // namespace cairn::node
