#include "broker/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>

namespace parley::log {

namespace {

constexpr std::array<std::string_view, 6> level_names = {"trace", "debug", "info", "warn", "error", "off"};

spdlog::level::level_enum to_spdlog(Level level) {
  return level == Level::off ? spdlog::level::off : static_cast<spdlog::level::level_enum>(level);
}

struct State {
  std::shared_ptr<spdlog::logger> logger = spdlog::stderr_logger_mt("parley");
  Format format = Format::text;
};
State& state() {
  static State instance;
  return instance;
}

void append_escaped(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4U];
      out += hex[byte & 15U];
    } else {
      out += c;
    }
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

std::string as_text(std::string_view message, Fields fields) {
  std::string out(message);
  for (const Field& field : fields) {
    out += ' ';
    out += field.key;
    out += '=';
    const bool plain = field.number || (!field.value.empty() && field.value.find_first_of(" \"\\=\n\r\t") == std::string::npos);
    if (plain) {
      out += field.value;
    } else {
      append_quoted(out, field.value);
    }
  }
  return out;
}

std::string as_json(Level level, std::string_view message, Fields fields) {
  std::string out = "\"level\":";
  append_quoted(out, level_names[static_cast<unsigned>(level)]);
  out += ",\"msg\":";
  append_quoted(out, message);
  for (const Field& field : fields) {
    out += ',';
    append_quoted(out, field.key);
    out += ':';
    if (field.number) {
      out += field.value;
    } else {
      append_quoted(out, field.value);
    }
  }
  return out;
}

}  // namespace

void configure(Level level, Format format) {
  State& s = state();
  s.format = format;
  s.logger->set_level(to_spdlog(level));
  s.logger->set_pattern(format == Format::json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %-5l %v",
                        spdlog::pattern_time_type::utc);
  s.logger->flush_on(spdlog::level::info);
}

bool parse_level(std::string_view word, Level& level) {
  for (std::size_t i = 0; i < level_names.size(); ++i) {
    if (level_names[i] == word) {
      level = static_cast<Level>(i);
      return true;
    }
  }
  return false;
}

bool enabled(Level level) { return state().logger->should_log(to_spdlog(level)); }

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  State& s = state();
  const std::string line = s.format == Format::json ? as_json(level, message, fields) : as_text(message, fields);
  s.logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace parley::log
