#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace cairn {

enum class LogLevel { debug, info, warning, error };

/// One named value of a log line.
struct LogField {
    LogField(std::string_view name, std::string_view value) : name(name), value(value) {}
    LogField(std::string_view name, const char* value) : name(name), value(value) {}
    LogField(std::string_view name, const std::string& value) : name(name), value(value) {}
    LogField(std::string_view name, long long value) : name(name), value(std::to_string(value)) {}
    LogField(std::string_view name, unsigned long long value) : name(name), value(std::to_string(value)) {}
    LogField(std::string_view name, long value) : name(name), value(std::to_string(value)) {}
    LogField(std::string_view name, unsigned long value) : name(name), value(std::to_string(value)) {}
    LogField(std::string_view name, int value) : name(name), value(std::to_string(value)) {}
    LogField(std::string_view name, unsigned value) : name(name), value(std::to_string(value)) {}

    std::string_view name;
    std::string value;
};

/// Lines below `level` are not written. `json` writes one object a line, else "time LEVEL message name=value ...".
void configure_log(LogLevel level, bool json);

/// Writes one line to standard error. Thread-safe; a line is written whole. The caller never passes a secret.
void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

inline void log_info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::info, message, fields);
}
inline void log_warning(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::warning, message, fields);
}
inline void log_error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::error, message, fields);
}

}  // namespace cairn
