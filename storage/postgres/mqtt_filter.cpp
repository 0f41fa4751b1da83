#include "storage/postgres/mqtt_filter.h"

#include <array>
#include <cstdio>

#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::postgres {

namespace {

// A byte as encode(…, 'escape') shows it, as a regular expression that matches that.
void append_literal(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte == 0 || byte >= 0x80U) {
    std::array<char, 8> text{};
    (void)std::snprintf(text.data(), text.size(), "\\\\%03o", static_cast<unsigned>(byte));
    out += text.data();
  } else if (c == '\\') {
    out += R"(\\\\)";
  } else {
    if (std::string_view("^$.*+?()[]{}|").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
}

std::string pattern_of(std::string_view filter) {
  std::string out = "^";
  if (filter.find_first_of("+#") == 0) out += R"((?!\$))";
  for (bool first = true;; first = false) {
    const std::size_t slash = filter.find('/');
    const std::string_view level = filter.substr(0, slash);
    if (level == "#") return out + (first ? ".*$" : "(/.*)?$");
    if (!first) out += '/';
    if (level == "+") {
      out += "[^/]*";
    } else {
      for (const char c : level) append_literal(out, c);
    }
    if (slash == std::string_view::npos) return out + '$';
    filter.remove_prefix(slash + 1);
  }
}

}  // namespace

FilterTerms terms_of(std::string_view filter) {
  FilterTerms terms;
  terms.prefix = mqtt::literal_prefix(filter);
  if (!mqtt::has_wildcard(filter)) return terms;
  terms.pattern = pattern_of(filter);
  terms.beyond = terms.prefix;
  if (!terms.beyond.empty()) ++terms.beyond.back();  // names are UTF-8: no byte is 0xff
  return terms;
}

std::string_view matched_part(std::string_view filter) {
  mqtt::SharedFilter shared;
  return mqtt::is_shared(filter) && mqtt::parse_shared(filter, shared) ? shared.filter : filter;
}

void encode(Params& out, const FilterTerms& terms) {
  out.bytes_or_null(terms.pattern).bytes(terms.prefix).bytes_or_null(terms.beyond);
}

}  // namespace parley::postgres
