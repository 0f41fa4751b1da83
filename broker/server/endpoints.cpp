#include "broker/server/endpoints.h"

namespace parley::server {

namespace {

http::Response unavailable(const char* why) {
  http::Response response = http::Response::problem(Error{Code::unavailable, why});
  response.headers.emplace_back("Retry-After", "1");
  response.close = true;
  return response;
}

http::Response text(int status, std::string body) {
  http::Response response = http::Response::empty(status);
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

}  // namespace

Endpoints::Endpoints(const Readiness& readiness, http::CorsPolicy cors) : readiness_(readiness), cors_(std::move(cors)) {}

void Endpoints::add_websocket(http::UpgradeEndpoint endpoint, Open open) {
  websockets_.push_back({std::move(endpoint), std::move(open)});
}

void Endpoints::add_operations(std::function<std::string()> render_metrics) {
  router_.add(http::Method::get, "/healthz",
              [](const http::Request&, const http::Params&, http::Responder respond) { respond(text(200, "ok\n")); });
  router_.add(http::Method::get, "/readyz", [this](const http::Request&, const http::Params&, http::Responder respond) {
    respond(http::Response::json(readiness_.ready() ? 200 : 503, readiness_.json()));
  });
  if (!render_metrics) return;
  router_.add(http::Method::get, "/metrics",
              [render = std::move(render_metrics)](const http::Request&, const http::Params&, http::Responder respond) {
                http::Response response = http::Response::empty(200);
                response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
                response.body = render();
                respond(std::move(response));
              });
}

void Endpoints::serve(const http::StaticFiles& files) {
  router_.set_fallback(
      [&files](const http::Request& request, const http::Params&, http::Responder respond) { respond(files.respond(request)); });
}

void Endpoints::handle(http::Request request, http::Responder respond) {
  if (!cors_.origins.empty() && !request.header("origin").empty()) {
    if (std::optional<http::Response> preflight = http::answer_preflight(cors_, request)) return respond(std::move(*preflight));
    respond = [this, origin = std::string(request.header("origin")),
               respond = std::move(respond)](http::Response response) mutable {
      http::permit(cors_, origin, response);
      respond(std::move(response));
    };
  }
  router_.dispatch(std::move(request), std::move(respond));
}

const Endpoints::WebSocket* Endpoints::find(const http::Request& request) const {
  for (const WebSocket& websocket : websockets_) {
    if (websocket.endpoint.path == request.path) return &websocket;
  }
  return nullptr;
}

std::optional<http::UpgradeAnswer> Endpoints::upgrade(const http::Request& request) {
  const WebSocket* websocket = find(request);
  if (websocket == nullptr) return std::nullopt;
  if (readiness_.draining.load()) {
    http::UpgradeAnswer refused;
    refused.refusal = unavailable("the server is stopping");
    return refused;
  }
  return http::answer_upgrade(request, websocket->endpoint, cors_.origins);
}

std::unique_ptr<Mode> Endpoints::open_websocket(const http::Request& request, Wire& wire) {
  const WebSocket* websocket = find(request);
  return websocket == nullptr ? nullptr : websocket->open(request, wire);
}

void FullHouse::handle(http::Request request, http::Responder respond) {
  static_cast<void>(request);
  respond(unavailable("too many connections"));
}

std::unique_ptr<Mode> FullHouse::open_websocket(const http::Request& request, Wire& wire) { return open_(request, wire); }

}  // namespace parley::server
