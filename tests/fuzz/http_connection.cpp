// Bytes of a peer into an HTTP connection, three times: whole, in pieces, and byte by byte. Whatever they are, the connection
// must understand them alike in every split, write well-formed answers only, answer every request once, and close at most once.
// The first byte chooses the pieces and the application.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>

#include "http/connection.h"
#include "http/static_files.h"
#include "tests/fakes/fake_clock.h"

namespace {

using namespace parley;
using namespace parley::http;

void require(bool truth, const char* what) {
  if (truth) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

struct FuzzSink final : Sink {
  void write(std::string bytes) override {
    require(closes == 0, "nothing is written after the close");
    out += bytes;
  }
  void write(std::shared_ptr<const std::string> bytes) override { write(std::string(*bytes)); }
  void read_wanted(bool wanted) override {
    require(wanted != reading, "read_wanted tells changes only");
    reading = wanted;
  }
  void close(Closing) override { ++closes; }
  void switched(Request, std::string) override { upgraded = true; }

  std::string out;
  int closes = 0;
  bool reading = true;
  bool upgraded = false;
};

struct FuzzApplication final : Application {
  void handle(Request request, Responder respond) override {
    require(request.path == "*" || request.path.starts_with('/'), "a path begins with a slash");
    require(request.http_1_0 || request.header_count("host") == 1, "exactly one Host");
    require(request.body.size() <= 1024, "the body's limit");
    for (const auto& [name, value] : request.headers) {
      require(!name.empty() && name.find_first_of(" \t\r\n:") == std::string::npos, "a header's name is a token");
      require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a header's value is one line");
    }
    seen += std::string(to_string(request.method)) + ' ' + request.path + '?' + request.query + ' ' + request.body + '\n';
    if (later) return waiting.push_back(std::move(respond));
    respond(files.respond(request));
  }
  std::optional<UpgradeAnswer> upgrade(const Request& request) override {
    if (request.path != "/ws") return std::nullopt;
    return answer_upgrade(request, UpgradeEndpoint{"/ws", {"parley.v1"}, false}, {});
  }

  bool later = false;
  std::string seen;
  std::deque<Responder> waiting;
  StaticFiles files{{{"index.html", "page"}, {"index.html.gz", "zipped"}, {"assets/a.js", "script"}}};
};

// Takes the answers apart as a client would.
std::string shape(std::string_view out) {
  std::string found;
  while (!out.empty()) {
    require(out.starts_with("HTTP/1.1 "), "an answer begins with its status line");
    const std::size_t end = out.find("\r\n\r\n");
    require(end != std::string_view::npos, "an answer's head has an end");
    const std::string head(out.substr(0, end + 2));
    const std::string status = head.substr(9, 3);
    found += status + ' ';
    out.remove_prefix(end + 4);
    if (status == "100") continue;
    if (status == "101") break;
    const std::size_t length = head.find("\r\nContent-Length: ");
    const bool bodiless = status == "204" || status == "304";
    require(bodiless == (length == std::string::npos), "Content-Length stands where a body may");
    // An answer to HEAD announces a body that does not come: then the next answer, or nothing, follows.
    const std::size_t size = bodiless ? 0 : std::stoul(head.substr(length + 18));
    if (!out.starts_with("HTTP/1.1 ") && !out.empty()) {
      require(size <= out.size(), "a body is as long as announced");
      out.remove_prefix(size);
    }
  }
  return found;
}

struct Outcome {
  std::string seen;
  std::string answers;
  bool closed = false;
  bool switched = false;
  bool operator==(const Outcome&) const = default;
};

Outcome run(std::string_view bytes, std::size_t piece, bool later) {
  fakes::FakeClock clock;
  Settings settings;
  settings.limits.body_bytes_max = 1024;
  settings.limits.request_line_bytes_max = 256;
  settings.limits.header_bytes_max = 1024;
  settings.limits.headers_max = 16;
  settings.pipeline_max = 4;
  FuzzApplication app;
  app.later = later;
  FuzzSink sink;
  ConnectionContext context(clock, settings, app);
  context.forwarded.trusted.push_back(Cidr::parse("0.0.0.0/0").value());
  Connection connection(context, sink, "192.0.2.7", false);
  const auto answer_one = [&] {
    if (app.waiting.empty()) return false;
    Responder respond = std::move(app.waiting.front());
    app.waiting.pop_front();
    respond(Response::json(200, "{}"));
    return true;
  };
  while (!bytes.empty()) {
    connection.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    if (!sink.reading) answer_one();
    require(connection.deadline() > clock.mono_ms(), "no time-out without time");
  }
  while (answer_one()) {
  }
  if (!connection.switched()) connection.on_eof();
  while (answer_one()) {
  }
  require(sink.closes <= 1, "one close");
  require(sink.closes == 1 || sink.upgraded, "after the end of the input every connection ends");
  require(connection.switched() == sink.upgraded, "a switch is told");
  return {app.seen, shape(sink.out), connection.closed(), connection.switched()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 16'384) return 0;
  const bool later = (data[0] & 1U) != 0;
  const std::size_t piece = 2 + (data[0] >> 1U);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = run(bytes, size, later);
  const Outcome in_pieces = run(bytes, piece, later);
  const Outcome by_bytes = run(bytes, 1, later);
  require(whole.seen == in_pieces.seen && whole.seen == by_bytes.seen, "the same requests in every split");
  require(whole.switched == by_bytes.switched && whole.switched == in_pieces.switched, "the same switch in every split");
  return 0;
}
