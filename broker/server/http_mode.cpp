#include "broker/server/http_mode.h"

namespace parley::server {

HttpMode::HttpMode(Wire& wire, http::ConnectionContext& context, UpgradeTarget& upgrades, std::string peer, bool secure)
    : wire_(wire), upgrades_(upgrades), http_(context, *this, std::move(peer), secure) {}

void HttpMode::on_bytes(std::string_view bytes) {
  http_.feed(bytes);
  note_congestion();
}

void HttpMode::on_drained() {
  congested_ = false;
  http_.on_congested(false);
}

void HttpMode::on_tick(MonoMs now) {
  note_congestion();
  if (now >= http_.deadline()) http_.on_time();
}

void HttpMode::note_congestion() {
  if (congested_ || http_.closed() || http_.switched() || !wire_.congested()) return;
  congested_ = true;
  http_.on_congested(true);
}

void HttpMode::write(std::string bytes) { wire_.send(Frame::copy_of(bytes)); }
void HttpMode::write(std::shared_ptr<const std::string> bytes) { wire_.send(Frame::sharing(std::move(bytes))); }
void HttpMode::read_wanted(bool wanted) { wire_.pause_reading(!wanted); }

void HttpMode::close(http::Closing how) {
  if (how == http::Closing::at_once) {
    wire_.cut_off();
  } else {
    wire_.finish();
  }
}

void HttpMode::switched(http::Request request, std::string /*subprotocol*/) {
  std::unique_ptr<Mode> next = upgrades_.open_websocket(request, wire_);
  if (!next) return wire_.finish();
  const std::string rest = http_.take_rest();
  wire_.become(std::move(next), rest);
}

}  // namespace parley::server
