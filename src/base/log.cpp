#include "base/log.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>

#include "base/json.h"
#include "base/time.h"

namespace cairn {

namespace {

std::atomic<LogLevel> level_min{LogLevel::info};
std::atomic<bool> as_json{false};

std::string_view level_name(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return "debug";
        case LogLevel::info: return "info";
        case LogLevel::warning: return "warning";
        case LogLevel::error: return "error";
    }
    return "error";
}

bool is_plain(std::string_view value) {
    if (value.empty()) return false;
    for (const char c : value)
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
    return true;
}

std::string plain_line(std::string_view time, std::string_view level, std::string_view message,
                       std::initializer_list<LogField> fields) {
    std::string line(time);
    line.append(" ").append(level).append(" ").append(message);
    for (const auto& field : fields) {
        line.append(" ").append(field.name).append("=");
        if (is_plain(field.value))
            line.append(field.value);
        else
            append_json_string(line, field.value);
    }
    return line;
}

std::string json_line(std::string_view time, std::string_view level, std::string_view message,
                      std::initializer_list<LogField> fields) {
    JsonObject object{{"time", time}, {"level", level}, {"message", message}};
    for (const auto& field : fields) object.emplace_back(field.name, field.value);
    return to_text(std::move(object));
}

}  // namespace

void configure_log(LogLevel level, bool json) {
    level_min = level;
    as_json = json;
}

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
    if (level < level_min.load(std::memory_order_relaxed)) return;
    const auto time = format_time(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
    auto line = (as_json ? json_line : plain_line)(time, level_name(level), message, fields);
    line.push_back('\n');
    static std::mutex mutex;
    std::lock_guard lock(mutex);
    std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace cairn
