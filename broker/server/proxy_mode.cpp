#include "broker/server/proxy_mode.h"

namespace parley::server {

void ProxyMode::on_bytes(std::string_view bytes) {
  buffer_.append(bytes);
  const Result<std::optional<ProxyHeader>> parsed = parse_proxy_header(buffer_);
  if (!parsed) return refuse();
  if (!parsed->has_value()) return;
  const ProxyHeader& header = parsed->value();
  std::unique_ptr<Mode> next = next_(header.source, header.secure);
  // This mode lives until the turn's end, and its buffer with it.
  wire_.become(std::move(next), std::string_view(buffer_).substr(header.bytes));
}

void ProxyMode::refuse() {
  counters_.proxy_refused.add();
  wire_.cut_off();
}

}  // namespace parley::server
