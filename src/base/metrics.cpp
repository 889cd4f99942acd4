#include "base/metrics.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace cairn {

namespace {

std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"') out.push_back('\\');
        if (c == '\n')
            out.append("\\n");
        else
            out.push_back(c);
    }
    return out;
}

std::string label_text(const Labels& labels, std::string_view extra = {}) {
    std::string text;
    for (const auto& [name, value] : labels)
        text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escaped(value));
    if (!extra.empty()) text += fmt::format("{}{}", text.empty() ? "" : ",", extra);
    return text.empty() ? text : "{" + text + "}";
}

void render_histogram(std::string& out, const std::string& name, const Labels& labels, const Histogram& histogram) {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < Histogram::bucket_count; ++i) {
        count += histogram.bucket(i);
        const auto bound =
            i + 1 == Histogram::bucket_count ? std::string("+Inf") : fmt::format("{}", Histogram::bounds[i]);
        out += fmt::format("{}_bucket{} {}\n", name, label_text(labels, "le=\"" + bound + "\""), count);
    }
    out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, label_text(labels), histogram.sum(), name,
                       label_text(labels), count);
}

}  // namespace

void Histogram::observe(double seconds) {
    const auto at = std::ranges::lower_bound(bounds, seconds) - std::begin(bounds);
    buckets_[at].fetch_add(1, std::memory_order_relaxed);
    nanoseconds_.fetch_add(static_cast<std::uint64_t>(std::max(seconds, 0.0) * 1e9), std::memory_order_relaxed);
}

Metrics::Series& Metrics::find_or_add(std::string_view name, std::string_view help, std::string_view type,
                                      Labels labels) {
    auto family = std::ranges::find_if(families_, [&](const auto& f) { return f->name == name; });
    if (family == families_.end()) {
        families_.push_back(
            std::make_unique<Family>(Family{std::string(name), std::string(help), std::string(type), {}}));
        family = std::prev(families_.end());
    }
    CAIRN_CHECK((*family)->type == type);
    for (auto& series : (*family)->series)
        if (series->labels == labels) return *series;
    (*family)->series.push_back(std::make_unique<Series>());
    (*family)->series.back()->labels = std::move(labels);
    return *(*family)->series.back();
}

Counter& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
    std::lock_guard lock(mutex_);
    auto& series = find_or_add(name, help, "counter", std::move(labels));
    if (!series.counter) series.counter = std::make_unique<Counter>();
    return *series.counter;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, Labels labels) {
    std::lock_guard lock(mutex_);
    auto& series = find_or_add(name, help, "histogram", std::move(labels));
    if (!series.histogram) series.histogram = std::make_unique<Histogram>();
    return *series.histogram;
}

void Metrics::gauge(std::string_view name, std::string_view help, std::function<double()> read, Labels labels) {
    std::lock_guard lock(mutex_);
    find_or_add(name, help, "gauge", std::move(labels)).read = std::move(read);
}

std::string Metrics::render() const {
    std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& family : families_) {
        out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family->name, family->help, family->name, family->type);
        for (const auto& series : family->series) {
            if (series->histogram)
                render_histogram(out, family->name, series->labels, *series->histogram);
            else if (series->counter)
                out += fmt::format("{}{} {}\n", family->name, label_text(series->labels), series->counter->value());
            else
                out += fmt::format("{}{} {}\n", family->name, label_text(series->labels), series->read());
        }
    }
    return out;
}

}  // namespace cairn
