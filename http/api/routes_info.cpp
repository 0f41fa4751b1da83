// GET /info, GET /openapi.json

#include "broker/protocol/json.h"
#include "http/api/api.h"
#include "http/api/openapi.h"

namespace parley::api {

namespace {

void get_info(Api& api, Call call) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("version", api.settings().version).member("anonymous", api.authenticator().guests());
  writer.member("registration", api.settings().registration).key("limits");
  native::write_limits(writer, api.settings().limits);
  writer.end_object();
  call.respond(http::Response::json(200, std::move(out)));
}

void get_openapi(Api&, Call call) {
  static const auto document = std::make_shared<const std::string>(openapi_document());
  http::Response response;
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("Cache-Control", "no-cache");
  response.shared_body = document;
  call.respond(std::move(response));
}

}  // namespace

void add_info_routes(Api& api, http::Router& router) {
  api.add(router, http::Method::get, "/info", Api::Access::open, get_info);
  api.add(router, http::Method::get, "/openapi.json", Api::Access::open, get_openapi);
}

}  // namespace parley::api
