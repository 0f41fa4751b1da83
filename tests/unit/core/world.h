#pragma once

// A whole broker core without sockets, clock or threads: one log, two workers, sessions whose frames are kept. The test runs the
// queues step by step.

#include <memory>
#include <string>
#include <vector>

#include "broker/core/follower_queue.h"
#include "broker/core/native_session.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/manual_executor.h"
#include "tests/fakes/memory_store.h"

namespace parley::testing_world {

// Keeps what was sent as the texts of the frames.
class KeptTransport final : public Transport {
 public:
  void send(Frame frame) override {
    ++sends;
    if (!closed) split(frame.bytes());
  }
  bool congested() const override { return is_congested; }
  void pause_reading(bool on) override { paused = on; }
  void close(std::uint16_t code, std::string_view) override {
    closed = true;
    close_code = code;
  }

  // What arrived since the last call.
  std::vector<std::string> take() { return std::exchange(texts, {}); }

  std::vector<std::string> texts;
  unsigned sends = 0;
  bool is_congested = false;
  bool paused = false;
  bool closed = false;
  std::uint16_t close_code = 0;

 private:
  void split(std::string_view bytes) {
    while (!bytes.empty()) {
      std::size_t length = static_cast<unsigned char>(bytes[1]);
      std::size_t header = 2;
      if (length == 126) {
        length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[2])) * 256 + static_cast<unsigned char>(bytes[3]);
        header = 4;
      }
      texts.emplace_back(bytes.substr(header, length));
      bytes.remove_prefix(header + length);
    }
  }
};

// The token is the user's name: "ada" is u_ada. "expired" and "" are refused unless guests are allowed.
class NameAuthenticator final : public Authenticator {
 public:
  Result<Login> verify(std::string_view token, UnixMs now) const override {
    if (token == "wrong") return {Code::unauthorized, "the token is not valid"};
    auto subject = std::make_shared<Subject>();
    subject->user_id = "u_" + std::string(token);
    subject->name = token;
    subject->login = SharedText("login_" + std::string(token));
    return Login{subject, now + lifetime_ms, {}};
  }
  Result<SubjectPtr> guest(std::string_view) override {
    if (!guests) return {Code::unauthorized, "guests are not allowed"};
    auto subject = std::make_shared<Subject>();
    subject->user_id = "g_" + std::to_string(++made);
    subject->name = "guest-" + std::to_string(made);
    subject->guest = true;
    return SubjectPtr(subject);
  }
  Result<Login> admit(SubjectPtr subject, UnixMs now) const override {
    std::string token = "token-of-" + subject->user_id;
    return Login{std::move(subject), now + lifetime_ms, std::move(token)};
  }
  bool guests = true;
  UnixMs lifetime_ms = 900'000;
  int made = 0;
};

struct Worker {
  Worker(Log& log, fakes::ManualExecutor& log_executor, const Clock& clock, HubSettings settings = {})
      : hub(Remote<Log>(log, log_executor, executor), clock, counters, settings), queue(executor, hub) {
    hub.set_follower(log.add_follower(queue));
  }
  fakes::ManualExecutor executor;
  WorkerCounters counters;
  Hub hub;
  FollowerQueue queue;
};

class World {
 public:
  explicit World(LogSettings settings = {}, NativeSettings native_settings = {}, HubSettings hub_settings = {})
      : store(log_executor), log(store, clock, settings), native(native_settings) {
    for (int i = 0; i < 2; ++i) workers.push_back(std::make_unique<Worker>(log, log_executor, clock, hub_settings));
  }

  struct Client {
    KeptTransport transport;
    std::unique_ptr<NativeSession> session;
    void say(std::string_view text) { session->on_text(text); }
    std::vector<std::string> heard() { return transport.take(); }
  };

  // A client on that worker, connected as `name` unless it is empty.
  std::unique_ptr<Client> client(int worker, const std::string& name = {}) {
    auto made = std::make_unique<Client>();
    made->session = std::make_unique<NativeSession>(workers[worker]->hub, made->transport, authenticator, random, native);
    if (!name.empty()) {
      made->say(R"({"op":"connect","id":1,"token":")" + name + "\"}");
      made->heard();
    }
    return made;
  }

  // Runs everything until all queues are empty.
  void run() {
    for (bool busy = true; busy;) {
      log.end_turn();
      busy = log_executor.run() > 0;
      for (auto& worker : workers) busy = worker->executor.run() > 0 || busy;
    }
  }

  // Says one thing and runs everything; answers what this client heard.
  std::vector<std::string> ask(Client& client, std::string_view text) {
    client.say(text);
    run();
    return client.heard();
  }
  void subscribe(Client& client, const std::string& room) { ask(client, R"({"op":"subscribe","id":2,"room":")" + room + "\"}"); }
  void publish(Client& client, const std::string& room, const std::string& text) {
    ask(client, R"({"op":"publish","id":3,"room":")" + room + R"(","body":{"text":")" + text + "\"}}");
  }

  fakes::FakeClock clock;
  fakes::SeededRandom random;
  fakes::ManualExecutor log_executor;
  fakes::MemoryStore store;
  Log log;
  NativeSettings native;
  NameAuthenticator authenticator;
  std::vector<std::unique_ptr<Worker>> workers;
};

// The seqs of the entries among the texts, in order.
inline std::vector<Seq> seqs(const std::vector<std::string>& texts) {
  std::vector<Seq> out;
  for (const std::string& text : texts) {
    const std::size_t at = text.find(R"("seq":)");
    if (text.starts_with(R"({"room":)") && at != std::string::npos) out.push_back(std::stoull(text.substr(at + 6)));
  }
  return out;
}

inline bool any_contains(const std::vector<std::string>& texts, std::string_view part) {
  for (const std::string& text : texts) {
    if (text.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace parley::testing_world
