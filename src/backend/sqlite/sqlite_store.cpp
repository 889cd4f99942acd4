#include "backend/sqlite/sqlite_store.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <mutex>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/sqlite/connection.h"

namespace cairn {

namespace {

using sqlite::Connection;
using sqlite::Statement;

constexpr std::int64_t schema_version = 1;
constexpr std::int64_t application_id = 0x6361726e;  // "carn"
constexpr std::size_t idle_readers_max = 8;

// What a transaction may do, on one connection. The first error is kept: after one, nothing is committed, whatever
// `work` makes of it.
class PairTransaction final : public Transaction {
public:
    PairTransaction(Connection& connection, bool read_only) : connection_(connection), read_only_(read_only) {}

    const Result<void>& state() const { return state_; }

    Result<std::optional<std::string>> get(std::string_view space, std::string_view key) override {
        auto& statement = connection_.get.bind(1, space).bind(2, key);
        const auto row = step(statement);
        if (!row) return fail(row.error());
        std::optional<std::string> value;
        if (*row) value = statement.bytes(0);
        statement.reset();
        return value;
    }

    Result<void> put(std::string_view space, std::string_view key, std::string_view value) override {
        return change(connection_.put.bind(1, space).bind(2, key).bind(3, value));
    }

    Result<void> erase(std::string_view space, std::string_view key) override {
        return change(connection_.erase.bind(1, space).bind(2, key));
    }

    Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view space, std::string_view prefix,
                                                                  std::string_view after,
                                                                  std::size_t count_max) override {
        constexpr auto limit = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
        // SQLite walks the index from one bound only; with two it would step over everything between them.
        auto& statement = connection_.scan.bind(1, space)
                              .bind(2, std::max(prefix, after))
                              .bind(3, after)
                              .bind(4, static_cast<std::int64_t>(std::min(count_max, limit)));
        std::vector<std::pair<std::string, std::string>> pairs;
        for (;;) {
            const auto row = step(statement);
            if (!row) return fail(row.error());
            if (!*row) break;
            auto key = statement.bytes(0);
            if (!key.starts_with(prefix)) break;
            pairs.emplace_back(std::move(key), statement.bytes(1));
        }
        statement.reset();
        return pairs;
    }

private:
    Result<bool> step(Statement& statement) {
        auto row = statement.step();
        if (!row && state_) state_ = fail(row.error());
        return row;
    }

    Result<void> change(Statement& statement) {
        if (read_only_) {
            statement.reset();
            return fail(Code::invalid, "a view of the meta store cannot change it");
        }
        const auto row = step(statement);
        if (!row) return fail(row.error());
        statement.reset();
        return {};
    }

    Connection& connection_;
    const bool read_only_;
    Result<void> state_;
};

Result<void> run(Connection& connection, const char* begin, bool read_only,
                 const std::function<Result<void>(Transaction&)>& work) {
    CAIRN_TRY(connection.execute(begin));
    struct Rollback {
        Connection& connection;
        bool wanted = true;
        ~Rollback() {
            if (wanted) (void)connection.execute("ROLLBACK");  // fails when SQLite has rolled back by itself
        }
    } rollback{connection};
    PairTransaction transaction(connection, read_only);
    CAIRN_TRY(work(transaction));
    CAIRN_TRY(transaction.state());
    CAIRN_TRY(connection.execute("COMMIT"));
    rollback.wanted = false;
    return {};
}

Result<std::unique_ptr<Connection>> connect(const std::string& path) {
    auto connection = Connection::open(path, Connection::Mode::existing);
    if (!connection) return connection;
    CAIRN_TRY(
        (*connection)->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF;"));
    CAIRN_TRY((*connection)->prepare_all());
    return connection;
}

// The file is made before SQLite makes it, because SQLite would let others read it.
Result<void> make_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        const auto code = errno == EACCES || errno == EROFS ? Code::denied
                          : errno == ENOSPC                 ? Code::exhausted
                                                            : Code::unavailable;
        return fail(code, fmt::format("{}: {}", path, std::strerror(errno)));
    }
    ::close(file);
    return {};
}

Result<void> check_schema(Connection& connection, const std::string& path) {
    const auto id = connection.number("PRAGMA application_id");
    if (!id) return fail(id.error());
    const auto version = connection.number("PRAGMA user_version");
    if (!version) return fail(version.error());
    const auto tables = connection.number("SELECT count(*) FROM sqlite_schema");
    if (!tables) return fail(tables.error());
    if (*tables == 0 && *version == 0) {
        return connection.execute(
            fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};"
                        "CREATE TABLE pairs (space BLOB NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
                        " PRIMARY KEY (space, key)) WITHOUT ROWID;",
                        application_id, schema_version)
                .c_str());
    }
    if (*id != application_id) return fail(Code::corrupt, path + ": a database of another program");
    if (*version > schema_version)
        return fail(Code::invalid, fmt::format("{}: schema version {} is newer than this program's {}", path, *version,
                                               schema_version));
    return {};
}

class SqliteStore final : public MetaStore {
public:
    SqliteStore(std::string path, std::unique_ptr<Connection> writer)
        : path_(std::move(path)), writer_(std::move(writer)) {}

    Result<void> transact(const std::function<Result<void>(Transaction&)>& work) override {
        const std::lock_guard lock(writer_mutex_);
        return run(*writer_, "BEGIN IMMEDIATE", false, work);
    }

    Result<void> view(const std::function<Result<void>(Transaction&)>& work) override {
        auto reader = take_reader();
        if (!reader) return fail(std::move(reader).error());
        auto result = run(**reader, "BEGIN", true, work);
        const std::lock_guard lock(readers_mutex_);
        if (idle_readers_.size() < idle_readers_max) idle_readers_.push_back(std::move(*reader));
        return result;
    }

private:
    Result<std::unique_ptr<Connection>> take_reader() {
        {
            const std::lock_guard lock(readers_mutex_);
            if (!idle_readers_.empty()) {
                auto reader = std::move(idle_readers_.back());
                idle_readers_.pop_back();
                return reader;
            }
        }
        return connect(path_);
    }

    const std::string path_;
    std::mutex writer_mutex_;
    std::unique_ptr<Connection> writer_;  // guarded by writer_mutex_
    std::mutex readers_mutex_;
    std::vector<std::unique_ptr<Connection>> idle_readers_;  // guarded by readers_mutex_
};

}  // namespace

Result<std::unique_ptr<MetaStore>> open_sqlite(const std::string& path) {
    CAIRN_TRY(make_file(path));
    {
        auto first = Connection::open(path, Connection::Mode::existing);
        if (!first) return fail(std::move(first).error());
        // Before the schema is made, so that not even that is written without the log.
        CAIRN_TRY((*first)->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE;"));
        CAIRN_TRY(check_schema(**first, path));
        CAIRN_TRY((*first)->execute("COMMIT"));
    }
    auto writer = connect(path);
    if (!writer) return fail(std::move(writer).error());
    return std::make_unique<SqliteStore>(path, std::move(*writer));
}

Result<void> check_sqlite(const std::string& path) {
    struct stat file;
    if (::stat(path.c_str(), &file) != 0) return fail(Code::not_found, path + ": no such file");
    const bool closed = ::access((path + "-wal").c_str(), F_OK) != 0;  // else pages may still be on their way into it
    auto connection = Connection::open(path, Connection::Mode::existing);
    if (!connection) return fail(std::move(connection).error());
    auto check = (*connection)->prepare("PRAGMA integrity_check(3)");
    if (!check) return fail(std::move(check).error());
    std::string findings;
    for (;;) {
        const auto row = check->step();
        if (!row) return fail(row.error());
        if (!*row) break;
        const auto line = check->bytes(0);
        if (line != "ok") findings += (findings.empty() ? "" : "; ") + line;
    }
    check->reset();
    if (!findings.empty()) return fail(Code::corrupt, fmt::format("{}: {}", path, findings));
    // SQLite takes an empty file for an empty database, and what is missing of the last page for zeros.
    const auto id = (*connection)->number("PRAGMA application_id");
    if (!id) return fail(id.error());
    if (*id != application_id) return fail(Code::corrupt, path + ": holds no store");
    const auto page = (*connection)->number("PRAGMA page_size");
    if (!page) return fail(page.error());
    if (closed && file.st_size % static_cast<off_t>(*page) != 0)
        return fail(Code::corrupt, path + ": its last page is cut short");
    return {};
}

}  // namespace cairn
