#pragma once

// Structured logging: a message and key-value pairs, as text or one JSON object a line, to standard error. Any thread.
// Never logs tokens, passwords or message bodies: that is the caller's duty.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace parley::log {

enum class Level : unsigned char { trace, debug, info, warn, error, off };
enum class Format : unsigned char { text, json };

// Called once, before other threads log. Default: info, text.
void configure(Level level, Format format);
// False when the word is not a level's name.
bool parse_level(std::string_view word, Level& level);
bool enabled(Level level);

struct Field {
  std::string_view key;
  std::string value;
  bool number = false;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  template <typename Number>
  requires std::is_arithmetic_v<Number> Field(std::string_view k, Number v) : key(k), value(std::to_string(v)), number(true) {}
};
using Fields = std::initializer_list<Field>;

void write(Level level, std::string_view message, Fields fields);
inline void debug(std::string_view message, Fields fields = {}) { write(Level::debug, message, fields); }
inline void info(std::string_view message, Fields fields = {}) { write(Level::info, message, fields); }
inline void warn(std::string_view message, Fields fields = {}) { write(Level::warn, message, fields); }
inline void error(std::string_view message, Fields fields = {}) { write(Level::error, message, fields); }

}  // namespace parley::log
