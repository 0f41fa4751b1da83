#pragma once

// A connection that speaks HTTP: joins http::Connection, which knows no socket, to a Wire.

#include "broker/server/mode.h"
#include "http/connection.h"

namespace parley::server {

// Makes what follows an accepted upgrade; null when the path has nothing behind it.
class UpgradeTarget {
 public:
  virtual ~UpgradeTarget() = default;
  virtual std::unique_ptr<Mode> open_websocket(const http::Request& request, Wire& wire) = 0;
};

class HttpMode final : public Mode, public http::Sink {
 public:
  HttpMode(Wire& wire, http::ConnectionContext& context, UpgradeTarget& upgrades, std::string peer, bool secure = false);

  // Mode
  void on_bytes(std::string_view bytes) override;
  void on_end() override { http_.on_eof(); }
  void on_drained() override;
  void on_tick(MonoMs now) override;
  void drain() override { http_.drain(); }
  void goaway(MonoMs after_ms) override { static_cast<void>(after_ms); }
  bool settled() const override { return true; }

 private:
  // http::Sink
  void write(std::string bytes) override;
  void write(std::shared_ptr<const std::string> bytes) override;
  void read_wanted(bool wanted) override;
  void close(http::Closing how) override;
  void switched(http::Request request, std::string subprotocol) override;

  void note_congestion();

  Wire& wire_;
  UpgradeTarget& upgrades_;
  http::Connection http_;
  bool congested_ = false;
};

}  // namespace parley::server
