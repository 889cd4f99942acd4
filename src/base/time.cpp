#include "base/time.h"

#include <array>

#include <fmt/format.h>

namespace cairn {

namespace {

namespace chrono = std::chrono;

/// Takes fixed-width fields off the front of a date text.
class Fields {
public:
    explicit Fields(std::string_view text) : rest_(text) {}

    int number(std::size_t digits) {
        int value = 0;
        if (rest_.size() < digits) return refuse();
        for (std::size_t i = 0; i < digits; ++i) {
            if (rest_[i] < '0' || rest_[i] > '9') return refuse();
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(digits);
        return value;
    }

    void literal(char a, char b = 0) {
        if (rest_.empty() || (rest_.front() != a && rest_.front() != b))
            refuse();
        else
            rest_.remove_prefix(1);
    }

    bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }
    bool next_is_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
    int digit() { return number(1); }
    bool done() const { return ok_ && rest_.empty(); }
    bool ok() const { return ok_; }

private:
    int refuse() {
        ok_ = false;
        rest_ = {};
        return 0;
    }

    std::string_view rest_;
    bool ok_ = true;
};

std::optional<Time> make_time(int year, int month, int day, int hour, int minute, int second, int millisecond) {
    const chrono::year_month_day date{chrono::year(year), chrono::month(static_cast<unsigned>(month)),
                                      chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return chrono::sys_days(date) + chrono::hours(hour) + chrono::minutes(minute) + chrono::seconds(second) +
           chrono::milliseconds(millisecond);
}

int fraction_milliseconds(Fields& fields) {
    int value = 0, digits = 0;
    do {
        const int digit = fields.digit();
        if (digits++ < 3) value = value * 10 + digit;
    } while (fields.next_is_digit());
    for (; digits < 3; ++digits) value *= 10;
    return value;
}

struct Parts {
    chrono::year_month_day date;
    chrono::hh_mm_ss<chrono::milliseconds> clock;
    chrono::weekday weekday;
};

Parts split(Time time) {
    const auto day = chrono::floor<chrono::days>(time);
    return {chrono::year_month_day(day), chrono::hh_mm_ss<chrono::milliseconds>(time - day), chrono::weekday(day)};
}

}  // namespace

std::optional<Time> parse_time(std::string_view text) {
    Fields fields(text);
    const int year = fields.number(4);
    fields.literal('-');
    const int month = fields.number(2);
    fields.literal('-');
    const int day = fields.number(2);
    fields.literal('T', 't');
    const int hour = fields.number(2);
    fields.literal(':');
    const int minute = fields.number(2);
    fields.literal(':');
    const int second = fields.number(2);
    int millisecond = 0;
    if (fields.next_is('.')) {
        fields.literal('.');
        millisecond = fraction_milliseconds(fields);
    }
    chrono::minutes offset{0};
    if (fields.next_is('+') || fields.next_is('-')) {
        const int sign = fields.next_is('+') ? 1 : -1;
        fields.literal('+', '-');
        const int hours = fields.number(2);
        fields.literal(':');
        const int minutes = fields.number(2);
        if (hours > 23 || minutes > 59) return std::nullopt;
        offset = chrono::minutes(sign * (hours * 60 + minutes));
    } else {
        fields.literal('Z', 'z');
    }
    if (!fields.done()) return std::nullopt;
    auto time = make_time(year, month, day, hour, minute, second, millisecond);
    if (time) *time -= offset;
    return time;
}

std::string format_time(Time time) {
    const auto [date, clock, weekday] = split(time);
    auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                            static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                            clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (clock.subseconds().count() != 0) text += fmt::format(".{:03}", clock.subseconds().count());
    return text + "Z";
}

std::string format_amz_date(Time time) {
    const auto [date, clock, weekday] = split(time);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

std::optional<Time> parse_amz_date(std::string_view text) {
    Fields fields(text);
    const int year = fields.number(4), month = fields.number(2), day = fields.number(2);
    fields.literal('T');
    const int hour = fields.number(2), minute = fields.number(2), second = fields.number(2);
    fields.literal('Z');
    if (!fields.done()) return std::nullopt;
    return make_time(year, month, day, hour, minute, second, 0);
}

std::string format_http_date(Time time) {
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto [date, clock, weekday] = split(time);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[weekday.c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    std::int64_t value = 0;
    std::size_t i = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
        if (value > 1'000'000'000'000) return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    if (i == 0) return std::nullopt;
    static constexpr struct {
        std::string_view unit;
        std::int64_t milliseconds;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"w", 604'800'000}};
    for (const auto& [unit, milliseconds] : units)
        if (text.substr(i) == unit) return std::chrono::milliseconds(value * milliseconds);
    return std::nullopt;
}

}  // namespace cairn
