#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cairn::sqlite {

/// A prepared statement, used again and again. Bound bytes must live until reset() or the next step that ends it.
class Statement {
public:
    Statement() = default;
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

    /// Positions count from 1.
    Statement& bind(int position, std::string_view bytes);
    Statement& bind(int position, std::int64_t number);

    /// True when there is a row.
    Result<bool> step();
    std::string bytes(int column) const;
    std::int64_t number(int column) const;

    /// To be called when done with the rows; also ends the statement's hold on the database.
    void reset();

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection to a database. Used by one thread at a time.
class Connection {
public:
    enum class Mode { existing, make };
    static Result<std::unique_ptr<Connection>> open(const std::string& path, Mode mode);
    ~Connection();
    Connection(const Connection&) = delete;

    /// Runs statements without parameters and rows.
    Result<void> execute(const char* sql);
    Result<Statement> prepare(const char* sql);

    /// The single number that `sql` yields.
    Result<std::int64_t> number(const char* sql);

    // Those of the key-value table, prepared once the schema is there.
    Result<void> prepare_all();
    Statement get, put, erase, scan;

private:
    explicit Connection(sqlite3* database) : database_(database) {}
    sqlite3* database_;
};

}  // namespace cairn::sqlite
