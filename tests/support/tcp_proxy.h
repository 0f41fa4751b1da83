#pragma once

// A TCP proxy in front of a server on 127.0.0.1 that a test can make misbehave. Threads of its own.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace parley::support {

class TcpProxy {
 public:
  explicit TcpProxy(int server_port);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return port_; }

  // Cuts every connection there is.
  void cut();
  // While it is off, connections are refused.
  void accept_connections(bool on) { accepting_ = on; }
  // The next answer of the server is lost, and its connection is cut.
  void lose_next_answer() { lose_answer_ = true; }
  // What a client says next is kept, and its connection is cut on its side; release_kept() hands it to the server, as a network
  // does that delivers late. `holding` is a text of the request that is meant, among those of several connections; empty: any.
  void keep_next_request(std::string holding = {}) {
    const std::lock_guard lock(mutex_);
    holding_ = std::move(holding);
    keep_request_ = true;
  }
  void release_kept();
  // How often something was lost or kept so far.
  int events() const { return events_; }

 private:
  struct Pair;
  void accept_loop();
  void pump(Pair& pair);
  bool is_to_be_kept(std::string_view request);

  int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> accepting_ = true;
  std::atomic<bool> ending_ = false;
  std::atomic<bool> lose_answer_ = false;
  std::atomic<bool> keep_request_ = false;
  std::atomic<int> events_ = 0;
  std::mutex mutex_;
  std::string holding_;
  std::vector<std::unique_ptr<Pair>> pairs_;
  std::thread thread_;
};

}  // namespace parley::support
