#pragma once

// A connection with a scripted application above it and a sink that records what it writes.

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/connection.h"
#include "tests/fakes/fake_clock.h"

namespace parley::http::tests {

class RecordingSink final : public Sink {
 public:
  void write(std::string bytes) override { out += bytes; }
  void write(std::shared_ptr<const std::string> bytes) override {
    out += *bytes;
    shared.push_back(std::move(bytes));
  }
  void read_wanted(bool wanted) override { reading = wanted; }
  void close(Closing how) override {
    ++closes;
    closing = how;
  }
  void switched(Request request, std::string subprotocol) override {
    upgraded = std::move(request);
    protocol = std::move(subprotocol);
  }

  std::string out;
  std::vector<std::shared_ptr<const std::string>> shared;
  bool reading = true;
  int closes = 0;
  std::optional<Closing> closing;
  std::optional<Request> upgraded;
  std::string protocol;
};

// Answers at once with a description of the request, or keeps the responders when `later`.
class ScriptedApplication final : public Application {
 public:
  void handle(Request request, Responder respond) override {
    requests.push_back(request);
    if (later) {
      responders.push_back(std::move(respond));
      return;
    }
    if (drop) return;
    respond(reply ? *reply : describe(request));
  }
  std::optional<Response> refuse_early(const Request&) override { return early; }
  std::optional<UpgradeAnswer> upgrade(const Request& request) override {
    if (request.path != endpoint.path) return std::nullopt;
    return answer_upgrade(request, endpoint, origins);
  }

  static Response describe(const Request& request) {
    Response response = Response::json(200, std::string(to_string(request.method)) + " " + request.path + " " + request.body);
    return response;
  }

  bool later = false;
  bool drop = false;
  std::optional<Response> reply;
  std::optional<Response> early;
  UpgradeEndpoint endpoint{"/ws", {"parley.v1"}, false};
  std::vector<std::string> origins;
  std::vector<Request> requests;
  std::deque<Responder> responders;
};

struct Harness {
  explicit Harness(Settings its_settings = {}) : settings(std::move(its_settings)) {}

  fakes::FakeClock clock;
  Settings settings;
  ScriptedApplication app;
  RecordingSink sink;
  ConnectionContext context{clock, settings, app};
  std::unique_ptr<Connection> connection = std::make_unique<Connection>(context, sink, "192.0.2.7", false);

  void feed(std::string_view bytes) { connection->feed(bytes); }
  void feed_by_bytes(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) connection->feed(bytes.substr(i, 1));
  }
  std::string take() { return std::exchange(sink.out, {}); }
};

inline const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

inline void respond_first(Harness& harness, const std::string& body) {
  Responder respond = std::move(harness.app.responders.front());
  harness.app.responders.pop_front();
  respond(Response::json(200, body));
}

// The statuses of the answers in a stream of them, in order. Bodies are skipped by Content-Length; -1 ends the list when the
// stream is malformed.
inline std::vector<int> statuses(std::string_view out) {
  std::vector<int> found;
  while (!out.empty()) {
    const std::size_t end = out.find("\r\n\r\n");
    if (!out.starts_with("HTTP/1.1 ") || end == std::string_view::npos) {
      found.push_back(-1);
      break;
    }
    const std::string head(out.substr(0, end));
    found.push_back(std::stoi(head.substr(9, 3)));
    const std::size_t length = head.find("\r\nContent-Length: ");
    const std::size_t body = length == std::string::npos ? 0 : std::stoul(head.substr(length + 18));
    out.remove_prefix(end + 4);
    if (body > out.size()) {
      found.push_back(-1);
      break;
    }
    out.remove_prefix(body);
  }
  return found;
}

}  // namespace parley::http::tests
