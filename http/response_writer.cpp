#include "http/response_writer.h"

#include <array>
#include <cstdio>
#include <ctime>

#include "http/text.h"

namespace parley::http {

namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  const std::size_t begin = out.size();
  out += value;
  for (std::size_t i = begin; i < out.size(); ++i) {
    if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') out[i] = ' ';
  }
  out += "\r\n";
}

void append_connection(std::string& out, const Response& response, Framing framing) {
  std::string options;
  if (framing.close) {
    append_element(options, "close");
  } else if (framing.keep_alive) {
    append_element(options, "keep-alive");
  }
  if (!response.header("upgrade").empty()) append_element(options, "Upgrade");  // RFC 9110 §7.8
  if (!options.empty()) append_field(out, "Connection", options);
}

// A 304 updates the headers of the stored answer, so it must not bring a policy of its own for what may be a page.
void append_policy(std::string& out, const Response& response, const Settings& settings) {
  if (response.status == 304 || !response.header("content-security-policy").empty()) return;
  const bool html = lower(response.header("content-type")).starts_with("text/html");
  append_field(out, "Content-Security-Policy",
               html ? settings.content_security_policy : "default-src 'none'; frame-ancestors 'none'");
}

}  // namespace

std::string_view DateCache::at(UnixMs now) {
  const UnixMs second = now / 1000;
  if (second == second_) return text_;
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto time = static_cast<std::time_t>(second);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday], parts.tm_mday,
                    months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  text_.assign(text.data(), static_cast<std::size_t>(length));
  second_ = second;
  return text_;
}

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string write_head(const Response& response, std::string_view date, Framing framing, const Settings& settings) {
  std::string out;
  out.reserve(640);
  out += "HTTP/1.1 " + std::to_string(response.status) + ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  append_field(out, "Date", date);
  if (has_body(response.status)) append_field(out, "Content-Length", std::to_string(response.body_size()));
  append_connection(out, response, framing);
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  if (response.header("cache-control").empty()) append_field(out, "Cache-Control", "no-store");
  append_policy(out, response, settings);
  out +=
      "X-Content-Type-Options: nosniff\r\n"
      "X-Frame-Options: DENY\r\n"
      "Referrer-Policy: no-referrer\r\n"
      "Cross-Origin-Opener-Policy: same-origin\r\n"
      "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n"
      "\r\n";
  return out;
}

}  // namespace parley::http
