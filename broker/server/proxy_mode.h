#pragma once

// The beginning of a connection from a trusted proxy: its PROXY protocol header. Afterwards another mode takes over, which knows
// the client's address. A connection without the header in time, or with another beginning, is closed.

#include <string>

#include "broker/base/unique_function.h"
#include "broker/protocol/proxy_protocol.h"
#include "broker/server/counters.h"
#include "broker/server/mode.h"

namespace parley::server {

class ProxyMode final : public Mode {
 public:
  // Makes the mode that follows, for a client at this address that came over TLS or not. An empty address: the proxy itself.
  using Next = UniqueFunction<std::unique_ptr<Mode>(const std::string& address, bool secure)>;

  ProxyMode(Wire& wire, SocketCounters& counters, MonoMs deadline, Next next)
      : wire_(wire), counters_(counters), deadline_(deadline), next_(std::move(next)) {}

  void on_bytes(std::string_view bytes) override;
  void on_end() override { wire_.finish(); }
  void on_drained() override {}
  void on_tick(MonoMs now) override {
    if (now >= deadline_) refuse();
  }
  void drain() override { wire_.finish(); }
  void goaway(MonoMs /*after_ms*/) override {}
  bool settled() const override { return true; }

 private:
  void refuse();

  Wire& wire_;
  SocketCounters& counters_;
  MonoMs deadline_;
  Next next_;
  std::string buffer_;
};

}  // namespace parley::server
