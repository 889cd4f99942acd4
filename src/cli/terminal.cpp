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

struct Hidden {
    std::size_t bytes = 0;  ///< 0: there is none
    unsigned code_point = 0;
};

/// C1 controls (U+0080 to U+009F) and marks of writing direction (U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069).
Hidden hidden_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) <= 0x9f) return {2, byte(1)};
    if (byte(0) != 0xe2 || (byte(1) != 0x80 && byte(1) != 0x81) || (byte(2) & 0xc0) != 0x80) return {};
    const unsigned code_point = 0x2000 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    const auto within = [&](unsigned first, unsigned last) { return code_point >= first && code_point <= last; };
    return within(0x200e, 0x200f) || within(0x202a, 0x202e) || within(0x2066, 0x2069) ? Hidden{3, code_point}
                                                                                      : Hidden{};
}

}  // namespace

bool colours_wanted(int file_descriptor) {
    const char* no = std::getenv("NO_COLOR");
    return ::isatty(file_descriptor) && !(no && *no);
}

std::string coloured(std::string_view text, Colour colour, bool wanted) {
    return wanted && colour != Colour::plain ? fmt::format("\033[{}m{}\033[0m", code_of(colour), text)
                                             : std::string(text);
}

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto hidden = hidden_character(text.substr(i));
        if (hidden.bytes > 0) {
            out += fmt::format("\\u{:04x}", hidden.code_point);
            i += hidden.bytes;
            continue;
        }
        if (byte < 0x20 || byte == 0x7f)
            out += fmt::format("\\x{:02x}", byte);
        else
            out.push_back(text[i]);
        ++i;
    }
    return out;
}

std::string render_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                         std::size_t width, bool colours, const CellColour& colour_of) {
    std::vector<std::size_t> widths;
    for (const auto& name : header) widths.push_back(columns(name));
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
    const auto total = [&] {
        return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + 2 * (widths.size() - 1);
    };
    while (width > 0 && total() > width) {
        auto widest = std::ranges::max_element(widths);
        if (*widest <= 12) break;
        --*widest;
    }
    const auto line = [&](const std::vector<std::string>& cells, auto&& colour) {
        std::string text;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const auto cell = cut(cells[i], widths[i]);
            text += coloured(cell, colour(i), colours);
            if (i + 1 < cells.size()) text.append(widths[i] - columns(cell) + 2, ' ');
        }
        text.erase(text.find_last_not_of(' ') + 1);
        return text + "\n";
    };
    auto out = line(header, [](std::size_t) { return Colour::bold; });
    for (std::size_t row = 0; row < rows.size(); ++row)
        out += line(rows[row], [&](std::size_t column) { return colour_of ? colour_of(row, column) : Colour::plain; });
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
    fmt::print(stderr, "\r\033[K{} [{:#<{}}{:.<{}}] {:3.0f} %  {}", title_, "", filled, "", 30 - filled, share * 100,
               note);
    std::fflush(stderr);
}

void ProgressBar::clear() {
    if (drawn_) fmt::print(stderr, "\r\033[K");
    drawn_ = false;
}

}  // namespace cairn::cli
