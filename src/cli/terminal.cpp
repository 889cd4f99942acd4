#include "cli/terminal.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cairn::cli {

namespace {

const char* code_of(Colour colour) {
    switch (colour) {
        case Colour::plain: return "0";
        case Colour::dim: return "2";
        case Colour::bold: return "1";
        case Colour::red: return "31";
        case Colour::green: return "32";
        case Colour::yellow: return "33";
        case Colour::cyan: return "36";
    }
    return "0";
}

/// Characters, counting each UTF-8 sequence once.
std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string cut(std::string_view text, std::size_t width) {
    if (columns(text) <= width) return std::string(text);
    std::string out;
    std::size_t used = 0;
    for (const char c : text) {
        if ((c & 0xc0) != 0x80 && ++used >= width) break;
        out.push_back(c);
    }
    return out + "…";
}

}  // namespace

bool colours_wanted(int file_descriptor) {
    const char* no = std::getenv("NO_COLOR");
    return ::isatty(file_descriptor) && !(no && *no);
}

std::string coloured(std::string_view text, Colour colour, bool wanted) {
    return wanted && colour != Colour::plain ? fmt::format("\033[{}m{}\033[0m", code_of(colour), text) : std::string(text);
}

std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
            out.push_back(c);
    }
    return out;
}

std::string render_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                         std::size_t width, bool colours) {
    std::vector<std::size_t> widths;
    for (const auto& name : header) widths.push_back(columns(name));
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
    const auto total = [&] { return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + 2 * (widths.size() - 1); };
    while (width > 0 && total() > width) {
        auto widest = std::ranges::max_element(widths);
        if (*widest <= 12) break;
        --*widest;
    }
    const auto line = [&](const std::vector<std::string>& cells) {
        std::string text;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const auto cell = cut(cells[i], widths[i]);
            text += cell;
            if (i + 1 < cells.size()) text.append(widths[i] - columns(cell) + 2, ' ');
        }
        return text;
    };
    std::string out = coloured(line(header), Colour::bold, colours) + "\n";
    for (const auto& row : rows) out += line(row) + "\n";
    return out;
}

std::size_t terminal_width() {
    winsize size{};
    return ::isatty(STDOUT_FILENO) && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

ProgressBar::ProgressBar(std::string title) : title_(std::move(title)), enabled_(::isatty(STDERR_FILENO)) {}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::show(std::uint64_t done, std::uint64_t total, std::string_view note) {
    const auto now = std::chrono::steady_clock::now();
    if (!enabled_ || now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    drawn_ = true;
    const double share = total == 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto filled = static_cast<int>(share * 30);
    fmt::print(stderr, "\r\033[K{} [{:#<{}}{:.<{}}] {:3.0f} %  {}", title_, "", filled, "", 30 - filled, share * 100, note);
    std::fflush(stderr);
}

void ProgressBar::clear() {
    if (drawn_) fmt::print(stderr, "\r\033[K");
    drawn_ = false;
}

}  // namespace cairn::cli
