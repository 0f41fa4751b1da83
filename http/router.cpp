#include "http/router.h"

#include <algorithm>
#include <cassert>
#include <set>

#include "http/text.h"

namespace parley::http {

namespace {

// "/a/b" is "a", "b"; "/" is one empty segment; a slash at the end makes an empty last segment, which no word and no parameter
// matches.
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.empty() || path[0] != '/') return segments;
  path.remove_prefix(1);
  for (;;) {
    const std::size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

bool is_parameter(std::string_view segment) { return segment.size() > 2 && segment.front() == '{' && segment.back() == '}'; }

Response not_allowed(const std::string& allow) {
  Response response = Response::problem(405, "this path exists, but not with this method");
  response.headers.emplace_back("Allow", allow);
  return response;
}

Response options(const std::string& allow) {
  Response response = Response::empty(204);
  response.headers.emplace_back("Allow", allow);
  return response;
}

Response not_found() { return Response::problem(Error{Code::not_found, "nothing is served at this path"}); }

}  // namespace

Handler* Router::Route::handler(Method method) const {
  for (const auto& [own, handler] : handlers) {
    if (own == method) return handler.get();
  }
  return nullptr;
}

bool Router::Route::matches(const std::vector<std::string_view>& path) const {
  return std::equal(
      segments.begin(), segments.end(), path.begin(), path.end(),
      [](const std::string& own, std::string_view sent) { return is_parameter(own) ? !sent.empty() : own == sent; });
}

bool Router::Route::more_specific_than(const Route& other) const {
  for (std::size_t i = 0; i < std::min(segments.size(), other.segments.size()); ++i) {
    const bool parameter = is_parameter(segments[i]);
    if (parameter != is_parameter(other.segments[i])) return !parameter;
  }
  return false;
}

void Router::add(Method method, std::string_view pattern, Handler handler) {
  std::vector<std::string> segments;
  for (const std::string_view segment : split(pattern)) segments.emplace_back(segment);
  assert(!segments.empty());
  auto found = std::find_if(routes_.begin(), routes_.end(), [&](const Route& route) { return route.segments == segments; });
  if (found == routes_.end()) {
    routes_.push_back(Route{std::move(segments), {}});
    found = routes_.end() - 1;
  }
  assert(found->handler(method) == nullptr);
  found->handlers.emplace_back(method, std::make_unique<Handler>(std::move(handler)));
}

void Router::set_fallback(Handler handler) { fallback_ = std::make_unique<Handler>(std::move(handler)); }

Router::Found Router::find(Method method, const std::vector<std::string_view>& path) const {
  Found found;
  std::set<Method> methods;
  for (const Route& route : routes_) {
    if (!route.matches(path)) continue;
    for (const auto& handler : route.handlers) methods.insert(handler.first);
    Handler* handler = route.handler(method);
    if (handler == nullptr && method == Method::head) handler = route.handler(Method::get);
    if (handler == nullptr || (found.route != nullptr && !route.more_specific_than(*found.route))) continue;
    found.route = &route;
    found.handler = handler;
  }
  if (methods.empty()) return found;
  if (methods.contains(Method::get)) methods.insert(Method::head);
  methods.insert(Method::options);
  for (const Method m : methods) append_element(found.allow, to_string(m));
  return found;
}

void Router::dispatch(Request request, Responder respond) {
  if (request.path == "*") return respond(options("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
  // The segments view into a path of their own: the request is moved into the handler.
  const std::string path = request.path;
  const std::vector<std::string_view> segments = split(path);
  const Found found = find(request.method, segments);
  if (found.handler == nullptr) {
    if (!found.allow.empty()) return respond(request.method == Method::options ? options(found.allow) : not_allowed(found.allow));
    if (fallback_) return (*fallback_)(std::move(request), Params{}, std::move(respond));
    return respond(not_found());
  }
  Params params;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string& own = found.route->segments[i];
    if (!is_parameter(own)) continue;
    Result<std::string> value = percent_decode(segments[i]);
    if (!value.ok()) return respond(Response::problem(value.error()));
    params.emplace(own.substr(1, own.size() - 2), std::move(value).value());
  }
  (*found.handler)(std::move(request), std::move(params), std::move(respond));
}

std::optional<Response> Router::refuse_early(const Request& request) const {
  if (request.path == "*") return std::nullopt;
  const Found found = find(request.method, split(request.path));
  if (found.handler != nullptr) return std::nullopt;
  if (!found.allow.empty()) return request.method == Method::options ? std::nullopt : std::optional(not_allowed(found.allow));
  return fallback_ ? std::nullopt : std::optional(not_found());
}

}  // namespace parley::http
