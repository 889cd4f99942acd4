#include "backend/sqlite/connection.h"

#include <cstdint>

#include <fmt/format.h>
#include <sqlite3.h>

namespace cairn::sqlite {

namespace {

constexpr int busy_timeout_ms = 5000;

Code code_of(int status) {
    switch (status & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return Code::conflict;
        case SQLITE_FULL: return Code::exhausted;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FORMAT: return Code::corrupt;
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH: return Code::denied;
        case SQLITE_TOOBIG:
        case SQLITE_MISMATCH:
        case SQLITE_RANGE: return Code::invalid;
        default: return Code::unavailable;
    }
}

std::unexpected<Error> failure(sqlite3* database, int status) {
    const char* path = sqlite3_db_filename(database, "main");
    return fail(code_of(status),
                fmt::format("{}: {}", path == nullptr ? "meta store" : path, sqlite3_errmsg(database)));
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(int position, std::string_view bytes) {
    // A null pointer would bind NULL instead of no bytes.
    const char* data = bytes.data() == nullptr ? "" : bytes.data();
    sqlite3_bind_blob64(statement_.get(), position, data, bytes.size(), SQLITE_STATIC);
    return *this;
}

Statement& Statement::bind(int position, std::int64_t number) {
    sqlite3_bind_int64(statement_.get(), position, number);
    return *this;
}

Result<bool> Statement::step() {
    const int status = sqlite3_step(statement_.get());
    if (status == SQLITE_ROW) return true;
    auto* database = sqlite3_db_handle(statement_.get());
    if (status == SQLITE_DONE) return false;
    auto error = failure(database, status);
    reset();
    return error;
}

std::string Statement::bytes(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    return data == nullptr
               ? std::string()
               : std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

void Statement::reset() {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Mode mode) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (mode == Mode::make ? SQLITE_OPEN_CREATE : 0);
    sqlite3* database = nullptr;
    const int status = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
    std::unique_ptr<Connection> connection(new Connection(database));
    if (database == nullptr) return fail(Code::exhausted, path + ": no memory for a connection");
    if (status != SQLITE_OK) return fail(code_of(status), fmt::format("{}: {}", path, sqlite3_errmsg(database)));
    sqlite3_busy_timeout(database, busy_timeout_ms);
    return connection;
}

// Closes once the last statement is gone, which is right after this.
Connection::~Connection() { sqlite3_close_v2(database_); }

Result<void> Connection::execute(const char* sql) {
    const int status = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
    if (status != SQLITE_OK) return failure(database_, status);
    return {};
}

Result<Statement> Connection::prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    const int status = sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (status != SQLITE_OK) return failure(database_, status);
    return Statement(statement);
}

Result<std::int64_t> Connection::number(const char* sql) {
    auto statement = prepare(sql);
    if (!statement) return fail(std::move(statement).error());
    const auto row = statement->step();
    if (!row) return fail(row.error());
    return *row ? statement->number(0) : 0;
}

Result<void> Connection::prepare_all() {
    const struct {
        Statement& statement;
        const char* sql;
    } wanted[] = {
        {get, "SELECT value FROM pairs WHERE space = ?1 AND key = ?2"},
        {put,
         "INSERT INTO pairs (space, key, value) VALUES (?1, ?2, ?3)"
         " ON CONFLICT (space, key) DO UPDATE SET value = excluded.value"},
        {erase, "DELETE FROM pairs WHERE space = ?1 AND key = ?2"},
        {scan, "SELECT key, value FROM pairs WHERE space = ?1 AND key >= ?2 AND key <> ?3 ORDER BY key LIMIT ?4"},
    };
    for (const auto& [statement, sql] : wanted) {
        auto prepared = prepare(sql);
        if (!prepared) return fail(std::move(prepared).error());
        statement = std::move(*prepared);
    }
    return {};
}

}  // namespace cairn::sqlite
