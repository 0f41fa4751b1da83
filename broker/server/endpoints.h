#pragma once

// What one worker answers over HTTP: a router, and the paths that upgrade to WebSocket.

#include <functional>
#include <string>
#include <vector>

#include "broker/server/http_mode.h"
#include "broker/server/readiness.h"
#include "http/cors.h"
#include "http/router.h"
#include "http/static_files.h"

namespace parley::server {

class Endpoints final : public http::Application, public UpgradeTarget {
 public:
  using Open = std::function<std::unique_ptr<Mode>(const http::Request& request, Wire& wire)>;

  // `cors`: pages of these origins may call the API and connect WebSockets, besides our own.
  Endpoints(const Readiness& readiness, http::CorsPolicy cors);

  http::Router& router() { return router_; }
  // While the server drains such upgrades are refused with 503.
  void add_websocket(http::UpgradeEndpoint endpoint, Open open);
  // The web client, for what no route answers. It outlives this.
  void serve(const http::StaticFiles& files);
  // GET /healthz and /readyz; /metrics where `render` is given.
  void add_operations(std::function<std::string()> render_metrics);

  // http::Application
  void handle(http::Request request, http::Responder respond) override;
  std::optional<http::Response> refuse_early(const http::Request& request) override { return router_.refuse_early(request); }
  std::optional<http::UpgradeAnswer> upgrade(const http::Request& request) override;
  // UpgradeTarget
  std::unique_ptr<Mode> open_websocket(const http::Request& request, Wire& wire) override;

 private:
  struct WebSocket {
    http::UpgradeEndpoint endpoint;
    Open open;
  };
  const WebSocket* find(const http::Request& request) const;

  const Readiness& readiness_;
  http::CorsPolicy cors_;
  http::Router router_;
  std::vector<WebSocket> websockets_;
};

// For connections over the limit: every request is answered 503 and the connection closed; WebSocket upgrades go through to
// whatever `base` would take, and are closed by `open`.
class FullHouse final : public http::Application, public UpgradeTarget {
 public:
  FullHouse(Endpoints& base, Endpoints::Open open) : base_(base), open_(std::move(open)) {}
  void handle(http::Request request, http::Responder respond) override;
  std::optional<http::UpgradeAnswer> upgrade(const http::Request& request) override { return base_.upgrade(request); }
  std::unique_ptr<Mode> open_websocket(const http::Request& request, Wire& wire) override;

 private:
  Endpoints& base_;
  Endpoints::Open open_;
};

}  // namespace parley::server
