#pragma once

// Socket.IO 5 on Engine.IO 4 over WebSocket, as a chat uses it: the event "join" with a room, "message" with room and text to the
// server and back. Enough to compare with such servers.

#include <vector>

#include "loadtest/client.h"

namespace parley::loadtest {

class SocketIoClient final : public Client {
 public:
  using Client::Client;
  void add_subscription(std::string filter) override { rooms_.push_back(std::move(filter)); }

 private:
  void on_open() override {}  // the server speaks first
  void on_bytes(std::string_view text) override;
  void send_publish(const Outgoing& message, bool again) override;
  bool acknowledges() const override { return false; }
  bool retries_safely() const override { return false; }
  void forget_connection() override {}
  void read_message(std::string_view text);

  std::vector<std::string> rooms_;
};

}  // namespace parley::loadtest
